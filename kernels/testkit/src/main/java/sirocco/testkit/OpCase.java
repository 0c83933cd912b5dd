package sirocco.testkit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import sirocco.api.Attention;
import sirocco.api.DType;
import sirocco.api.Executable;
import sirocco.api.Graph;
import sirocco.api.Normalization;
import sirocco.api.Op;
import sirocco.api.Settings.Precision;
import sirocco.api.Step;
import sirocco.api.Value;
import sirocco.testkit.Tolerance.Deviation;

/**
 * A small graph with seeded data and the results that matter. One case serves the comparison with the reference, the gradient check
 * (where it has a loss) and the benchmark.
 *
 * @param name says op, shapes and options; the data's seed comes from it
 * @param results what is compared, and how closely
 * @param loss and {@code gradients}: of a graph with a reverse pass, each parameter with its gradient; empty otherwise
 */
public record OpCase(String name, Graph graph, Map<Value, Data> data, List<Result> results, Optional<Value> loss, Map<Value, Value> gradients) {
    /** Writes a persistent value. */
    @FunctionalInterface
    public interface Data {
        void write(Executable e, Value v, RandomGenerator random);
    }

    /**
     * Values that are compared alike. The group's largest lends its size to the others: the gradient of a bias that a softmax or a norm
     * cancels is zero but for rounding, and rounding is relative to the rest.
     */
    public record Result(List<Value> values, Tolerance tolerance) { }

    /** Share of the largest rms in a {@link Result} that the others' sizes count as at least. */
    static final double GROUP_SHARE = 0.1;

    /** Builds a case. */
    public static OpCase of(String name, Consumer<CaseBuilder> body) {
        CaseBuilder c = new CaseBuilder();
        body.accept(c);
        return c.build(name);
    }

    /** Sets every persistent value: inputs, parameters, and states to what they are at the start. */
    public void fill(Executable e) {
        data.forEach((v, d) -> d.write(e, v, new SplittableRandom(name.hashCode() * 1_000_003L + v.id())));
    }

    /** The same, but every F32 value is all {@code x}. */
    public void fillWith(Executable e, float x) {
        fill(e);
        for (Value v : data.keySet()) {
            if (v.dtype() == DType.F32) {
                float[] all = new float[(int) v.shape().elements()];
                Arrays.fill(all, x);
                e.write(v, all);
            }
        }
    }

    /** Every value that is compared. */
    public List<Value> compared() {
        return results.stream().flatMap(r -> r.values().stream()).toList();
    }

    /** Compares what {@code e} holds after a run with what the reference does. Returns one line for each value that is off. */
    public List<String> violations(Executable e, ReferenceExecutable reference) {
        return deviations(e, reference, Precision.F32).stream().flatMap(d -> d.violation().stream()).toList();
    }

    /**
     * Compares every result.
     *
     * @param precision that {@code e} computed in; below float32's, what is left with no digit to compare is not compared, nor is what counts
     */
    public List<Deviation> deviations(Executable e, ReferenceExecutable reference, Precision precision) {
        List<Deviation> deviations = new ArrayList<>();
        for (Result r : results) {
            double largest = r.values().stream().mapToDouble(v -> Tolerance.rms(reference.readExact(v))).max().orElse(0);
            Tolerance full = r.values().size() > 1 ? r.tolerance().atLeast(GROUP_SHARE * largest) : r.tolerance();
            Tolerance tolerance = full.in(precision, graph.steps().size(), amplifies());
            for (Value v : r.values()) {
                if (precision == Precision.F32 || v.dtype() == DType.F32 && tolerance.relative() < 1) {
                    deviations.add(tolerance.deviation(v, read(e, v), reference.readExact(v)));
                }
            }
        }
        return deviations;
    }

    /** A single norm or attention, whose tolerance says what it makes of a rounding of its operands. */
    private boolean amplifies() {
        return loss.isEmpty() && graph.steps().stream().map(Step::op).anyMatch(op -> op instanceof Normalization.GroupNorm
                || op instanceof Normalization.GroupNormBackward || op instanceof Attention.Forward || op instanceof Attention.Backward);
    }

    /** A value's elements as floats, whatever its type: I32 values of the cases are below 2^24. */
    public static float[] read(Executable e, Value v) {
        float[] floats = new float[(int) v.shape().elements()];
        if (v.dtype() == DType.F32) {
            e.read(v, floats);
        } else {
            int[] ints = new int[floats.length];
            e.read(v, ints);
            for (int i = 0; i < ints.length; i++) {
                floats[i] = ints[i];
            }
        }
        return floats;
    }

    /** The same graph with every temporary kept to the end of the run, so that none shares memory with another and all can be read. */
    public Graph keepingEverything() {
        List<Value> all = graph.steps().stream().flatMap(s -> s.op().outputs().stream()).distinct().toList();
        return new Graph(graph.values(), graph.steps(), all, graph.phases());
    }

    public long flops() {
        return graph.flops();
    }

    /** Bytes that a run reads and writes if each op touches each of its operands once (those that it updates twice). */
    public long bytes() {
        long sum = 0;
        for (Step s : graph.steps()) {
            Op op = s.op();
            sum += size(op.inputs()) + size(op.outputs()) + 2 * size(op.updates());
        }
        return sum;
    }

    private static long size(List<Value> values) {
        return values.stream().mapToLong(v -> v.shape().elements() * v.dtype().bytes()).sum();
    }

    @Override
    public String toString() {
        return name;
    }
}
