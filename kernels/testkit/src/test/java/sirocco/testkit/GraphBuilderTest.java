package sirocco.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import sirocco.api.DType;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.api.Window;

/** Every mistake in a graph is an error when it is recorded, naming the layer, what was expected and what was given. */
class GraphBuilderTest {
    private final GraphBuilder g = new GraphBuilder();
    private final Value x = g.input("x", new Shape(32, 16, 16, 64), DType.F32);
    private final Value rng = g.input("rng", Shape.vector(4), DType.I32);
    private final Value index = g.input("index", Shape.features(32, 1), DType.I32);
    private final Value images = g.input("images", new Shape(32, 16, 16, 3), DType.U8);

    private void refused(Runnable layer, String... mentioned) {
        String message = assertThrows(IllegalArgumentException.class, () -> g.in("down.1", () -> g.in("conv1", () -> {
            layer.run();
            return null;
        }))).getMessage();
        assertTrue(message.contains("\"down.1.conv1\""), message);
        for (String m : mentioned) {
            assertTrue(message.contains(m), () -> "\"" + message + "\" should mention " + m);
        }
    }

    private Value floats(String name, Shape shape) {
        return g.input(name, shape, DType.F32);
    }

    private void conv(Value in, Value w, Value bias, Value perChannel, Value residual, Window window) {
        g.conv2d(in, w, Optional.ofNullable(bias), Optional.ofNullable(perChannel), Optional.ofNullable(residual), window);
    }

    @Test
    void convolution() {
        Value w = floats("w", new Shape(8, 3, 3, 128));
        refused(() -> conv(x, w, null, null, null, Window.same(3)), "conv2d", "input has 64 channels", "weight expects 128", "[32,16,16,64]", "[8,3,3,128]");
        Value w64 = floats("w64", new Shape(8, 3, 3, 64));
        refused(() -> conv(x, w64, null, null, null, Window.same(1)), "[8,3,3,64]", "1×1");
        refused(() -> conv(x, w64, x, null, null, Window.same(3)), "bias", "[32,16,16,64]", "[1,1,1,8]");
        refused(() -> conv(x, w64, null, x, null, Window.same(3)), "perChannel", "[32,1,1,8]");
        refused(() -> conv(x, w64, null, null, x, Window.same(3)), "residual", "[32,16,16,8]");
        Value dot = floats("dot", new Shape(1, 1, 2, 64));
        refused(() -> conv(dot, w64, null, null, null, Window.padded(3, 1, 0)), "leaves no output", "[1,1,2,64]");
    }

    @Test
    void normsAndAttention() {
        Value ok = floats("ok", Shape.vector(64));
        Value bad = floats("bad", Shape.vector(32));
        refused(() -> g.groupNorm(x, ok, ok, 7, 1e-5f, true), "groupNorm", "64 channels", "7 groups");
        refused(() -> g.groupNorm(x, ok, ok, 0, 1e-5f, true), "0 groups");
        refused(() -> g.groupNorm(x, bad, ok, 8, 1e-5f, true), "gamma", "[1,1,1,32]", "[1,1,1,64]");
        refused(() -> g.groupNorm(x, ok, bad, 8, 1e-5f, true), "beta");
        refused(() -> g.attention(x, x, x, 5), "attention", "64 channels", "5 heads");
        refused(() -> g.attention(x, ok, x, 4), "k=[1,1,1,64]", "q=[32,16,16,64]");
        refused(() -> g.attention(x, x, ok, 4), "v has shape");
        Value vast = floats("vast", new Shape(1, 1 << 14, 1 << 14, 64));
        refused(() -> g.attention(vast, vast, vast, 8), "8 heads", "16384×16384", "2147483648");
    }

    @Test
    void movesAndConditioning() {
        Value other = floats("other", new Shape(32, 8, 8, 64));
        refused(() -> g.add(x, other), "add", "[32,8,8,64]", "[32,16,16,64]");
        refused(() -> g.concat(x, other), "concat", "[32,8,8,64]", "[32,16,16,64]");
        refused(() -> g.slice(x, 60, 5), "slice", "60", "64", "[32,16,16,64]");
        refused(() -> g.slice(x, -1, 5), "-1");
        refused(() -> g.dropout(x, rng, index, 1), "dropout", "[0,1)", "1.0");
        refused(() -> g.dropout(x, index, index, 0.1f), "rng must be I32 [1,1,1,4]");
        refused(() -> g.dropout(x, rng, rng, 0.1f), "index must be I32 [32,1,1,1]");
        refused(() -> g.timestepEmbedding(x, 32, true, 0), "timestepEmbedding", "t has shape");
        refused(() -> g.timestepEmbedding(floats("t", Shape.features(2, 1)), 2, true, 1), "dim 2");
        refused(() -> g.embedding(x, x), "ids must be I32");
        refused(() -> g.dropLabels(index, rng, index, 1.5f, 10), "[0,1]", "1.5");
    }

