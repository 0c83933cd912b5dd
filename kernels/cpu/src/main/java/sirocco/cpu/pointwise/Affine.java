package sirocco.cpu.pointwise;

import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import sirocco.cpu.Layout;
import sirocco.cpu.Workers;

/** y = scale·x + shift; y may be x in the same layout. In blocked layouts shift must be 0, since what fills blocks up is computed too. */
public final class Affine extends Elementwise {
    private final float scale;
    private final float shift;

    public Affine(double scale, double shift, Layout x, Layout y, Workers workers) {
        super(x, x, y, workers);
        this.scale = (float) scale;
        this.shift = (float) shift;
    }

    public void run(float[] x, int offsetX, float[] y, int offsetY) {
        apply(x, offsetX, x, offsetX, y, offsetY);
    }

    @Override
    void span(float[] x, int i, float[] same, int j, float[] y, int k, int n) {
        affine(x, i, y, k, n, scale, shift);
    }

    private static void affine(float[] x, int i, float[] y, int k, int n, float scale, float shift) {
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector.fromArray(F, x, i + e).fma(FloatVector.broadcast(F, scale), FloatVector.broadcast(F, shift)).intoArray(y, k + e);
        }
        for (int e = whole; e < n; e++) {
            y[k + e] = Math.fma(x[i + e], scale, shift);
        }
    }
}
