package sirocco.cpu.math;

import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The logistic function, SiLU and its gradient over contiguous floats.
 *
 * <p>The exponential of {@link Exponentials} is written out in both loops. A method of ours inside a loop is inlined only while the compiler's
 * budget lasts; past it, vectors are passed in boxes, thousands of them a run. The vector API's own methods are inlined always.
 */
public final class Sigmoids {
    private static final float ROUND = 0x1.8p23f;
    private static final float LOG2_E = 1.44269504f;
    private static final float LN_2 = 0.693147182f;
    private static final float LN_2_REST = -1.90465430e-9f;

    private Sigmoids() { }

    /** y = x · sigma(x), relative error below 5e-7 for x ≥ −87, below which it is 1e-38 of x at most; y may be x. */
    public static void silu(float[] x, int i, float[] y, int j, int n) {
        FloatVector one = FloatVector.broadcast(F, 1f);
        FloatVector low = FloatVector.broadcast(F, -87f);
        FloatVector high = FloatVector.broadcast(F, 88f);
        FloatVector round = FloatVector.broadcast(F, ROUND);
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector v = FloatVector.fromArray(F, x, i + e);
            FloatVector t = v.neg();
            t = t.blend(low, t.compare(VectorOperators.LT, low));
            t = t.blend(high, t.compare(VectorOperators.GT, high));
            FloatVector shifted = t.fma(FloatVector.broadcast(F, LOG2_E), round);
            FloatVector k = shifted.sub(round);
            FloatVector f = k.fma(FloatVector.broadcast(F, -LN_2_REST), k.fma(FloatVector.broadcast(F, -LN_2), t));
            FloatVector q = FloatVector.broadcast(F, 0.0013814464f).fma(f, FloatVector.broadcast(F, 0.008368781f));
            q = q.fma(f, FloatVector.broadcast(F, 0.041668393f)).fma(f, FloatVector.broadcast(F, 0.1666652f));
            q = q.fma(f, FloatVector.broadcast(F, 0.49999994f)).fma(f.mul(f), f.add(one));
            q = q.reinterpretAsInts().add(shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23)).reinterpretAsFloats();
            v.div(q.add(one)).intoArray(y, j + e);
        }
        for (int e = whole; e < n; e++) {
            double v = x[i + e];
            y[j + e] = (float) (v / (1 + Math.exp(-v)));
        }
    }

    /** dx = dy · s · (1 + x · (1 − s)), s = sigma(x); error below 1e-6 of dy; dx may be x or dy. */
    public static void gradient(float[] x, int i, float[] dy, int j, float[] dx, int k, int n) {
        FloatVector one = FloatVector.broadcast(F, 1f);
        FloatVector low = FloatVector.broadcast(F, -87f);
        FloatVector high = FloatVector.broadcast(F, 88f);
        FloatVector round = FloatVector.broadcast(F, ROUND);
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector v = FloatVector.fromArray(F, x, i + e);
            FloatVector t = v.neg();
            t = t.blend(low, t.compare(VectorOperators.LT, low));
            t = t.blend(high, t.compare(VectorOperators.GT, high));
            FloatVector shifted = t.fma(FloatVector.broadcast(F, LOG2_E), round);
            FloatVector k2 = shifted.sub(round);
            FloatVector f = k2.fma(FloatVector.broadcast(F, -LN_2_REST), k2.fma(FloatVector.broadcast(F, -LN_2), t));
            FloatVector q = FloatVector.broadcast(F, 0.0013814464f).fma(f, FloatVector.broadcast(F, 0.008368781f));
            q = q.fma(f, FloatVector.broadcast(F, 0.041668393f)).fma(f, FloatVector.broadcast(F, 0.1666652f));
            q = q.fma(f, FloatVector.broadcast(F, 0.49999994f)).fma(f.mul(f), f.add(one));
            q = q.reinterpretAsInts().add(shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23)).reinterpretAsFloats();
            FloatVector sigma = one.div(q.add(one));
            FloatVector slope = v.fma(one.sub(sigma), one).mul(sigma);
            FloatVector.fromArray(F, dy, j + e).mul(slope).intoArray(dx, k + e);
        }
        for (int e = whole; e < n; e++) {
            double sigma = 1 / (1 + Math.exp(-x[i + e]));
            dx[k + e] = (float) (dy[j + e] * sigma * (1 + x[i + e] * (1 - sigma)));
        }
    }

    /** y = sigma(scale·x), relative error below 5e-7 where scale·x ≥ −87, below which it is 1e-38; y may be x. */
    public static void sigmoid(float[] x, int i, float scale, float[] y, int j, int n) {
        FloatVector one = FloatVector.broadcast(F, 1f);
        FloatVector low = FloatVector.broadcast(F, -87f);
        FloatVector high = FloatVector.broadcast(F, 88f);
        FloatVector round = FloatVector.broadcast(F, ROUND);
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector t = FloatVector.fromArray(F, x, i + e).mul(-scale);
            t = t.blend(low, t.compare(VectorOperators.LT, low));
            t = t.blend(high, t.compare(VectorOperators.GT, high));
            FloatVector shifted = t.fma(FloatVector.broadcast(F, LOG2_E), round);
            FloatVector k = shifted.sub(round);
            FloatVector f = k.fma(FloatVector.broadcast(F, -LN_2_REST), k.fma(FloatVector.broadcast(F, -LN_2), t));
            FloatVector q = FloatVector.broadcast(F, 0.0013814464f).fma(f, FloatVector.broadcast(F, 0.008368781f));
            q = q.fma(f, FloatVector.broadcast(F, 0.041668393f)).fma(f, FloatVector.broadcast(F, 0.1666652f));
            q = q.fma(f, FloatVector.broadcast(F, 0.49999994f)).fma(f.mul(f), f.add(one));
            q = q.reinterpretAsInts().add(shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23)).reinterpretAsFloats();
            one.div(q.add(one)).intoArray(y, j + e);
        }
        for (int e = whole; e < n; e++) {
            y[j + e] = (float) (1 / (1 + Math.exp(-(double) scale * x[i + e])));
        }
    }
}
