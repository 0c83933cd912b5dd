package sirocco.cpu.math;

import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The hyperbolic tangent over contiguous floats: an odd minimax polynomial for |x| &lt; 0.6, and 1 − 2/(e^(2|x|) + 1) with x's sign from there on. The
 * exponential is that of {@link Exponentials}, written out for the reason given at {@link Sigmoids}.
 */
public final class Tanh {
    private static final float ROUND = 0x1.8p23f;
    private static final float LOG2_E = 1.44269504f;
    private static final float LN_2 = 0.693147182f;
    private static final float LN_2_REST = -1.90465430e-9f;
    private static final float SMALL = 0.6f;
    /** tanh is 1 from here on. */
    private static final float LARGE = 20f;

    private Tanh() { }

    /** y = tanh x, relative error below 4e-7; y may be x. */
    public static void tanh(float[] x, int i, float[] y, int j, int n) {
        FloatVector one = FloatVector.broadcast(F, 1f);
        FloatVector large = FloatVector.broadcast(F, LARGE);
        FloatVector round = FloatVector.broadcast(F, ROUND);
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector v = FloatVector.fromArray(F, x, i + e);
            FloatVector size = v.abs();
            FloatVector t = size.blend(large, size.compare(VectorOperators.GT, large)).mul(2f);
            FloatVector shifted = t.fma(FloatVector.broadcast(F, LOG2_E), round);
            FloatVector k = shifted.sub(round);
            FloatVector f = k.fma(FloatVector.broadcast(F, -LN_2_REST), k.fma(FloatVector.broadcast(F, -LN_2), t));
            FloatVector q = FloatVector.broadcast(F, 0.0013814464f).fma(f, FloatVector.broadcast(F, 0.008368781f));
            q = q.fma(f, FloatVector.broadcast(F, 0.041668393f)).fma(f, FloatVector.broadcast(F, 0.1666652f));
            q = q.fma(f, FloatVector.broadcast(F, 0.49999994f)).fma(f.mul(f), f.add(one));
            q = q.reinterpretAsInts().add(shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23)).reinterpretAsFloats();
            FloatVector far = one.sub(FloatVector.broadcast(F, 2f).div(q.add(one)));
            far = far.blend(far.neg(), v.compare(VectorOperators.LT, 0f));
            FloatVector square = v.mul(v);
            FloatVector p = FloatVector.broadcast(F, -0.005895158f).fma(square, FloatVector.broadcast(F, 0.020795971f));
            p = p.fma(square, FloatVector.broadcast(F, -0.05378383f)).fma(square, FloatVector.broadcast(F, 0.13331924f));
            p = p.fma(square, FloatVector.broadcast(F, -0.333333f)).mul(square).fma(v, v);
            far.blend(p, size.compare(VectorOperators.LT, SMALL)).intoArray(y, j + e);
        }
        for (int e = whole; e < n; e++) {
            y[j + e] = (float) Math.tanh(x[i + e]);
        }
    }
}
