package sirocco.cpu.gemm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/**
 * Products against their definition in double precision: sizes that fit no tile, both transposes, gaps between rows and matrices, with and
 * without bias and addend, in memory full of NaN, and to the same bits on one, two and three threads.
 *
 * <p>Tolerance, relative to Σ|a·b| + 1: float32 rounds to 6e-8; the error of a sum of m terms grows like √m at worst, each rounding error of
 * the size of a partial sum, which itself is a walk of √m steps of the terms. So 1e-6 is far from reached.
 */
class MatMulTest {
    private static final double TOLERANCE = 1e-6;
    private static final int GUARD = 33;
    private static final long PATIENCE_NANOS = 60_000_000_000L;

    /** @param addend 0: none, 1: another matrix, 2: the result itself */
    private record Case(int batch, int m, int n, int k, boolean transposeA, boolean transposeB, int gap, boolean repeatA, boolean repeatB,
            float alpha, boolean bias, int addend) {
        Matrix a() {
            return matrix(transposeA ? k : m, transposeA ? m : k, repeatA);
        }

        Matrix b() {
            return matrix(transposeB ? n : k, transposeB ? k : n, repeatB);
        }

        Matrix c() {
            return matrix(m, n, false);
        }

        private Matrix matrix(int rows, int columns, boolean repeats) {
            return new Matrix(rows, columns, columns + gap, repeats ? 0 : rows * (columns + gap) + 3 * gap);
        }

        MatMul product(Workers workers) {
            return new MatMul(batch, a(), transposeA, b(), transposeB, c(), workers);
        }
    }

    static Stream<Case> cases() {
        Random random = new Random(3);
        Stream<Case> fixed = Stream.of(
                new Case(1, 1, 1, 1, false, false, 0, false, false, 1, false, 0),
                new Case(1, 8, 32, 256, false, false, 0, false, false, 1, false, 0),
                new Case(1, 128, 128, 512, false, false, 0, false, false, 1, true, 0),
                new Case(1, 100, 48, 600, true, true, 1, false, false, 1, true, 1),
                new Case(5, 64, 64, 32, false, true, 0, false, false, 0.125f, false, 0),
                new Case(3, 40, 70, 90, false, false, 0, false, true, 1, false, 2),
                new Case(3, 30, 20, 50, true, false, 2, true, false, 2, true, 1),
                new Case(1, 17, 33, 5000, false, false, 0, false, false, 1, true, 2), // split-K,
                new Case(1, 20, 10, 5000, true, false, 0, false, false, 1, false, 0), // of both formats
                new Case(1, 250, 700, 1100, false, false, 0, false, false, 1, true, 1), // rows packed in two passes
                new Case(2, 210, 1500, 1500, true, true, 0, false, false, 1, false, 0)); // right operands packed one at a time
        return Stream.concat(fixed, Stream.generate(() -> new Case(1 + random.nextInt(3), size(random, 200), size(random, 200), size(random, 700),
                random.nextBoolean(), random.nextBoolean(), random.nextInt(3), random.nextInt(4) == 0, random.nextInt(4) == 0,
                random.nextBoolean() ? 1 : 0.5f, random.nextBoolean(), random.nextInt(3))).limit(60));
    }

