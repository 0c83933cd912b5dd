package sirocco.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import sirocco.api.Axis;
import sirocco.api.DType;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.Loss;
import sirocco.api.Shape;
import sirocco.api.UnaryFunction;
import sirocco.api.Value;
import sirocco.api.Window;
import sirocco.testkit.ReferenceDevice;
import sirocco.testkit.ReferenceExecutable;
import sirocco.testkit.Tolerance;

/** Networks of every kind of step, exported with the batch size free and run at sizes that they were not recorded at, against the reference at that size. */
class FreeBatchTest {
    private static final Tolerance NO_LOWER = new Tolerance(Exported.TOLERANCE, 0);
    private static final List<Integer> SIZES = List.of(1, 2, 4, 7);

    /** Records a network for a batch size; everything that its recording calls an input has random elements. */
    private interface Recording extends BiFunction<GraphBuilder, Integer, List<Value>> { }

    private static Value images(GraphBuilder g, String name, int n) {
        return g.input(name, new Shape(n, 3, 5, 4), DType.F32);
    }

    private static Value tokens(GraphBuilder g, String name, int n) {
        return g.input(name, Shape.tokens(n, 6, 8), DType.F32);
    }

    private static Value linear(GraphBuilder g, String name, Value x, int out) {
        return g.in(name, () -> g.conv2d(x, g.parameter("weight", new Shape(out, 1, 1, x.shape().c())), Optional.of(g.parameter("bias", Shape.vector(out))),
                Optional.empty(), Optional.empty(), Window.same(1)));
    }

    private static Value norm(GraphBuilder g, String name, Value x) {
        return g.in(name, () -> g.layerNorm(x, Optional.of(g.parameter("weight", Shape.vector(x.shape().c()))), Optional.empty(), 1e-5f));
    }

    /** A transformer's block: attention to itself, causal, to other tokens under a mask, and a gated linear layer. */
    private static Value block(GraphBuilder g, Value x, Value context, Value mask) {
        Value h = norm(g, "norm1", x);
        Value y = g.add(x, linear(g, "out1", g.attention(linear(g, "q1", h, 8), linear(g, "k1", h, 8), linear(g, "v1", h, 8), Optional.empty(), true, 2), 8));
        Value h2 = norm(g, "norm2", y);
        Value z = g.add(y, linear(g, "out2", g.attention(linear(g, "q2", h2, 8), linear(g, "k2", context, 8), linear(g, "v2", context, 8), Optional.of(mask),
                false, 4), 8));
        return g.add(z, linear(g, "down", g.gated(linear(g, "up", norm(g, "norm3", z), 32), UnaryFunction.GELU), 8));
    }

