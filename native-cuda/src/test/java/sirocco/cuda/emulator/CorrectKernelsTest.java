package sirocco.cuda.emulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import sirocco.api.Philox;

/** What the emulated driver computes, beside a plain loop: tensor cores, warps, barriers, atomics, and the noise of the device headers. */
class CorrectKernelsTest {
    private Harness h;

    @BeforeEach
    void open() {
        h = new Harness();
    }

    @AfterEach
    void close() {
        if (h != null) {
            h.close();
        }
    }

    /** Small integers, whose products and sums are exact in bf16, TF32 and float32. */
    private static float[] integers(int seed, int n) {
        Random random = new Random(seed);
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = random.nextInt(-8, 9);
        }
        return x;
    }

    /** A [16,k] by rows times B [k,8]. */
    private static float[] product(float[] a, float[] b, int k, boolean columns) {
        float[] c = new float[16 * 8];
        for (int i = 0; i < 16; i++) {
            for (int j = 0; j < 8; j++) {
                for (int d = 0; d < k; d++) {
                    c[i * 8 + j] += a[i * k + d] * (columns ? b[j * k + d] : b[d * 8 + j]);
                }
            }
        }
        return c;
    }

    @Test
    void tensorCoresMultiplyBf16() {
        float[] a = integers(1, 16 * 16);
        float[] b = integers(2, 16 * 8);
        long c = h.allocate(4 * 128);
        h.run("selftest_mma_columns", 1, 32, 0, h.uploadBf16(a), h.uploadBf16(b), c);
        assertArrayEquals(product(a, b, 16, true), h.floats(c, 128));
        h.run("selftest_mma_rows", 1, 32, 0, h.uploadBf16(a), h.uploadBf16(b), c);
        assertArrayEquals(product(a, b, 16, false), h.floats(c, 128));
    }

    @Test
    void tensorCoresMultiplyTf32() {
        float[] a = integers(3, 16 * 8);
        float[] b = integers(4, 8 * 8);
        long c = h.allocate(4 * 128);
        h.run("selftest_mma_tf32", 1, 32, 0, h.upload(a), h.upload(b), c);
        assertArrayEquals(product(a, b, 8, false), h.floats(c, 128));
    }

    @Test
    void lanesShuffleAndVote() {
        long out = h.allocate(4 * 320);
        h.run("selftest_warp", 1, 32, 0, out);
        int[] x = h.ints(out, 320);
        int thirds = 0;
        for (int lane = 0; lane < 32; lane += 3) {
            thirds |= 1 << lane;
        }
        for (int lane = 0; lane < 32; lane++) {
            int[] expected = {105, 100 + (lane & ~7) + 3, 100 + (lane ^ 16), 100 + (lane ^ 3), 100 + (lane + 4 < 32 ? lane + 4 : lane),
                100 + (lane % 16 >= 2 ? lane - 2 : lane), thirds, 2, 100 + (lane & 16), 32 * 100 + 31 * 16};
            assertArrayEquals(expected, Arrays.copyOfRange(x, 10 * lane, 10 * lane + 10), "lane " + lane);
        }
    }

    @Test
    void blocksOfAThreeDimensionalGridReduce() {
        int threads = 256;
        int blocks = 3 * 2 * 4;
        long sums = h.allocate(8L * blocks);
        long counts = h.allocate(4L * blocks);
        assertEquals(0, h.launchOn(MemorySegment.NULL, "selftest_block", new int[] {3, 2, 4}, threads, 4 * threads, sums, counts, 77));
        float[] s = h.floats(sums, 2 * blocks);
        int[] c = h.ints(counts, blocks);
        for (int b = 0; b < blocks; b++) {
            assertEquals(255 * 128, s[2 * b]);
            assertEquals(255 * 256 * 511 / 6, s[2 * b + 1]);
            assertEquals(77, c[b]);
        }
    }

    @Test
    void namedBarriersHandOver() {
        long out = h.allocate(4 * 256);
        h.run("selftest_named_barriers", 1, 128, 0, out);
        float[] x = h.floats(out, 256);
        for (int i = 0; i < 256; i++) {
            assertEquals(i / 64 * 100 + 63 - i % 64, x[i]);
        }
    }

    @Test
    void philoxIsTheDefinitions() {
        long[] seeds = {0, -1, 0x299f31d0_a4093822L, 42};
        int[][] counters = {{0, 0, 0, 0}, {-1, -1, -1, -1}, {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {7, 1, 2, 3}};
        long out = h.allocate(16);
        for (int i = 0; i < seeds.length; i++) {
            int[] expected = new int[4];
            Philox.block(seeds[i], counters[i][0], counters[i][1], counters[i][2], counters[i][3], expected);
            h.run("selftest_philox", 1, 32, 0, seeds[i], h.upload(counters[i]), out, 1);
            assertArrayEquals(expected, h.ints(out, 4));
        }
    }

    /** float32 logarithm, root and sine: as near to the double-precision definition as the CPU's, whose bound is 1e-6. */
    @Test
    void normalsAreTheDefinitions() {
        int n = 5000;
        long out = h.allocate(4L * n);
        h.run("selftest_normals", 4, 256, 0, 12345L, 6, 7, Philox.NOISE, out, n);
        float[] expected = new float[n];
        Philox.normals(12345, 6, 7, Philox.NOISE, expected, 0, n);
        assertArrayEquals(expected, h.floats(out, n), 1e-6f);
    }

    @Test
    void atomicsCountEveryBlock() {
        long counter = h.upload(0);
        long last = h.upload(0);
        long sum = h.upload(0f);
        h.run("selftest_atomics", 1000, 64, 0, counter, last, sum);
        assertArrayEquals(new int[] {0}, h.ints(counter, 1));
        assertArrayEquals(new int[] {1000}, h.ints(last, 1));
    }
}
