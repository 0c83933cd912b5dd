package sirocco.cuda.emulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Copies of boxes of tensors and products of a warpgroup, as the emulated driver computes them, beside plain loops. */
class HopperKernelsTest {
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

    /** Small integers, whose products and sums are exact in bf16 and float32. */
    private static float[] integers(int seed, int n) {
        Random random = new Random(seed);
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = random.nextInt(-8, 9);
        }
        return x;
    }

    private record Layout(String kernel, int columns, boolean outerA, boolean outerB) { }

    private static Stream<Layout> layouts() {
        return Stream.of(new Layout("selftest_wgmma_64", 64, false, false), new Layout("selftest_wgmma_128", 128, false, false),
                new Layout("selftest_wgmma_128_outer_b", 128, false, true), new Layout("selftest_wgmma_64_outer_a", 64, true, false),
                new Layout("selftest_wgmma_128_outer", 128, true, true));
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void warpgroupsMultiply(Layout l) {
        int n = l.columns();
        float[] a = integers(1, 64 * 64);
        float[] b = integers(2, 64 * n);
        long d = h.allocate(4L * 64 * n);
        h.run(l.kernel(), 1, 128, 3 * 8192, h.tensorMap(new Harness.Boxes(h.uploadBf16(a), new long[] {64, 64, 1}, 64, 64, 1)),
                h.tensorMap(l.outerB() ? new Harness.Boxes(h.uploadBf16(b), new long[] {n, 64, 1}, 64, 64, 1)
                        : new Harness.Boxes(h.uploadBf16(b), new long[] {64, n, 1}, 64, n, 1)), d);
        float[] expected = new float[64 * n];
        for (int i = 0; i < 64; i++) {
            for (int j = 0; j < n; j++) {
                for (int k = 0; k < 64; k++) {
                    expected[i * n + j] += (l.outerA() ? a[k * 64 + i] : a[i * 64 + k]) * (l.outerB() ? b[k * n + j] : b[j * 64 + k]);
                }
            }
        }
        assertArrayEquals(expected, h.floats(d, 64 * n));
    }

    private record Box(int[] first, int[] box, int[] steps) { }

    private static Stream<Box> boxes() {
        int[] one = {1, 1, 1, 1};
        return Stream.of(new Box(new int[] {0, 0, 0, 0}, new int[] {64, 4, 2, 1}, one), new Box(new int[] {0, -1, -1, 0}, new int[] {64, 3, 4, 2}, one),
                new Box(new int[] {64, 4, 3, 1}, new int[] {64, 4, 4, 2}, one), new Box(new int[] {0, 9, 9, 9}, new int[] {64, 2, 2, 2}, one),
                new Box(new int[] {0, -1, 1, 0}, new int[] {64, 6, 4, 2}, new int[] {1, 2, 2, 1}));
    }

    /** NHWC images 2 × 5 × 6 × 72: parts of a box below zero, beyond each edge and beyond the channels are zeros; every second pixel. */
    @ParameterizedTest
    @MethodSource("boxes")
    void boxesAreCopiedSwizzled(Box b) {
        long[] sizes = {72, 6, 5, 2};
        int n = (int) (sizes[0] * sizes[1] * sizes[2] * sizes[3]);
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = Float.intBitsToFloat(i + 1 << 16); // as bf16 these bits
        }
        int rows = 1;
        for (int i = 1; i < 4; i++) {
            rows *= (b.box()[i] + b.steps()[i] - 1) / b.steps()[i];
        }
        long out = h.allocate(128L * rows);
        int[] f = b.first();
        h.run("selftest_copies_box", 1, 64, 128 * rows, h.tensorMap(new Harness.Boxes(h.uploadBf16(x), sizes, b.box(), b.steps())), 128 * rows, f[0], f[1],
                f[2], f[3], out);
        int[] words = h.ints(out, 32 * rows);
        for (int row = 0; row < rows; row++) {
            int across = (b.box()[1] + b.steps()[1] - 1) / b.steps()[1];
            int down = (b.box()[2] + b.steps()[2] - 1) / b.steps()[2];
            long w = f[1] + (long) b.steps()[1] * (row % across);
            long hh = f[2] + (long) b.steps()[2] * (row / across % down);
            long image = f[3] + row / (across * down);
            for (int c = 0; c < 64; c++) {
                boolean inside = w >= 0 && w < sizes[1] && hh >= 0 && hh < sizes[2] && image >= 0 && image < sizes[3] && f[0] + c < sizes[0];
                int expected = inside ? (int) (((image * sizes[2] + hh) * sizes[1] + w) * sizes[0] + f[0] + c + 1) : 0;
                int at = row * 64 + (c / 8 ^ row % 8) * 8 + c % 8;
                assertEquals(expected & 0xffff, words[at / 2] >>> 16 * (at % 2) & 0xffff, b + ", row " + row + ", channel " + c);
            }
        }
    }

    @Test
    void aRingOfBoxesIsFilledAndEmptied() {
        int boxes = 7;
        float[] x = integers(3, boxes * 8 * 64);
        long out = h.allocate(4L * 32 * boxes);
        h.run("selftest_ring_of_boxes", 1, 64, 2048, h.tensorMap(new Harness.Boxes(h.uploadBf16(x), new long[] {64, 8L * boxes, 1}, 64, 8, 1)), boxes, out);
        int[] words = h.ints(out, 32 * boxes);
        for (int i = 0; i < words.length; i++) {
            int at = i / 32 * 512 + i % 32 * 2;
            assertEquals(Float.floatToRawIntBits(x[at]) >>> 16 | Float.floatToRawIntBits(x[at + 1]) & 0xffff0000, words[i], "word " + i);
        }
    }
}