    private static Map<String, Recording> recordings() {
        Map<String, Recording> all = new LinkedHashMap<>();
        all.put("guidance: two halves of a batch", (g, n) -> {
            Value twice = g.repeat(images(g, "x", n));
            return List.of(g.guidance(g.affine(g.concat(twice, g.silu(twice), Axis.N), 0.5, 0.25), g.input("scale", Shape.SCALAR, DType.F32)));
        });
        all.put("slices from the end of a batch", (g, n) -> {
            Value x = g.concat(images(g, "x", n), g.input("one", new Shape(1, 3, 5, 4), DType.F32), Axis.N);
            return List.of(g.slice(x, Axis.N, n, 1), g.slice(x, Axis.N, 1, n), g.slice(x, Axis.N, n - 1, 2));
        });
        all.put("numbers of images", (g, n) -> List.of(g.multiply(images(g, "x", n), g.ramp(1, 0.5, Axis.N, new Shape(n, 1, 1, 1))),
                g.concat(images(g, "y", n), g.ramp(2, -1, Axis.N, new Shape(n, 3, 5, 2)))));
        all.put("constants for each image", (g, n) -> List.of(g.concat(images(g, "x", n), g.constant(0.5, new Shape(n, 3, 5, 1))),
                g.add(g.ramp(0, 1, Axis.C, new Shape(n, 1, 1, 4)), g.input("v", Shape.vector(4), DType.F32))));
        all.put("one for all images", (g, n) -> List.of(g.repeat(g.input("x", new Shape(1, 2, 1, 3), DType.F32), new Shape(2 * n, 4, 1, 3)),
                g.sum(images(g, "y", n), EnumSet.of(Axis.N)), g.mean(images(g, "z", n), EnumSet.allOf(Axis.class))));
        all.put("images for rows, and rows for images", (g, n) -> {
            Value x = images(g, "x", n);
            Value rows = g.reshape(x, new Shape(3 * n, 1, 5, 4));
            Value back = g.reshape(g.unary(rows, UnaryFunction.SOFTPLUS), new Shape(n, 5, 1, 12));
            return List.of(rows, back, g.reshape(g.permute(x, List.of(Axis.W, Axis.N, Axis.C, Axis.H)), new Shape(5, 1, 4 * n, 3)),
                    g.reshape(g.permute(x, List.of(Axis.C, Axis.H, Axis.W, Axis.N)), new Shape(4, n, 5, 3)));
        });
        all.put("two axes of the batch's size", (g, n) -> {
            Value a = g.reshape(images(g, "x", n), new Shape(1, 1, n, 60));
            Value scores = g.matMul(a, a, false, true); // [1,1,n,n]
            return List.of(g.reshape(scores, new Shape(n, 1, 1, n)), g.unary(g.multiply(scores, g.ramp(0, 0.1, Axis.W, new Shape(1, 1, n, 1))), UnaryFunction.TANH));
        });
        all.put("rows of tables", (g, n) -> {
            Value table = g.input("table", new Shape(4, 1, 2, 2), DType.F32);
            Value row = g.input("rows", Shape.features(n, 1), DType.I32);
            Value cursor = g.input("cursor", Shape.SCALAR, DType.I32);
            List<Value> y = g.combine(table, row, List.of(images(g, "a", n), images(g, "b", n)));
            Value conv = g.conv2d(y.get(0), g.parameter("w", new Shape(4, 3, 3, 4)), Optional.empty(), Optional.empty(), Optional.empty(), Window.same(3));
            List<Value> z = g.combine(table, cursor, List.of(conv, y.get(1)));
            return List.of(y.get(0), z.get(0), z.get(1), g.lookup(table, row, 3), g.lookup(table, cursor, 1, n),
                    g.embedding(row, g.parameter("embedding", new Shape(4, 1, 1, 6))));
        });
        all.put("images of a dataset", (g, n) -> {
            Value gathered = g.gatherImages(g.input("dataset", new Shape(4, 3, 2, 2), DType.U8), g.input("rows", Shape.features(n, 1), DType.I32));
            return List.of(gathered, g.affine(g.pixels(gathered, g.input("rng", Shape.vector(4), DType.I32), g.input("index", Shape.features(n, 1), DType.I32), false),
                    2, 1));
        });
        all.put("cross-entropy and its gradient", (g, n) -> {
            Value logits = g.input("logits", new Shape(n, 1, 3, 4), DType.F32);
            Value labels = g.input("labels", new Shape(n, 1, 3, 1), DType.I32);
            Value d = g.temporary("d", logits.shape());
            g.record(new Loss.CrossEntropyBackward(logits, labels, d), d);
            return List.of(g.crossEntropy(logits, labels), d);
        });
        all.put("a transformer", (g, n) -> List.of(block(g, tokens(g, "x", n), g.input("context", Shape.tokens(n, 5, 12), DType.F32),
                g.input("mask", Shape.features(n, 5), DType.F32))));
        all.put("patches of images, a transformer, and images", (g, n) -> {
            Value x = g.input("x", new Shape(n, 4, 6, 3), DType.F32);
            Value stem = g.in("stem", () -> g.conv2d(x, g.parameter("weight", new Shape(8, 2, 2, 3)), Optional.of(g.parameter("bias", Shape.vector(8))),
                    Optional.empty(), Optional.empty(), Window.padded(2, 2, 0)));
            Value y = block(g, g.reshape(stem, Shape.tokens(n, 6, 8)), g.input("context", Shape.tokens(n, 5, 12), DType.F32),
                    g.input("mask", Shape.features(n, 5), DType.F32));
            Value image = g.reshape(y, new Shape(n, 2, 3, 8));
            Value up = g.upsample(g.groupNorm(image, g.parameter("gamma", Shape.vector(8)), g.parameter("beta", Shape.vector(8)), 2, 1e-5f, true));
            return List.of(g.averagePool(up, 2), g.rmsNorm(up, Optional.empty(), 1e-5f));
        });
        all.put("an odd number of sinusoids", (g, n) -> List.of(g.timestepEmbedding(g.input("t", Shape.features(n, 1), DType.F32), 7, false, 1)));
        all.put("sizes that are not the batch's alone", (g, n) -> {
            Value x = g.input("x", new Shape(2 * n + 1, 1, 3, 4), DType.F32);
            return List.of(g.repeat(g.reshape(x, new Shape(1, 2 * n + 1, 3, 4)), new Shape(2, 2 * n + 1, 3, 4)), g.concat(x, g.constant(1, new Shape(2 * n + 1, 1, 3, 1))));
        });
        return all;
    }

