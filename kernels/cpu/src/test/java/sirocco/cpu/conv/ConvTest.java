package sirocco.cpu.conv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import sirocco.cpu.Layout;
import sirocco.cpu.Simd;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;
import sirocco.cpu.conv.ConvRule.Mode;
import sirocco.cpu.conv.ConvRule.Pass;

/**
 * Every pass, by every algorithm, against its definition in double precision: over sizes that fit no tile, all layouts and halos, with
 * and without addends, in memory full of NaN, and to the same bits on one thread and on three.
 *
 * <p>Tolerances, of ‖out − ref‖₂/‖ref‖₂: float32 rounds to 6e-8, and errors of a sum of m terms add up like a walk of √m steps at
 * worst, each of the size of a partial sum; for the m ≤ 5000 of these cases, 2e-6 is never reached. Winograd's transforms add numbers up
 * to 20 times as large as their differences, which costs one decimal: 2e-5.
 */
class ConvTest {
    private static final double GEMM_TOLERANCE = 2e-6;
    private static final double WINOGRAD_TOLERANCE = 2e-5;

    private record Key(Pass pass, ConvShape shape) { }

    /** Results to which nothing was added. A shape's operands are the same in every test, and so is its result. */
    private static final Map<Key, double[]> REFERENCES = new ConcurrentHashMap<>();

    /** The model's kinds at small size, then shapes at random. */
    static List<ConvShape> shapes() {
        List<ConvShape> shapes = new ArrayList<>(List.of(
                ConvShape.same(2, 8, 8, 32, 32, 3),
                ConvShape.same(3, 16, 12, 16, 48, 3),
                ConvShape.same(1, 32, 32, 64, 96, 3),
                ConvShape.same(5, 4, 4, 48, 80, 3),
                ConvShape.same(9, 23, 24, 17, 20, 3), // tiles enough for shares of the weights' gradient
                ConvShape.same(2, 6, 7, 96, 112, 3), // weights too large to stay in a cache: threads share all tiles,
                ConvShape.same(1, 32, 32, 96, 208, 3), // half of them,
                ConvShape.same(17, 13, 13, 96, 96, 3), // or have blocks of their own; two chunks of the weights' gradient
                ConvShape.same(1, 5, 6, 560, 32, 3), // more channels than a packed row holds
                ConvShape.same(1, 6, 5, 32, 560, 3),
                ConvShape.same(2, 7, 5, 20, 33, 3),
                ConvShape.same(3, 1, 1, 32, 16, 3),
                ConvShape.same(2, 2, 3, 16, 16, 3),
                ConvShape.same(2, 16, 16, 3, 32, 3),
                ConvShape.same(2, 16, 16, 32, 3, 3),
                ConvShape.same(2, 9, 9, 1, 1, 3),
                ConvShape.same(2, 8, 8, 64, 32, 1),
                ConvShape.same(2, 5, 7, 17, 3, 1),
                ConvShape.same(7, 1, 1, 40, 72, 1),
                ConvShape.same(2, 11, 6, 18, 20, 5),
                new ConvShape(2, 16, 16, 32, 32, 3, 3, 2, 0, 0, 1, 1),
                new ConvShape(3, 7, 9, 16, 40, 3, 3, 2, 0, 0, 1, 1),
                new ConvShape(2, 8, 8, 20, 24, 3, 3, 2, 1, 1, 1, 1),
                new ConvShape(2, 8, 8, 16, 16, 4, 4, 2, 1, 1, 1, 1),
                new ConvShape(2, 9, 9, 16, 16, 1, 1, 2, 0, 0, 0, 0),
                new ConvShape(1, 8, 8, 16, 16, 4, 4, 4, 0, 0, 0, 0),
                new ConvShape(1, 1, 1, 16, 16, 1, 1, 2, 1, 1, 1, 1),
                new ConvShape(2, 8, 6, 32, 32, 3, 3, 1, 0, 0, 0, 0),
                new ConvShape(2, 6, 6, 16, 32, 3, 3, 1, 2, 0, 1, 3),
                new ConvShape(2, 6, 6, 3, 16, 1, 1, 1, 1, 2, 0, 1)));
        Random random = new Random(11);
        while (shapes.size() < 48) {
            int kernel = 1 + random.nextInt(4);
            int[] pad = random.ints(4, 0, kernel + 1).toArray();
            int h = 1 + random.nextInt(13), w = 1 + random.nextInt(13);
            if (h + pad[0] + pad[2] >= kernel && w + pad[1] + pad[3] >= kernel) {
                shapes.add(new ConvShape(1 + random.nextInt(4), h, w, 1 + random.nextInt(70), 1 + random.nextInt(70), kernel, kernel,
                        1 + random.nextInt(3), pad[0], pad[1], pad[2], pad[3]));
            }
        }
        return shapes;
    }