    @Test
    void diffusion() {
        Value schedule = floats("schedule", new Shape(10, 1, 1, 8));
        refused(() -> g.noising(x, schedule, rng, index, true), "noising", "images must be U8");
        refused(() -> g.noising(images, x, rng, index, true), "schedule", "[32,1,1,8]");
        refused(() -> g.mseLoss(x, schedule, Optional.empty()), "mseLoss", "[10,1,1,8]");
        refused(() -> g.mseLoss(x, x, Optional.of(schedule)), "weight", "[32,1,1,1]");
        refused(() -> g.guidance(floats("odd", new Shape(3, 1, 1, 1)), schedule), "even", "[3,1,1,1]");
        refused(() -> g.guidance(x, schedule), "scale", "[1,1,1,1]");
        Value state = g.state("chain", x.shape(), DType.F32);
        Value cursor = g.state("cursor", Shape.vector(1), DType.I32);
        Value table = floats("table", new Shape(10, 1, 1, 12));
        refused(() -> g.samplingStep(x, schedule, rng, index, state, Optional.empty(), Optional.empty(), cursor), "table", "[10,1,1,12]");
        refused(() -> g.samplingStep(table, table, rng, index, state, Optional.empty(), Optional.empty(), cursor), "out", "[32,16,16,64]");
        refused(() -> g.samplingStep(x, table, rng, index, state, Optional.of(state), Optional.empty(), cursor), "h1", "h2");
        Value temporary = g.in("silu", () -> g.silu(x));
        refused(() -> g.samplingStep(x, table, rng, index, temporary, Optional.empty(), Optional.empty(), cursor), "updated in place", "silu");
    }

    @Test
    void valuesOfOtherGraphsAndNames() {
        Value stranger = new GraphBuilder().input("stranger", x.shape(), DType.F32);
        refused(() -> g.silu(stranger), "stranger", "another graph");
        refused(() -> g.output(stranger), "stranger");
        refused(() -> g.input("x", Shape.vector(1), DType.F32), "two persistent values", "\"x\"");
        Value shared = g.in("layer", () -> g.parameter("weight", Shape.vector(5)));
        assertSame(shared, g.in("layer", () -> g.parameter("weight", Shape.vector(5))), "layers may share weights");
        assertThrows(IllegalArgumentException.class, () -> g.in("layer", () -> g.parameter("weight", Shape.vector(6))));
    }

    @Test
    void recordsNamesStepsAndOutputs() {
        Value y = g.in("mid", () -> g.in("act", () -> g.silu(x)));
        Value again = g.in("last", () -> g.silu(y));
        g.output(again);
        Graph graph = g.build();
        assertEquals(List.of("Silu \"mid.act\"", "Silu \"last\""), graph.steps().stream().map(Object::toString).toList());
        assertSame(again, graph.find("last"));
        assertThrows(NoSuchElementException.class, () -> graph.find("mid.act"));
        assertSame(y, g.in("drop", () -> g.dropout(y, rng, index, 0)), "dropout of nothing records nothing");
        assertEquals(2, g.build().steps().size());
    }

    @Test
    void shapesAndWindowsThatCannotBe() {
        assertTrue(assertThrows(IllegalArgumentException.class, () -> new Shape(1, 0, 3, 3)).getMessage().contains("[1,0,3,3]"));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> new Window(3, 3, 0, 1, 1, 1, 1)).getMessage().contains("stride 0"));
        assertEquals(3, Window.down().outH(7));
        assertEquals(4, Window.down().outH(8));
        assertEquals(5, Window.same(5).outW(5));
    }

    @Test
    void flopsAreThoseOfTheTextbook() {
        Value w = g.parameter("w", new Shape(8, 3, 3, 64));
        conv(x, w, null, null, null, Window.same(3));
        assertEquals(2L * 32 * 16 * 16 * 8 * 9 * 64, g.build().flops());
        g.attention(x, x, x, 4);
        assertEquals(2L * 32 * 256 * 8 * 9 * 64 + 4L * 32 * 256 * 256 * 64, g.build().flops());
    }
}