    @TestFactory
    Stream<DynamicTest> everyBatchSizeAgreesWithTheReference() {
        return recordings().entrySet().stream().flatMap(e -> Stream.of(false, true)
                .map(mapped -> dynamicTest(e.getKey() + (mapped ? ", operators for fused ops" : ", primitives"), () -> compare(e.getValue(), mapped))));
    }

    private static PortedGraph record(Recording recording, int n) {
        GraphBuilder g = new GraphBuilder();
        List<Value> results = recording.apply(g, n);
        results.forEach(g::output);
        return Exported.network(g.build(), results);
    }

    private static void compare(Recording recording, boolean mapped) {
        OnnxModel model = OnnxExport.of(n -> record(recording, n), FreeBatchTest::weights, Exported.options(OptionalInt.empty(), mapped));
        try (Session session = new Session(model)) {
            for (int n : SIZES) {
                PortedGraph network = record(recording, n);
                Graph graph = network.graph();
                try (ReferenceExecutable reference = (ReferenceExecutable) new ReferenceDevice().load(new ReferenceDevice().plan(graph))) {
                    graph.values().stream().filter(Value::persistent).forEach(v -> fill(reference, v));
                    reference.run();
                    Map<Value, double[]> actual = Exported.run(session, network, reference);
                    for (Port p : network.outputs()) {
                        Exported.assertClose("batch " + n + ", " + p.value(), reference.readExact(p.value()), actual.get(p.value()), NO_LOWER);
                    }
                }
            }
        }
    }

    private static float[] weights(Value v) {
        SplittableRandom random = new SplittableRandom(v.name().hashCode());
        float[] all = new float[(int) v.shape().elements()];
        for (int i = 0; i < all.length; i++) {
            all[i] = (float) random.nextGaussian();
        }
        return all;
    }

    private static void fill(ReferenceExecutable e, Value v) {
        SplittableRandom random = new SplittableRandom(v.name().hashCode());
        int count = (int) v.shape().elements();
        switch (v.dtype()) {
            case F32 -> {
                float[] all = weights(v);
                if (v.name().equals("mask")) {
                    for (int i = 0; i < count; i++) {
                        all[i] = i % 5 == 2 ? 0 : 1;
                    }
                }
                e.write(v, all);
            }
            case I32 -> e.write(v, random.ints(count, 0, 4).toArray());
            case U8 -> {
                byte[] all = new byte[count];
                random.nextBytes(all);
                e.write(v, all);
            }
        }
    }