    /** As the backend would lay it out, the halo at random. */
    private static Layout layout(int n, int h, int w, int c, Random random) {
        return c < Layout.BLOCK && h * w > 1 ? Layout.plain(n, h, w, c) : Layout.blocked(n, h, w, c, h * w == 1 ? 0 : random.nextInt(2));
    }

    private static double[] reference(Pass pass, ConvShape s, Supplier<double[]> compute) {
        return REFERENCES.computeIfAbsent(new Key(pass, s), _ -> compute.get());
    }

    /** Those that an algorithm is taken for when it is asked for: Winograd's can do some only, implicit GEMM does all. The rule takes one of the two. */
    private static List<ConvShape> shapes(Mode algorithm, Pass pass) {
        return shapes().stream().filter(s -> new ConvRule(algorithm).choose(s, pass).winograd() == (algorithm == Mode.WINOGRAD)).toList();
    }

    private static double tolerance(Object kernel) {
        return kernel.toString().contains("Winograd") ? WINOGRAD_TOLERANCE : GEMM_TOLERANCE;
    }

    @ParameterizedTest
    @EnumSource(names = {"WINOGRAD", "GEMM"})
    void forward(Mode mode) {
        try (Workers one = new Workers(1); Workers three = new Workers(3)) {
            for (ConvShape s : shapes(mode, Pass.FORWARD)) {
                for (int addends = 0; addends < 8; addends = addends == 0 ? 1 + s.c() % 6 : addends == 7 ? 8 : 7) {
                    float[] alone = forward(s, mode, addends, true, one);
                    assertArrayEquals(alone, forward(s, mode, addends, true, three), "threads change the bits of " + s);
                    assertArrayEquals(alone, forward(s, mode, addends, false, three), "weights that change give other bits for " + s);
                }
            }
        }
    }

    private static float[] forward(ConvShape s, Mode mode, int addends, boolean kept, Workers workers) {
        Random random = new Random(s.hashCode());
        float[] xv = Operand.random((long) s.n() * s.h() * s.w() * s.c(), random);
        float[] wv = Operand.random(s.weights(), random);
        float[] biasv = (addends & 1) == 0 ? null : Operand.random(s.k(), random);
        float[] perChannelv = (addends & 2) == 0 ? null : Operand.random((long) s.n() * s.k(), random);
        float[] residualv = (addends & 4) == 0 ? null : Operand.random((long) s.n() * s.outH() * s.outW() * s.k(), random);
        Operand x = Operand.of(layout(s.n(), s.h(), s.w(), s.c(), random), xv, random);
        Operand y = Operand.empty(layout(s.n(), s.outH(), s.outW(), s.k(), random), random);
        Layout residualLayout = layout(s.n(), s.outH(), s.outW(), s.k(), random);
        ConvForward conv = new ConvForward(s, x.layout(), y.layout(), residualLayout, kept, workers, new ConvRule(mode));
        Slice w = Operand.dense(wv, random);
        Slice prepared = conv.preparedFloats() == 0 ? w : Operand.garbage(conv.preparedFloats(), random);
        Slice scratch = Operand.garbage(conv.scratchFloats(), random);
        conv.prepare(w, prepared);
        Slice bias = biasv == null ? null : Operand.dense(biasv, random);
        Slice perChannel = perChannelv == null ? null : Operand.of(Layout.blocked(s.n(), 1, 1, s.k(), 0), perChannelv, random).at();
        Slice residual = residualv == null ? null : Operand.of(residualLayout, residualv, random).at();
        conv.run(x.at(), prepared, y.at(), bias, perChannel, residual, scratch);
        float[] first = y.values();
        double error = Reference.error(first,
                Reference.plus(s, reference(Pass.FORWARD, s, () -> Reference.forward(s, xv, wv)), biasv, perChannelv, residualv));
        assertTrue(error <= tolerance(conv), () -> conv + ": error " + error + ", x " + x.layout() + ", y " + y.layout());
        conv.run(x.at(), prepared, y.at(), bias, perChannel, residual, scratch);
        assertArrayEquals(first, y.values(), () -> "a second run differs: " + conv);
        return first;
    }

    @ParameterizedTest
    @EnumSource(names = {"WINOGRAD", "GEMM"})
    void backwardData(Mode mode) {
        try (Workers one = new Workers(1); Workers three = new Workers(3)) {
            for (ConvShape s : shapes(mode, Pass.BACKWARD_DATA)) {
                float[] alone = backwardData(s, mode, true, one);
                assertArrayEquals(alone, backwardData(s, mode, true, three), "threads change the bits of " + s);
                assertArrayEquals(alone, backwardData(s, mode, false, three), "weights that change give other bits for " + s);
            }
        }
    }

