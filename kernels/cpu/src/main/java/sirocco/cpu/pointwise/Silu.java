package sirocco.cpu.pointwise;

import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import sirocco.cpu.Layout;
import sirocco.cpu.Workers;
import sirocco.cpu.math.VectorMath;

/** y = x · sigma(x), with sigma(x) = 1 / (1 + e^−x). */
public final class Silu extends Elementwise {
    public Silu(Layout x, Layout y, Workers workers) {
        super(x, x, y, workers);
    }

    public void run(float[] x, int offsetX, float[] y, int offsetY) {
        apply(x, offsetX, x, offsetX, y, offsetY);
    }

    @Override
    void span(float[] x, int i, float[] same, int j, float[] y, int k, int n) {
        silu(x, i, y, k, n);
    }

    private static void silu(float[] x, int i, float[] y, int k, int n) {
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector v = FloatVector.fromArray(F, x, i + e);
            v.mul(VectorMath.sigmoid(v)).intoArray(y, k + e);
        }
        if (whole < n) {
            VectorMask<Float> rest = F.indexInRange(whole, n);
            FloatVector v = FloatVector.fromArray(F, x, i + whole, rest);
            v.mul(VectorMath.sigmoid(v)).intoArray(y, k + whole, rest);
        }
    }
}
