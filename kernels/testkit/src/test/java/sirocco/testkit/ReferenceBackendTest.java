package sirocco.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import sirocco.api.Backends;
import sirocco.api.DType;
import sirocco.api.Executable;
import sirocco.api.GraphBuilder;
import sirocco.api.Settings;
import sirocco.api.Shape;
import sirocco.api.StepTrace;
import sirocco.api.Value;
import sirocco.api.Window;

class ReferenceBackendTest {
    private final GraphBuilder g = new GraphBuilder();

    private Executable load() {
        return load(g);
    }

    private static Executable load(GraphBuilder g) {
        var device = Backends.choose("reference").open(Settings.DEFAULT);
        return device.load(device.plan(g.build()));
    }

    /** Worked out by hand: 3×3 pixels 1 … 9, an asymmetric kernel, stride 2, padding below and right. */
    @Test
    void convolutionIsACorrelation() {
        Value x = g.input("x", new Shape(1, 3, 3, 1), DType.F32);
        Value w = g.parameter("w", new Shape(1, 2, 2, 1));
        Value b = g.parameter("b", Shape.vector(1));
        Value y = g.output(g.conv2d(x, w, Optional.of(b), Optional.empty(), Optional.empty(), new Window(2, 2, 2, 0, 0, 1, 1)));
        try (Executable e = load()) {
            e.write(x, new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9});
            e.write(w, new float[] {1, 10, 100, 1000});
            e.write(b, new float[] {0.5f});
            e.run();
            float[] out = new float[4];
            e.read(y, out);
            assertArrayEquals(new float[] {5421.5f, 603.5f, 87.5f, 9.5f}, out);
        }
    }

    /** Two tokens of one head of size 1: softmax of (0, ln 3) is (1/4, 3/4). */
    @Test
    void attentionWeighsValuesBySoftmax() {
        Value q = g.input("q", new Shape(1, 1, 2, 1), DType.F32);
        Value k = g.input("k", new Shape(1, 1, 2, 1), DType.F32);
        Value v = g.input("v", new Shape(1, 1, 2, 1), DType.F32);
        Value y = g.output(g.attention(q, k, v, 1));
        try (Executable e = load()) {
            e.write(q, new float[] {1, 0});
            e.write(k, new float[] {0, (float) Math.log(3)});
            e.write(v, new float[] {4, 8});
            e.run();
            float[] out = new float[2];
            e.read(y, out);
            assertArrayEquals(new float[] {7, 6}, out, 1e-6f);
        }
    }

    /** Equal scores: a query's result is the mean of the values of the keys that it may attend to. */
    @Test
    void aQueryAttendsToOpenKeysThatAreNotAhead() {
        Shape tokens = new Shape(1, 1, 3, 1);
        Value q = g.input("q", tokens, DType.F32);
        Value v = g.input("v", tokens, DType.F32);
        Value mask = g.input("mask", Shape.features(1, 3), DType.F32);
        Value y = g.output(g.in("causal", () -> g.attention(q, q, v, Optional.of(mask), true, 1)));
        Value z = g.output(g.in("both", () -> g.attention(q, q, v, Optional.of(mask), false, 1)));
        try (Executable e = load()) {
            e.write(v, new float[] {1, 2, 6});
            e.write(mask, new float[] {0, 1, 1});
            e.run();
            float[] out = new float[3];
            e.read(y, out);
            assertArrayEquals(new float[] {3, 2, 4}, out, 1e-6f); // the first query has no key, and attends to all alike
            e.read(z, out);
            assertArrayEquals(new float[] {4, 4, 4}, out, 1e-6f);
        }
    }

    @Test
    void traceNamesStepsAndCountsWhatIsNotFinite() {
        Value x = g.input("x", Shape.features(1, 3), DType.F32);
        g.output(g.in("act", () -> g.silu(x)));
        try (Executable e = load()) {
            e.write(x, new float[] {0, Float.NaN, 2});
            List<StepTrace> seen = new ArrayList<>();
            e.trace(seen::add);
            assertEquals(1, seen.size());
            assertEquals("Silu \"act\"", seen.getFirst().step().toString());
            assertEquals(1, seen.getFirst().written().getFirst().nonFinite());
            assertEquals(0, seen.getFirst().written().getFirst().min());
        }
    }

    @Test
    void anIdThatIsNoRowIsAnErrorNamingTheStep() {
        Value ids = g.input("ids", Shape.features(2, 1), DType.I32);
        Value table = g.parameter("table", new Shape(3, 1, 1, 2));
        g.output(g.in("class_embedding", () -> g.embedding(ids, table)));
        try (Executable e = load()) {
            e.write(ids, new int[] {0, 3});
            String message = assertThrows(IllegalArgumentException.class, e::run).getMessage();
            assertTrue(message.contains("class_embedding") && message.contains("id 3") && message.contains("0 to 2"), message);
        }
    }

    @Test
    void autoNeverPicksIt() {
        assertTrue(Backends.all().stream().anyMatch(f -> f.backend() instanceof ReferenceBackend));
        assertThrows(IllegalArgumentException.class, () -> Backends.choose("auto"));
    }
}