    private static int size(Random random, int most) {
        return 1 + random.nextInt(random.nextBoolean() ? 20 : most);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void agreesWithTheDefinition(Case t) {
        Random random = new Random(t.hashCode());
        float[] a = random(t.a(), t.batch, random);
        float[] b = random(t.b(), t.batch, random);
        float[] before = random(t.c(), t.batch, random);
        float[] other = random(t.c(), t.batch, random);
        float[] bias = t.bias ? random(Matrix.dense(1, t.n), 1, random) : null;
        float[] addend = t.addend == 0 ? null : t.addend == 1 ? other : before;
        float[] one = run(t, a, b, before, other, bias, 1);
        for (int threads = 2; threads <= 3; threads++) {
            assertArrayEquals(one, run(t, a, b, before, other, bias, threads), "threads change the bits");
        }
        float[] rest = one.clone();
        for (int batch = 0; batch < t.batch; batch++) {
            for (int i = 0; i < t.m; i++) {
                for (int j = 0; j < t.n; j++) {
                    int at = GUARD + batch * t.c().batchStride() + i * t.c().stride() + j;
                    double sum = 0;
                    double size = 1;
                    for (int k = 0; k < t.k; k++) {
                        double term = (double) a[at(t.a(), t.transposeA, batch, i, k)] * b[at(t.b(), t.transposeB, batch, k, j)];
                        sum += term;
                        size += Math.abs(term);
                    }
                    double expected = t.alpha * sum + (bias == null ? 0 : bias[GUARD + j]) + (addend == null ? 0 : addend[at]);
                    assertEquals(expected, one[at], TOLERANCE * size, "batch " + batch + ", row " + i + ", column " + j);
                    rest[at] = before[at];
                }
            }
        }
        assertArrayEquals(before, rest, "written outside of the result");
        if (t.batch == 1) {
            assertArrayEquals(one, runPacked(t, a, b, before, other, bias), "a right operand packed before changes the bits");
        }
    }

    /** Twice, with the right operand packed once. */
    private static float[] runPacked(Case t, float[] a, float[] b, float[] before, float[] other, float[] bias) {
        float[] c = before.clone();
        try (Workers workers = new Workers(2)) {
            MatMul product = t.product(workers);
            Slice packed = new Slice(new float[(int) product.packedFloats()], 0);
            Slice scratch = new Slice(new float[(int) product.packedScratchFloats()], 0);
            product.pack(new Slice(b, GUARD), packed);
            for (int i = 0; i < 2; i++) {
                Arrays.fill(scratch.array(), Float.NaN);
                System.arraycopy(before, 0, c, 0, c.length);
                product.runPacked(new Slice(a, GUARD), packed, new Slice(c, GUARD), t.alpha, bias == null ? null : new Slice(bias, GUARD),
                        t.addend == 0 ? null : new Slice(t.addend == 1 ? other : c, GUARD), scratch);
            }
        }
        return c;
    }

    private static int at(Matrix m, boolean transposed, int batch, int i, int j) {
        return GUARD + batch * m.batchStride() + (transposed ? j * m.stride() + i : i * m.stride() + j);
    }

    private static float[] run(Case t, float[] a, float[] b, float[] before, float[] other, float[] bias, int threads) {
        float[] c = before.clone();
        try (Workers workers = new Workers(threads)) {
            MatMul product = t.product(workers);
            float[] scratch = new float[(int) product.scratchFloats() + 2 * GUARD];
            Arrays.fill(scratch, Float.NaN);
            product.run(new Slice(a, GUARD), new Slice(b, GUARD), new Slice(c, GUARD), t.alpha, bias == null ? null : new Slice(bias, GUARD),
                    t.addend == 0 ? null : new Slice(t.addend == 1 ? other : c, GUARD), new Slice(scratch, GUARD));
            for (int i = 0; i < GUARD; i++) {
                assertTrue(Float.isNaN(scratch[i]) && Float.isNaN(scratch[scratch.length - 1 - i]), "written outside of the scratch memory");
            }
        }
        return c;
    }

    private static float[] random(Matrix m, int batch, Random random) {
        float[] values = new float[2 * GUARD + (batch - 1) * m.batchStride() + m.rows() * m.stride()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /** Runs until a whole batch of runs allocates nothing: before that the interpreter, which boxes vectors, is still at work. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aWarmProductAllocatesNothing(boolean transposed) {
        Case t = new Case(2, 50, 70, 1300, transposed, transposed, 0, false, false, 1, true, 2);
        Random random = new Random(1);
        Slice a = new Slice(random(t.a(), 2, random), GUARD), b = new Slice(random(t.b(), 2, random), GUARD);
        Slice c = new Slice(random(t.c(), 2, random), GUARD), bias = new Slice(random(Matrix.dense(1, 70), 1, random), GUARD);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Workers workers = new Workers(1)) {
            MatMul product = t.product(workers);
            Slice scratch = new Slice(new float[(int) product.scratchFloats()], 0);
            long deadline = System.nanoTime() + PATIENCE_NANOS;
            long allocated;
            do {
                Arrays.fill(c.array(), 0);
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 20; i++) {
                    product.run(a, b, c, 1, bias, c, scratch);
                }
                allocated = threads.getCurrentThreadAllocatedBytes() - before;
            } while (allocated > 0 && System.nanoTime() < deadline);
            assertEquals(0, allocated, "bytes allocated by 20 runs after a minute");
        }
    }

    @Test
    void sizesThatDoNotAgreeAreErrors() {
        try (Workers workers = new Workers(1)) {
            var e = assertThrows(IllegalArgumentException.class,
                    () -> new MatMul(1, Matrix.dense(3, 4), false, Matrix.dense(5, 6), false, Matrix.dense(3, 6), workers));
            assertTrue(e.getMessage().contains("[3,4]·[5,6] = [3,6]"), e.getMessage());
            assertThrows(IllegalArgumentException.class, () -> new Matrix(3, 4, 3, 0));
        }
    }
}