    @Test
    void whatDependsOnTheBatchOtherwiseIsRefusedByName() {
        var attribute = refused((g, n) -> List.of(g.in("layer", () -> g.scale(images(g, "x", n), 1.0 / n))));
        assertTrue(attribute.contains("Affine \"layer\"") && attribute.contains("fixed batch size"), attribute);
        var size = refused((g, n) -> List.of(g.in("layer", () -> g.concat(images(g, "x", n), g.constant(0, new Shape(n, 3, 5, n * n))))));
        assertTrue(size.contains("\"layer\"") || size.contains("not linear"), size);
        var steps = refused((g, n) -> {
            Value x = images(g, "x", n);
            for (int i = 0; i < n; i++) {
                x = g.silu(x);
            }
            return List.of(x);
        });
        assertTrue(steps.contains("steps"), steps);
        var noInput = refused((g, n) -> List.of(g.repeat(g.input("v", Shape.vector(3), DType.F32), new Shape(n, 1, 1, 3))));
        assertTrue(noInput.contains("no input"), noInput);
    }

    private static String refused(Recording recording) {
        return assertThrows(FreeBatchException.class,
                () -> OnnxExport.of(n -> record(recording, n), FreeBatchTest::weights, Exported.options(OptionalInt.empty(), false))).getMessage();
    }

    @Test
    void aBatchThatCannotBeFreeCanBeFixed() {
        Recording recording = (g, n) -> List.of(g.scale(images(g, "x", n), 1.0 / n));
        PortedGraph network = record(recording, 4);
        OnnxModel model = OnnxExport.of(n -> record(recording, n), FreeBatchTest::weights, Exported.options(OptionalInt.of(4), true));
        try (Session session = new Session(model);
                ReferenceExecutable reference = (ReferenceExecutable) new ReferenceDevice().load(new ReferenceDevice().plan(network.graph()))) {
            network.graph().values().stream().filter(Value::persistent).forEach(v -> fill(reference, v));
            reference.run();
            Value y = network.outputs().getFirst().value();
            Exported.assertClose("batch 4", reference.readExact(y), Exported.run(session, network, reference).get(y), NO_LOWER);
        }
    }

    @Test
    void badRequestsAreErrors() {
        Recording recording = (g, n) -> List.of(g.silu(images(g, "x", n)));
        assertThrows(IllegalArgumentException.class, () -> Exported.options(OptionalInt.of(0), false));
        PortedGraph n = record(recording, 1);
        Port y = n.outputs().getFirst();
        var missing = assertThrows(IllegalArgumentException.class, () -> export(new PortedGraph(n.graph(), n.inputs(),
                List.of(Port.numbers(y.value(), "y")))));
        assertTrue(missing.getMessage().contains("axis H"), missing.getMessage());
        var twice = assertThrows(IllegalArgumentException.class, () -> export(new PortedGraph(n.graph(), n.inputs(), List.of(y, y))));
        assertTrue(twice.getMessage().contains(y.name()), twice.getMessage());
        var type = assertThrows(IllegalArgumentException.class, () -> export(new PortedGraph(n.graph(), n.inputs(), List.of(Port.labels(y.value(), "y")))));
        assertTrue(type.getMessage().contains("axis") || type.getMessage().contains("INT64"), type.getMessage());
        assertThrows(IllegalArgumentException.class, () -> new Port(y.value(), "y", List.of(Axis.N, Axis.N), y.type()));
        assertThrows(IllegalArgumentException.class, () -> OnnxModel.checkedSize(1L << 31));
        assertEquals(5, OnnxModel.checkedSize(5));
        List<Port> inputs = new ArrayList<>();
        assertThrows(IllegalStateException.class, () -> export(new PortedGraph(n.graph(), inputs, n.outputs())));
    }

    private static OnnxModel export(PortedGraph network) {
        return OnnxExport.of(_ -> network, FreeBatchTest::weights, Exported.options(OptionalInt.of(1), false));
    }
}
