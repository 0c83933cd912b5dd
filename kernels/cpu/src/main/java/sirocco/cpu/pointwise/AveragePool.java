package sirocco.cpu.pointwise;

import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import sirocco.cpu.Layout;
import sirocco.cpu.Workers;

/** y = the mean of each k×k block of pixels of x. */
public final class AveragePool extends Resampling {
    private final int k;

    /**
     * @param x [n,k·h,k·w,c]
     * @param y [n,h,w,c], plain as x or blocked as x
     */
    public AveragePool(Layout x, int k, Layout y, Workers workers) {
        super(x, y, workers);
        Shapes.check(y.n() == x.n() && k * y.h() == x.h() && k * y.w() == x.w() && y.c() == x.c() && x.blocked() == y.blocked(),
                "means of " + k + "×" + k + " pixels of x [n,k·h,k·w,c] into y [n,h,w,c]", x, y);
        this.k = k;
    }

    @Override
    void plane(int from, int to) {
        for (int row = 0; row < layoutY.h(); row++) {
            for (int column = 0; column < layoutY.w(); column++) {
                mean(x, from + k * (row * layoutX.row() + column * layoutX.pixel()), layoutX.row(), k, y,
                        to + row * layoutY.row() + column * layoutY.pixel(), layoutY.pixel());
            }
        }
    }

    /** One pixel's mean, of {@code n} channels. */
    private static void mean(float[] x, int at, int row, int k, float[] y, int to, int n) {
        float share = 1f / (k * k);
        int whole = F.loopBound(n);
        for (int c = 0; c < whole; c += LANES) {
            FloatVector sum = FloatVector.zero(F);
            for (int i = 0; i < k; i++) {
                for (int j = 0; j < k; j++) {
                    sum = sum.add(FloatVector.fromArray(F, x, at + i * row + j * n + c));
                }
            }
            sum.mul(share).intoArray(y, to + c);
        }
        for (int c = whole; c < n; c++) {
            float sum = 0;
            for (int i = 0; i < k; i++) {
                for (int j = 0; j < k; j++) {
                    sum += x[at + i * row + j * n + c];
                }
            }
            y[to + c] = sum * share;
        }
    }
}
