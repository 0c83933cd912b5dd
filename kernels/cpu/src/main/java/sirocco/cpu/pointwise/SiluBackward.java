package sirocco.cpu.pointwise;

import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;
import static sirocco.cpu.Simd.all;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import sirocco.cpu.Layout;
import sirocco.cpu.Workers;
import sirocco.cpu.math.VectorMath;

/** dx = dy · sigma(x) · (1 + x · (1 − sigma(x))); written, not accumulated. */
public final class SiluBackward extends Elementwise {
    public SiluBackward(Layout x, Layout dy, Layout dx, Workers workers) {
        super(x, dy, dx, workers);
    }

    public void run(float[] x, int offsetX, float[] dy, int offsetDy, float[] dx, int offsetDx) {
        apply(x, offsetX, dy, offsetDy, dx, offsetDx);
    }

    @Override
    void span(float[] x, int i, float[] dy, int j, float[] dx, int k, int n) {
        backward(x, i, dy, j, dx, k, n);
    }

    private static void backward(float[] x, int i, float[] dy, int j, float[] dx, int k, int n) {
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector.fromArray(F, dy, j + e).mul(slope(FloatVector.fromArray(F, x, i + e))).intoArray(dx, k + e);
        }
        if (whole < n) {
            VectorMask<Float> rest = F.indexInRange(whole, n);
            FloatVector v = FloatVector.fromArray(F, x, i + whole, rest);
            FloatVector.fromArray(F, dy, j + whole, rest).mul(slope(v)).intoArray(dx, k + whole, rest);
        }
    }

    private static FloatVector slope(FloatVector x) {
        FloatVector sigma = VectorMath.sigmoid(x);
        return x.fma(all(1f).sub(sigma), all(1f)).mul(sigma);
    }
}