    private static float[] backwardData(ConvShape s, Mode mode, boolean kept, Workers workers) {
        Random random = new Random(s.hashCode());
        float[] dyv = Operand.random((long) s.n() * s.outH() * s.outW() * s.k(), random);
        float[] wv = Operand.random(s.weights(), random);
        Operand dy = Operand.of(layout(s.n(), s.outH(), s.outW(), s.k(), random), dyv, random);
        Operand dx = Operand.empty(layout(s.n(), s.h(), s.w(), s.c(), random), random);
        ConvBackwardData conv = new ConvBackwardData(s, dy.layout(), dx.layout(), kept, workers, new ConvRule(mode));
        Slice w = Operand.dense(wv, random);
        Slice prepared = conv.preparedFloats() == 0 ? w : Operand.garbage(conv.preparedFloats(), random);
        conv.prepare(w, prepared);
        conv.run(dy.at(), prepared, dx.at(), Operand.garbage(conv.scratchFloats(), random));
        float[] result = dx.values();
        double error = Reference.error(result, reference(Pass.BACKWARD_DATA, s, () -> Reference.backwardData(s, dyv, wv)));
        assertTrue(error <= tolerance(conv), () -> conv + ": error " + error + ", dy " + dy.layout() + ", dx " + dx.layout());
        return result;
    }

    @ParameterizedTest
    @EnumSource(names = {"WINOGRAD", "GEMM"})
    void backwardWeights(Mode mode) {
        try (Workers one = new Workers(1); Workers three = new Workers(3)) {
            for (ConvShape s : shapes(mode, Pass.BACKWARD_WEIGHTS)) {
                assertArrayEquals(backwardWeights(s, mode, one), backwardWeights(s, mode, three), "threads change the bits of " + s);
            }
        }
    }

    private static float[] backwardWeights(ConvShape s, Mode mode, Workers workers) {
        Random random = new Random(s.hashCode());
        float[] xv = Operand.random((long) s.n() * s.h() * s.w() * s.c(), random);
        float[] dyv = Operand.random((long) s.n() * s.outH() * s.outW() * s.k(), random);
        float[] dwv = Operand.random(s.weights(), random);
        float[] dbv = Operand.random(s.k(), random);
        Operand x = Operand.of(layout(s.n(), s.h(), s.w(), s.c(), random), xv, random);
        Operand dy = Operand.of(layout(s.n(), s.outH(), s.outW(), s.k(), random), dyv, random);
        ConvBackwardWeights conv = new ConvBackwardWeights(s, x.layout(), dy.layout(), workers, new ConvRule(mode));
        Slice scratch = Operand.garbage(conv.scratchFloats(), random);
        Slice dw = Operand.dense(dwv, random);
        Slice db = Operand.dense(dbv, random);
        conv.run(x.at(), dy.at(), dw, db, scratch);
        float[] once = Operand.dense(dw, s.weights());
        double[] gradient = reference(Pass.BACKWARD_WEIGHTS, s, () -> Reference.backwardWeights(s, xv, dyv));
        double error = Reference.error(once, Reference.plus(gradient, dwv));
        assertTrue(error <= tolerance(conv), () -> conv + ": error " + error + ", x " + x.layout() + ", dy " + dy.layout());
        double biasError = Reference.error(Operand.dense(db, s.k()), Reference.bias(s, dyv, dbv));
        assertTrue(biasError <= GEMM_TOLERANCE, () -> conv + ": error of the bias " + biasError);
        float[] untouched = Operand.dense(db, s.k());
        conv.run(x.at(), dy.at(), dw, null, scratch);
        assertArrayEquals(untouched, Operand.dense(db, s.k()), () -> "bias gradient not asked for, yet written: " + conv);
        double twice = Reference.error(Operand.dense(dw, s.weights()), Reference.plus(gradient, once));
        assertTrue(twice <= tolerance(conv), () -> "a second run should accumulate: " + conv + ": error " + twice);
        return once;
    }

    /** Runs the tests above at one vector width, in a machine of their own: see VectorWidthTest. */
    public static void main(String[] args) {
        assertEquals(Integer.parseInt(args[0]), Simd.BITS);
        ConvTest test = new ConvTest();
        for (Mode mode : List.of(Mode.WINOGRAD, Mode.GEMM)) {
            test.forward(mode);
            test.backwardData(mode);
            test.backwardWeights(mode);
        }
        System.out.println("ok");
    }
}
