package sirocco.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import sirocco.api.Axis;
import sirocco.api.DType;
import sirocco.api.Executable;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.Movement;
import sirocco.api.Settings;
import sirocco.api.Shape;
import sirocco.api.Step;
import sirocco.api.UnaryFunction;
import sirocco.api.Value;
import sirocco.api.Window;
import sirocco.testkit.NetworkCases;
import sirocco.testkit.ReferenceDevice;

/** Where values are copied to another layout, and that results are right with and without. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LayoutCopiesTest {
    private CpuDevice device;

    @BeforeAll
    void open() {
        device = (CpuDevice) new CpuBackend().open(new Settings(2, 0, Settings.Precision.F32));
    }

    @AfterAll
    void close() {
        device.close();
    }

    private static long copies(Graph graph) {
        return graph.steps().stream().filter(s -> s.op() instanceof Movement.Reshape r && r.x().shape().equals(r.y().shape())).count();
    }

    private static Value linear(GraphBuilder g, String name, Value x, int channels) {
        return g.in(name, () -> g.conv2d(x, g.parameter("w", new Shape(channels, 1, 1, x.shape().c())), Optional.of(g.parameter("b", Shape.vector(channels))),
                Optional.empty(), Optional.empty(), Window.same(1)));
    }

    private static Value convolution(GraphBuilder g, String name, Value x) {
        return g.in(name, () -> g.conv2d(x, g.parameter("w", new Shape(x.shape().c(), 3, 3, x.shape().c())), Optional.empty(), Optional.empty(),
                Optional.empty(), Window.same(3)));
    }

    @Test
    void networksOfConvolutionsHaveNone() {
        for (Graph graph : List.of(NetworkCases.trainingStep(2, 8, 16, 4).graph(), NetworkCases.samplingStep(2, 8, 20, 4).graph())) {
            assertSame(graph, LayoutCopies.insert(graph));
        }
    }

    @Test
    void blocksOfATransformerHaveNone() {
        GraphBuilder g = new GraphBuilder();
        Value tokens = g.in("tokens", () -> g.embedding(g.input("ids", new Shape(2, 1, 7, 1), DType.I32), g.parameter("table", new Shape(5, 1, 1, 40))));
        Value normal = g.in("norm", () -> g.layerNorm(tokens, Optional.empty(), Optional.empty(), 1e-5f));
        Value attended = g.in("attention", () -> g.attention(linear(g, "q", normal, 40), linear(g, "k", normal, 40), linear(g, "v", normal, 40), 2));
        Value sum = g.in("sum", () -> g.add(tokens, linear(g, "out", attended, 40)));
        Value wide = g.in("up", () -> g.unary(linear(g, "linear", sum, 80), UnaryFunction.GELU));
        g.output(g.in("end", () -> g.add(sum, linear(g, "down", wide, 40))));
        Graph planned = device.plan(g.build()).graph();
        assertEquals(0, copies(planned), planned.steps()::toString);
        assertAgreesWithTheReference(g.build(), 1e-5);
    }

    /** A convolution's result is copied once for the two steps that need it dense, and what they make of it once for the next convolution. */
    @Test
    void eachBoundaryIsCrossedOnce() {
        GraphBuilder g = new GraphBuilder();
        Value x = convolution(g, "first", g.input("x", new Shape(2, 5, 6, 20), DType.F32));
        Value a = g.in("a", () -> g.affine(x, 2, 1));
        Value b = g.in("b", () -> g.affine(x, -1, 0.5));
        Value product = g.in("product", () -> g.multiply(a, b));
        g.output(convolution(g, "second", product));
        Graph planned = device.plan(g.build()).graph();
        assertEquals(2, copies(planned), planned.steps()::toString);
        assertAgreesWithTheReference(g.build(), 1e-5);
    }

    @Test
    void whatIsInsertedChangesNoOtherLayout() {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", new Shape(2, 4, 4, 20), DType.F32);
        Value y = convolution(g, "conv", x);
        Value dense = g.in("dense", () -> g.affine(x, 1, 1));
        Value mixed = g.in("mixed", () -> g.add(dense, y));
        Value wide = g.in("wide", () -> g.concat(mixed, x, Axis.C));
        g.output(convolution(g, "last", wide));
        Graph once = LayoutCopies.insert(g.build());
        assertSame(once, LayoutCopies.insert(once));
        assertAgreesWithTheReference(g.build(), 1e-5);
    }

    @Test
    void aWeightMayBeAnActivationToo() {
        GraphBuilder g = new GraphBuilder();
        Value w = g.parameter("w", new Shape(32, 1, 1, 32));
        Value x = g.in("activation", () -> g.silu(w));
        g.output(g.in("weight", () -> g.conv2d(x, w, Optional.empty(), Optional.empty(), Optional.empty(), Window.same(1))));
        Value kernel = g.parameter("kernel", new Shape(32, 3, 3, 32));
        Value itself = g.in("itself", () -> g.conv2d(kernel, kernel, Optional.empty(), Optional.empty(), Optional.empty(), Window.same(3)));
        g.output(itself);
        g.output(g.in("computed", () -> g.conv2d(itself, g.scale(kernel, 0.5), Optional.empty(), Optional.empty(), Optional.empty(), Window.same(3))));
        assertAgreesWithTheReference(g.build(), 1e-5);
    }

    /** A copy of a state is made again after the state has changed. */
    @Test
    void aStateIsCopiedAgainAfterAnUpdate() {
        GraphBuilder g = new GraphBuilder();
        Value state = g.state("state", new Shape(1, 4, 4, 20), DType.F32);
        Value before = g.in("before", () -> g.affine(state, 1, 1));
        Value convolved = convolution(g, "conv", state);
        g.in("update", () -> {
            g.accumulate(before, state);
            g.assign(g.add(state, convolved), state);
            return null;
        });
        g.output(g.in("after", () -> g.affine(state, 1, 1)));
        g.output(convolution(g, "again", state));
        assertAgreesWithTheReference(g.build(), 1e-5);
    }

    /** Scale and shift by channels, and pooling, between convolutions. */
    @Test
    void whatIsModulatedByChannelsStaysInBlocks() {
        for (int images : new int[] {1, 2}) {
            GraphBuilder g = new GraphBuilder();
            Value x = convolution(g, "first", g.input("x", new Shape(2, 6, 4, 20), DType.F32));
            Value embedding = g.in("embedding", () -> g.silu(g.input("embedding", Shape.features(images, 20), DType.F32)));
            Value scaled = g.in("scaled", () -> g.multiply(x, embedding));
            Value shifted = g.in("shifted", () -> g.subtract(embedding, scaled));
            Value pooled = g.in("pooled", () -> g.averagePool(shifted, 2));
            Value raised = g.in("raised", () -> g.upsample(pooled));
            g.output(convolution(g, "second", raised));
            Graph planned = device.plan(g.build()).graph();
            assertEquals(0, copies(planned), planned.steps()::toString);
            assertAgreesWithTheReference(g.build(), 1e-5);
        }
    }

    /** A gradient's state is dense, but in the order of blocks: 16 channels. */
    @Test
    void denseStatesAddUpActivationsInBlocks() {
        GraphBuilder g = new GraphBuilder();
        Value state = g.state("state", new Shape(2, 3, 2, 16), DType.F32);
        Value x = convolution(g, "conv", g.input("x", new Shape(2, 3, 2, 16), DType.F32));
        g.in("sum", () -> {
            g.accumulate(x, state);
            return null;
        });
        g.output(g.in("after", () -> g.affine(state, 1, 1)));
        assertAgreesWithTheReference(g.build(), 1e-5);
    }

    private void assertAgreesWithTheReference(Graph graph, double tolerance) {
        try (ReferenceDevice reference = new ReferenceDevice(); Executable expected = reference.load(reference.plan(graph));
                Executable actual = device.load(device.plan(graph))) {
            for (Value v : graph.values()) {
                if (v.persistent()) {
                    fill(v, expected);
                    fill(v, actual);
                }
            }
            expected.run();
            actual.run();
            for (Value v : graph.outputs()) {
                float[] right = new float[(int) v.shape().elements()];
                float[] found = new float[right.length];
                expected.read(v, right);
                actual.read(v, found);
                float size = 0;
                for (float e : right) {
                    size = Math.max(size, Math.abs(e));
                }
                assertArrayEquals(right, found, (float) (tolerance * size), v.toString());
            }
        }
    }

    private static void fill(Value v, Executable e) {
        Random random = new Random(v.id());
        int n = (int) v.shape().elements();
        if (v.dtype() == DType.I32) {
            e.write(v, random.ints(n, 0, 5).toArray());
            return;
        }
        float[] data = new float[n];
        for (int i = 0; i < n; i++) {
            data[i] = (float) (random.nextGaussian() / Math.sqrt(v.shape().c()));
        }
        e.write(v, data);
    }
}
