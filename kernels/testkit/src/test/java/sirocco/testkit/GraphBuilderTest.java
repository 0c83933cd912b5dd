package sirocco.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import sirocco.api.Axis;
import sirocco.api.BinaryFunction;
import sirocco.api.DType;
import sirocco.api.Diffusion;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.Philox;
import sirocco.api.Random;
import sirocco.api.Shape;
import sirocco.api.UnaryFunction;
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
    void shapesThatDoNotBroadcast() {
        Value other = floats("other", new Shape(32, 16, 8, 1));
        for (BinaryFunction f : BinaryFunction.values()) {
            refused(() -> g.binary(x, other, f), f.name().toLowerCase(Locale.ROOT), "do not broadcast", "[32,16,16,64]", "[32,16,8,1]", "along W", "or 1");
        }
    }

    @Test
    void masksOfAnotherLength() {
        Value q = floats("q", Shape.tokens(2, 5, 8));
        Value k = floats("k", Shape.tokens(2, 7, 8));
        Value mask = floats("mask", Shape.features(2, 5));
        refused(() -> g.attention(q, k, k, Optional.of(mask), false, 2), "attention", "keyMask", "[2,1,1,5]", "[2,1,1,7]", "7 keys");
        Value one = floats("one", Shape.features(1, 7));
        refused(() -> g.attention(q, k, k, Optional.of(one), true, 2), "[1,1,1,7]", "[2,1,1,7]");
        Value narrow = floats("narrow", Shape.tokens(2, 7, 4));
        refused(() -> g.attention(q, narrow, narrow, 2), "k must have q's images and channels", "[2,1,5,8]", "[2,1,7,4]");
        refused(() -> g.attention(q, k, q, 2), "v has shape [2,1,5,8]", "[2,1,7,8]");
    }

    @Test
    void products() {
        Value a = floats("a", new Shape(2, 3, 5, 7));
        Value b = floats("b", new Shape(2, 3, 5, 7));
        refused(() -> g.matMul(a, b, false, false), "matMul", "depth 7", "depth 5", "a=[2,3,5,7]", "b=[2,3,5,7]");
        refused(() -> g.matMul(a, b, true, true), "depth 5", "depth 7", "a=[2,3,5,7]ᵀ");
        Value batches = floats("batches", new Shape(4, 3, 7, 2));
        refused(() -> g.matMul(a, batches, false, false), "batches do not broadcast", "along N");
        Value heads = floats("heads", new Shape(2, 2, 7, 2));
        refused(() -> g.matMul(a, heads, false, false), "along H");
    }

    @Test
    void movements() {
        refused(() -> g.reshape(x, new Shape(32, 16, 16, 63)), "reshape", "[32,16,16,64]", "[32,16,16,63]", "524288 elements");
        refused(() -> g.permute(x, List.of(Axis.N, Axis.H, Axis.W, Axis.W)), "permute", "each of the four axes once", "[N, H, W, W]");
        refused(() -> g.permute(x, List.of(Axis.N, Axis.H)), "[N, H]");
        refused(() -> g.slice(x, Axis.H, 16, 1), "slice", "elements 16 to 16", "along H");
        refused(() -> g.slice(x, Axis.N, 0, 0), "0 to -1", "along N");
        refused(() -> g.slice(x, Axis.W, 2, Integer.MAX_VALUE), "along W");
        refused(() -> g.concat(x, floats("narrow", new Shape(32, 16, 15, 64)), Axis.H), "concat", "[32,16,15,64]", "[32,16,16,64]");
        refused(() -> g.repeat(x, new Shape(48, 16, 16, 64)), "repeat", "not a multiple", "along N");
        refused(() -> g.averagePool(x, 3), "averagePool", "3×3", "[32,16,16,64]");
        refused(() -> g.averagePool(x, 0), "0×0");
        refused(() -> g.gated(floats("odd", Shape.vector(3)), UnaryFunction.GELU), "gated", "even number of channels", "[1,1,1,3]");
        refused(() -> g.sum(x, EnumSet.noneOf(Axis.class)), "reduce", "no axes");
        Value state = g.state("state", Shape.vector(3), DType.F32);
        refused(() -> g.accumulate(x, state), "accumulate", "[32,16,16,64]", "[1,1,1,3]");
        refused(() -> g.assign(x, state), "assign", "[1,1,1,3]");
        refused(() -> g.assign(floats("other", Shape.vector(3)), g.state("ints", Shape.vector(3), DType.I32)), "one type", "I32");
        refused(() -> g.layerNorm(x, Optional.of(state), Optional.empty(), 1e-5f), "layerNorm", "gamma", "[1,1,1,64]");
        refused(() -> g.rmsNorm(x, Optional.of(state), 1e-5f), "rmsNorm", "gamma");
    }

    @Test
    void tablesAndRows() {
        Value table = floats("coefficients", new Shape(5, 1, 2, 3));
        Value row = g.input("row", Shape.features(32, 1), DType.I32);
        refused(() -> g.combine(table, row, List.of(x, x)), "combine", "table has shape [5,1,2,3]", "[5,1,2,2]");
        Value small = floats("small", Shape.vector(64));
        refused(() -> g.combine(table, row, List.of(x, x, small)), "input small", "[1,1,1,64]", "[32,16,16,64]");
        refused(() -> g.combine(table, row, List.of(small, small, small)), "row", "each of 1");
        refused(() -> g.combine(table, x, List.of(x, x, x)), "row must be I32 [n,1,1,1]");
        refused(() -> g.combine(table, row, List.of()), "1 to 8 inputs", "got 0");
        refused(() -> g.combine(table, row, Collections.nCopies(9, x)), "1 to 8 inputs", "got 9");
        refused(() -> g.lookup(table, row, 6), "lookup", "column 6", "[5,1,2,3]");
        refused(() -> g.lookup(table, row, -1), "column -1");
        refused(() -> g.lookup(table, row, 0, 3), "row", "each of 3");
        refused(() -> g.crossEntropy(x, row), "crossEntropy", "labels", "[32,16,16,1]");
        refused(() -> g.drawTimestep(rng, index, 0), "drawTimestep", "at least 1");
        refused(() -> g.draw(Random.Distribution.NORMAL, rng, index, Optional.of(index), Philox.NOISE, x.shape()), "draw", "step must be I32 [1,1,1,1]");
        refused(() -> g.draw(Random.Distribution.NORMAL, rng, index, Optional.empty(), Philox.NOISE, Shape.vector(2)), "index must be I32 [1,1,1,1]");
        refused(() -> g.adamEma(Map.of(x, x), floats("hyper", Shape.vector(16))), "adamEma", "only parameters can be trained");
        refused(() -> g.gatherImages(images, x), "gatherImages", "ids must be I32");
    }

    /** The role of an operand says its type: no op reads numbers as bits of another type. */
    @Test
    void elementTypes() {
        refused(() -> g.silu(index), "Silu", "x must be F32", "index", "I32");
        refused(() -> g.add(x, g.input("n", x.shape(), DType.I32)), "Add", "b must be F32");
        refused(() -> g.matMul(images, images, false, true), "MatMul", "a must be F32", "U8");
        refused(() -> g.sum(images, EnumSet.of(Axis.C)), "Sum", "x must be F32", "U8");
        refused(() -> g.slice(index, Axis.N, 0, 2), "Slice", "x must be F32", "I32");
        refused(() -> g.concat(x, g.input("m", x.shape(), DType.I32)), "Concat", "b must be F32");
        refused(() -> g.permute(index, List.of(Axis.C, Axis.H, Axis.W, Axis.N)), "Permute", "x must be F32");
        refused(() -> g.repeat(images), "Repeat", "x must be F32 or I32", "U8");
        refused(() -> g.reshape(images, Shape.vector((int) images.shape().elements())), "Reshape", "x must be F32 or I32", "U8");
        refused(() -> conv(x, g.input("w", new Shape(8, 1, 1, 64), DType.I32), null, null, null, Window.same(1)), "Conv2d", "w must be F32", "I32");
        refused(() -> g.attention(x, x, x, Optional.of(g.input("mask", Shape.features(32, 256), DType.I32)), false, 4), "Attention", "keyMask must be F32");
        refused(() -> g.mseLoss(images, images, Optional.empty()), "MseLoss", "prediction must be F32", "U8");
        refused(() -> g.timestepEmbedding(index, 8, true, 0), "TimestepEmbedding", "t must be F32", "I32");
        refused(() -> g.lookup(g.input("integers", Shape.features(5, 3), DType.I32), index, 0), "Lookup", "table must be F32");
        refused(() -> g.record(new Diffusion.Advance(g.state("float", Shape.SCALAR, DType.F32)), null), "Advance", "cursor must be I32 or U8");
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
