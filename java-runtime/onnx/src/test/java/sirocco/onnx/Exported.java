package sirocco.onnx;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import sirocco.api.DType;
import sirocco.api.Graph;
import sirocco.api.Value;
import sirocco.testkit.ReferenceExecutable;
import sirocco.testkit.Tolerance;

/** Exports graphs of the tests and compares what ONNX Runtime makes of them with the reference. */
final class Exported {
    /** The bound of the comparison, relative to the rms of a result. */
    static final double TOLERANCE = 1e-5;

    private Exported() { }

    static OnnxExport.Options options(OptionalInt batch, boolean mapped) {
        return new OnnxExport.Options(batch, mapped, "test", "graph", "A graph of a test.", Map.of());
    }

    /** A graph with all that it reads, except parameters, for inputs, and with {@code results} for outputs; every tensor in the logical order. */
    static PortedGraph network(Graph graph, List<Value> results) {
        Set<Value> read = new HashSet<>(results);
        graph.steps().forEach(s -> read.addAll(s.op().inputs()));
        List<Port> inputs = graph.values().stream().filter(v -> v.persistent() && v.role() != Value.Role.PARAMETER && read.contains(v))
                .map(v -> Port.logical(v, name(v))).toList();
        List<Port> outputs = new ArrayList<>();
        results.stream().distinct().forEach(v -> outputs.add(Port.logical(v, "out." + outputs.size())));
        return new PortedGraph(graph, inputs, outputs);
    }

    private static String name(Value v) {
        return "in." + v.name();
    }

    /** The elements of what is persistent, in the logical order; an array of the value's type. */
    static Object elements(ReferenceExecutable reference, Value v) {
        int count = (int) v.shape().elements();
        if (v.dtype() == DType.F32) {
            float[] all = new float[count];
            reference.read(v, all);
            return all;
        }
        double[] exact = reference.readExact(v);
        if (v.dtype() == DType.I32) {
            int[] all = new int[count];
            for (int i = 0; i < count; i++) {
                all[i] = (int) exact[i];
            }
            return all;
        }
        byte[] all = new byte[count];
        for (int i = 0; i < count; i++) {
            all[i] = (byte) (int) exact[i];
        }
        return all;
    }

    static long[] shape(Value v) {
        return new long[] {v.shape().n(), v.shape().h(), v.shape().w(), v.shape().c()};
    }

    /** Runs the exported network on what the reference holds. Returns the outputs by the value behind each. */
    static Map<Value, double[]> run(Session session, PortedGraph network, ReferenceExecutable reference) {
        for (Port p : network.inputs()) {
            session.with(p.name(), elements(reference, p.value()), shape(p.value()));
        }
        Map<String, Object> outputs = session.run();
        Map<Value, double[]> results = new HashMap<>();
        for (Port p : network.outputs()) {
            results.put(p.value(), doubles(outputs.get(p.name())));
        }
        return results;
    }

    static double[] doubles(Object array) {
        return switch (array) {
            case float[] a -> {
                double[] all = new double[a.length];
                for (int i = 0; i < a.length; i++) {
                    all[i] = a[i];
                }
                yield all;
            }
            case int[] a -> java.util.Arrays.stream(a).asDoubleStream().toArray();
            case byte[] a -> {
                double[] all = new double[a.length];
                for (int i = 0; i < a.length; i++) {
                    all[i] = Byte.toUnsignedInt(a[i]);
                }
                yield all;
            }
            default -> throw new IllegalArgumentException(array.getClass().toString());
        };
    }

    /**
     * Checks that the rms of the error is at most {@value #TOLERANCE} of the rms of what is expected.
     *
     * @param tolerance of the case: the size that the numbers have before they cancel, and a larger error where the op amplifies a rounding of its operands
     */
    static void assertClose(String what, double[] expected, double[] actual, Tolerance tolerance) {
        assertTrue(expected.length == actual.length, what + ": " + actual.length + " elements, expected " + expected.length);
        double error = 0;
        double size = 0;
        for (int i = 0; i < expected.length; i++) {
            error += (expected[i] - actual[i]) * (expected[i] - actual[i]);
            size += expected[i] * expected[i];
        }
        double relative = Math.sqrt(error / expected.length) / Math.max(Math.sqrt(size / expected.length), tolerance.scale());
        boolean equal = error == 0;
        assertTrue(equal || relative <= Math.max(TOLERANCE, tolerance.relative()), what + ": relative error " + relative);
    }
}
