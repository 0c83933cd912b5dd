package sirocco.cpu.math;

import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Natural logarithms over contiguous floats. With x = 2^k (1 + f), f in [−0.30, 0.42]: ln x = k ln 2 + f − f²/2 + f³ q(f), q a minimax fit.
 */
public final class Logarithms {
    private static final float LN_2 = 0.693147182f;
    private static final float LN_2_REST = -1.90465430e-9f;
    /** sqrt(1/2), as bits: where the significand of a logarithm's argument is wrapped. */
    private static final int SQRT_HALF = 0x3f3504f3;
    /** Below it a float has fewer significant bits. */
    private static final float SMALLEST = 0x1p-126f;
    private static final float ENLARGE = 0x1p25f;
    private static final float ENLARGED = 25;

    private Logarithms() { }

    /** y = ln x, relative error below 5e-7: −∞ of 0, NaN below 0; y may be x. */
    public static void log(float[] x, int i, float[] y, int j, int n) {
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector v = FloatVector.fromArray(F, x, i + e);
            var small = v.compare(VectorOperators.LT, SMALLEST);
            IntVector bits = v.blend(v.mul(ENLARGE), small).reinterpretAsInts();
            IntVector exponent = bits.sub(SQRT_HALF).lanewise(VectorOperators.ASHR, 23);
            FloatVector k = (FloatVector) exponent.convertShape(VectorOperators.I2F, F, 0);
            FloatVector f = bits.sub(exponent.lanewise(VectorOperators.LSHL, 23)).reinterpretAsFloats().sub(1f);
            k = k.blend(k.sub(ENLARGED), small);
            FloatVector q = FloatVector.broadcast(F, 0.08700446f).fma(f, FloatVector.broadcast(F, -0.1426749f));
            q = q.fma(f, FloatVector.broadcast(F, 0.14914766f)).fma(f, FloatVector.broadcast(F, -0.16577585f));
            q = q.fma(f, FloatVector.broadcast(F, 0.19963063f)).fma(f, FloatVector.broadcast(F, -0.25001338f));
            q = q.fma(f, FloatVector.broadcast(F, 0.3333391f));
            FloatVector square = f.mul(f);
            FloatVector rest = q.fma(f.mul(square), square.mul(-0.5f));
            rest = k.fma(FloatVector.broadcast(F, LN_2_REST), rest).add(f);
            FloatVector log = k.fma(FloatVector.broadcast(F, LN_2), rest);
            log = log.blend(Float.NEGATIVE_INFINITY, v.compare(VectorOperators.EQ, 0f));
            log = log.blend(Float.NaN, v.compare(VectorOperators.LT, 0f));
            // Infinity and NaN are their own logarithms.
            log.blend(v, v.compare(VectorOperators.LE, Float.MAX_VALUE).not()).intoArray(y, j + e);
        }
        for (int e = whole; e < n; e++) {
            y[j + e] = (float) Math.log(x[i + e]);
        }
    }
}
