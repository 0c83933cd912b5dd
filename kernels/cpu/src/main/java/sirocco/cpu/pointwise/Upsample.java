package sirocco.cpu.pointwise;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import sirocco.cpu.Layout;
import sirocco.cpu.Workers;

/** y = x with every pixel repeated 2 × 2 (nearest neighbour). */
public final class Upsample extends Resampling {
    /**
     * @param x [n,h,w,c]
     * @param y [n,2h,2w,c], plain as x or blocked as x
     */
    public Upsample(Layout x, Layout y, Workers workers) {
        super(x, y, workers);
        Shapes.check(y.n() == x.n() && y.h() == 2 * x.h() && y.w() == 2 * x.w() && y.c() == x.c() && x.blocked() == y.blocked(),
                "upsampling of x [n,h,w,c] into y [n,2h,2w,c]", x, y);
    }

    @Override
    void plane(int from, int to) {
        int floats = layoutY.w() * layoutY.pixel();
        for (int row = 0; row < layoutX.h(); row++) {
            int upper = to + 2 * row * layoutY.row();
            if (layoutX.blocked()) {
                widenBlocks(x, from + row * layoutX.row(), y, upper, layoutX.w());
            } else {
                widen(x, from + row * layoutX.row(), y, upper, layoutX.w(), layoutX.pixel());
            }
            System.arraycopy(y, upper, y, upper + layoutY.row(), floats);
        }
    }

    private static void widenBlocks(float[] x, int i, float[] y, int j, int pixels) {
        for (int p = 0; p < pixels; p++) {
            for (int lane = 0; lane < BLOCK; lane += LANES) {
                FloatVector v = FloatVector.fromArray(F, x, i + p * BLOCK + lane);
                v.intoArray(y, j + 2 * p * BLOCK + lane);
                v.intoArray(y, j + (2 * p + 1) * BLOCK + lane);
            }
        }
    }

    private static void widen(float[] x, int i, float[] y, int j, int pixels, int pixel) {
        for (int p = 0; p < pixels; p++) {
            for (int c = 0; c < pixel; c++) {
                float v = x[i + p * pixel + c];
                y[j + 2 * p * pixel + c] = v;
                y[j + (2 * p + 1) * pixel + c] = v;
            }
        }
    }
}
