package sirocco.cpu.pointwise;

import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import sirocco.cpu.Layout;
import sirocco.cpu.Workers;

/**
 * Classifier-free guidance (Ho and Salimans, 2022): y = u + g · (c − u) from one batch of twice the size, whose first half c was computed with
 * the condition and whose second half u without.
 */
public final class Guidance extends Elementwise {
    private final int half;
    private float scale;

    /**
     * @param x [2n,h,w,c]
     * @param y [n,h,w,c]
     */
    public Guidance(Layout x, Layout y, Workers workers) {
        super(halved(x), halved(x), y, workers);
        half = x.n() / 2 * x.image();
    }

    private static Layout halved(Layout x) {
        Shapes.check(x.n() % 2 == 0, "guidance needs an even number of images", x);
        return new Layout(x.n() / 2, x.h(), x.w(), x.c(), x.halo(), x.blocked());
    }

    /** @param g guidance scale at {@code g[offsetG]}: 1 leaves the conditional half, 0 the other */
    public void run(float[] x, int offsetX, float[] g, int offsetG, float[] y, int offsetY) {
        scale = g[offsetG];
        apply(x, offsetX, x, offsetX + half, y, offsetY);
    }

    @Override
    void span(float[] c, int i, float[] u, int j, float[] y, int k, int n) {
        guide(c, i, u, j, y, k, n, scale);
    }

    private static void guide(float[] c, int i, float[] u, int j, float[] y, int k, int n, float scale) {
        int e = 0;
        for (; e < F.loopBound(n); e += LANES) {
            FloatVector without = FloatVector.fromArray(F, u, j + e);
            FloatVector.fromArray(F, c, i + e).sub(without).fma(FloatVector.broadcast(F, scale), without).intoArray(y, k + e);
        }
        for (; e < n; e++) {
            y[k + e] = Math.fma(c[i + e] - u[j + e], scale, u[j + e]);
        }
    }
}
