package sirocco.cpu.norm;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import sirocco.cpu.Layout;

/**
 * Sums over the pixels of a plane, channel by channel: in float32 over at most {@link #PIXELS} pixels, in double over those sums, always in
 * the same order.
 */
final class PlaneSums {
    /** Floats of scratch memory that a call needs. */
    static final int SCRATCH = 3 * BLOCK;

    /** Pixels of a float32 sum: two chains of 128, whose rounding adds up to some 1e-6 of the sum of magnitudes at the very worst. */
    static final int PIXELS = 256;
    /** One pixel in so many tells the pivot, as far as {@link #PIVOT_PIXELS} go. */
    private static final int PIVOT_SHARE = 16;
    private static final int PIVOT_PIXELS = 64;

    private PlaneSums() { }

    /**
     * Means and sums of squared deviations. The sums are taken about the mean of the plane's first m pixels: with N pixels in all, that is at
     * most sqrt(N / m) deviations off, so cancellation costs a factor N / m at worst, whatever the mean.
     *
     * @param at pixel (0,0) of the plane
     * @param out receives 16 means and 16 sums of squares from {@code to} on
     */
    static void moments(float[] x, int at, Layout layout, double[] out, int to, float[] scratch) {
        int share = Math.max(1, layout.h() * layout.w() / PIVOT_SHARE);
        int few = Math.min(Math.min(PIVOT_PIXELS, share), width(layout));
        Arrays.fill(scratch, 0, SCRATCH, 0f);
        about(x, at, 1, 0, few, scratch);
        float ofPixel = 1f / few;
        for (int c = 0; c < BLOCK; c++) {
            scratch[c] = scratch[BLOCK + c] * ofPixel;
        }
        Arrays.fill(out, to, to + 2 * BLOCK, 0);
        int width = width(layout);
        int rows = rows(layout);
        int some = Math.max(1, PIXELS / width);
        for (int row = 0; row < rows; row += some) {
            for (int p = 0; p < width; p += PIXELS) {
                about(x, at + row * layout.row() + p * BLOCK, Math.min(some, rows - row), layout.row(), Math.min(PIXELS, width - p), scratch);
                for (int c = 0; c < BLOCK; c++) {
                    out[to + c] += scratch[BLOCK + c];
                    out[to + BLOCK + c] += scratch[2 * BLOCK + c];
                }
            }
        }
        double part = 1.0 / (layout.h() * layout.w());
        for (int c = 0; c < BLOCK; c++) {
            double sum = out[to + c];
            double mean = sum * part;
            double squares = out[to + BLOCK + c] - sum * mean;
            out[to + c] = scratch[c] + mean;
            out[to + BLOCK + c] = squares > 0 ? squares : 0;
        }
    }

    /**
     * Sums of a plane.
     *
     * @param out receives 16 sums from {@code to} on
     */
    static void sums(float[] x, int at, Layout layout, float[] out, int to, double[] exact, float[] scratch) {
        Arrays.fill(exact, 0, BLOCK, 0);
        Arrays.fill(scratch, 0, BLOCK, 0f);
        int width = width(layout);
        int rows = rows(layout);
        int some = Math.max(1, PIXELS / width);
        for (int row = 0; row < rows; row += some) {
            for (int p = 0; p < width; p += PIXELS) {
                about(x, at + row * layout.row() + p * BLOCK, Math.min(some, rows - row), layout.row(), Math.min(PIXELS, width - p), scratch);
                for (int c = 0; c < BLOCK; c++) {
                    exact[c] += scratch[BLOCK + c];
                }
            }
        }
        for (int c = 0; c < BLOCK; c++) {
            out[to + c] = (float) exact[c];
        }
    }

    /** Pixels that lie one after the other. */
    static int width(Layout layout) {
        return layout.halo() == 0 ? layout.h() * layout.w() : layout.w();
    }

    /** Runs of {@link #width} pixels. */
    static int rows(Layout layout) {
        return layout.halo() == 0 ? 1 : layout.h();
    }

    /** Of d = x − scratch[0 … 15]: the sums of d to scratch[16 …], those of d² to scratch[32 …]. */
    private static void about(float[] x, int at, int rows, int stride, int pixels, float[] scratch) {
        for (int lane = 0; lane < BLOCK; lane += LANES) {
            FloatVector pivot = FloatVector.fromArray(F, scratch, lane);
            FloatVector sum0 = FloatVector.zero(F);
            FloatVector sum1 = sum0;
            FloatVector square0 = sum0;
            FloatVector square1 = sum0;
            for (int row = 0; row < rows; row++) {
                int i = at + row * stride + lane;
                int end = i + pixels * BLOCK;
                for (; i < end - BLOCK; i += 2 * BLOCK) {
                    FloatVector d0 = FloatVector.fromArray(F, x, i).sub(pivot);
                    FloatVector d1 = FloatVector.fromArray(F, x, i + BLOCK).sub(pivot);
                    sum0 = sum0.add(d0);
                    sum1 = sum1.add(d1);
                    square0 = d0.fma(d0, square0);
                    square1 = d1.fma(d1, square1);
                }
                if (i < end) {
                    FloatVector d0 = FloatVector.fromArray(F, x, i).sub(pivot);
                    sum0 = sum0.add(d0);
                    square0 = d0.fma(d0, square0);
                }
            }
            sum0.add(sum1).intoArray(scratch, BLOCK + lane);
            square0.add(square1).intoArray(scratch, 2 * BLOCK + lane);
        }
    }
}
