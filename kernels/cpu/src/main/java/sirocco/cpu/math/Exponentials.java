package sirocco.cpu.math;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The exponential.
 *
 * <p>The polynomial is a minimax fit (Remez, weighted for relative error) on the reduced range, its coefficients rounded to float32. Clamping is
 * by compare and blend: {@code FloatVector.min} must order NaN and costs three times as much. A loop over memory and not a function
 * of a vector for the reason given at {@link Sigmoids}.
 */
public final class Exponentials {
    /** 1.5 · 2^23: added to a float of magnitude below 2^22 it leaves the nearest integer in the low bits. */
    private static final float ROUND = 0x1.8p23f;
    private static final float LOG2_E = 1.44269504f;
    /** ln 2 as the sum of a float32 and its rest; products with the former are exact inside an fma. */
    private static final float LN_2 = 0.693147182f;
    private static final float LN_2_REST = -1.90465430e-9f;

    /** e^x is a normal number from here on. */
    private static final float LOWEST = -87.3f;
    /** And up to here. */
    private static final float HIGHEST = 88.72f;

    private Exponentials() { }

    /**
     * x ← e^(x − shift) for blocks of 16 floats, relative error below 2e-7; x − shift is at most 88, and clamped to −87 from below; NaN gives NaN.
     *
     * @param at the first block, {@code step} floats to the next
     * @param sums where the results are added up, in as many partial sums as a vector has lanes
     */
    public static void shifted(float[] x, int at, int step, int blocks, float shift, int sums) {
        FloatVector low = FloatVector.broadcast(F, -87f);
        FloatVector round = FloatVector.broadcast(F, ROUND);
        FloatVector sum = FloatVector.fromArray(F, x, sums);
        for (int b = 0; b < blocks; b++) {
            for (int v = 0; v < BLOCK; v += LANES) {
                FloatVector t = FloatVector.fromArray(F, x, at + b * step + v).sub(shift);
                t = t.blend(low, t.compare(VectorOperators.LT, low));
                FloatVector rounded = t.fma(FloatVector.broadcast(F, LOG2_E), round);
                FloatVector k = rounded.sub(round);
                FloatVector f = k.fma(FloatVector.broadcast(F, -LN_2_REST), k.fma(FloatVector.broadcast(F, -LN_2), t));
                FloatVector q = FloatVector.broadcast(F, 0.0013814464f).fma(f, FloatVector.broadcast(F, 0.008368781f));
                q = q.fma(f, FloatVector.broadcast(F, 0.041668393f)).fma(f, FloatVector.broadcast(F, 0.1666652f));
                q = q.fma(f, FloatVector.broadcast(F, 0.49999994f)).fma(f.mul(f), f.add(1f));
                q = q.reinterpretAsInts().add(rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23)).reinterpretAsFloats();
                q.intoArray(x, at + b * step + v);
                sum = sum.add(q);
            }
        }
        sum.intoArray(x, sums);
    }

    /** y = e^(scale·x), relative error below 2e-7: 0 where that is below 1e-38, infinite where it is above 3.4e38; NaN gives NaN; y may be x. */
    public static void exp(float[] x, int i, float scale, float[] y, int j, int n) {
        FloatVector low = FloatVector.broadcast(F, LOWEST);
        FloatVector high = FloatVector.broadcast(F, HIGHEST);
        FloatVector round = FloatVector.broadcast(F, ROUND);
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector v = FloatVector.fromArray(F, x, i + e).mul(scale);
            FloatVector t = v.blend(low, v.compare(VectorOperators.LT, low));
            t = t.blend(high, t.compare(VectorOperators.GT, high));
            FloatVector rounded = t.fma(FloatVector.broadcast(F, LOG2_E), round);
            FloatVector k = rounded.sub(round);
            FloatVector f = k.fma(FloatVector.broadcast(F, -LN_2_REST), k.fma(FloatVector.broadcast(F, -LN_2), t));
            FloatVector q = FloatVector.broadcast(F, 0.0013814464f).fma(f, FloatVector.broadcast(F, 0.008368781f));
            q = q.fma(f, FloatVector.broadcast(F, 0.041668393f)).fma(f, FloatVector.broadcast(F, 0.1666652f));
            q = q.fma(f, FloatVector.broadcast(F, 0.49999994f)).fma(f.mul(f), f.add(1f));
            q = q.reinterpretAsInts().add(rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23)).reinterpretAsFloats();
            q = q.blend(0f, v.compare(VectorOperators.LT, low));
            q.blend(Float.POSITIVE_INFINITY, v.compare(VectorOperators.GT, high)).intoArray(y, j + e);
        }
        for (int e = whole; e < n; e++) {
            float v = scale * x[i + e];
            y[j + e] = v < LOWEST ? 0f : (float) Math.exp(v);
        }
    }
}
