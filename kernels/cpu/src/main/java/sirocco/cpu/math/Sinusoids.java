package sirocco.cpu.math;

import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Sines and cosines over contiguous floats. The argument less its nearest multiple of π/2, which is subtracted in three parts, is in
 * [−π/4, π/4]; there both are minimax polynomials. Which of them, and its sign, is in the multiple's two lowest bits.
 */
public final class Sinusoids {
    private static final float ROUND = 0x1.8p23f;
    private static final float TWO_OVER_PI = 0.63661975f;
    /** π/2 as a sum of three float32. */
    private static final float HALF_PI = 1.57079637f;
    private static final float HALF_PI_REST = -4.37113883e-8f;
    private static final float HALF_PI_REST_2 = -1.71512489e-15f;
    /** Up to here the reduction is accurate. */
    private static final float LARGEST = 0x1p17f;

    private Sinusoids() { }

    /** y = sin x, error below 2e-7; y may be x. */
    public static void sin(float[] x, int i, float[] y, int j, int n) {
        turned(x, i, y, j, n, 0);
    }

    /** y = cos x, error below 2e-7; y may be x. */
    public static void cos(float[] x, int i, float[] y, int j, int n) {
        turned(x, i, y, j, n, 1);
    }

    /** y = sin(x + quarters · π/2). */
    private static void turned(float[] x, int i, float[] y, int j, int n, int quarters) {
        int whole = within(x, i, n) ? F.loopBound(n) : 0;
        for (int e = 0; e < whole; e += LANES) {
            FloatVector v = FloatVector.fromArray(F, x, i + e);
            FloatVector shifted = v.fma(FloatVector.broadcast(F, TWO_OVER_PI), FloatVector.broadcast(F, ROUND));
            FloatVector k = shifted.sub(ROUND).neg();
            FloatVector r = k.fma(FloatVector.broadcast(F, HALF_PI), v);
            r = k.fma(FloatVector.broadcast(F, HALF_PI_REST), r);
            r = k.fma(FloatVector.broadcast(F, HALF_PI_REST_2), r);
            FloatVector square = r.mul(r);
            FloatVector s = FloatVector.broadcast(F, -0.00019514958f).fma(square, FloatVector.broadcast(F, 0.008332158f))
                    .fma(square, FloatVector.broadcast(F, -0.16666655f)).mul(square).fma(r, r);
            FloatVector c = FloatVector.broadcast(F, 2.4438092e-05f).fma(square, FloatVector.broadcast(F, -0.0013887364f))
                    .fma(square, FloatVector.broadcast(F, 0.041666646f)).fma(square, FloatVector.broadcast(F, -0.5f))
                    .fma(square, FloatVector.broadcast(F, 1f));
            IntVector quarter = shifted.reinterpretAsInts().add(quarters);
            IntVector odd = quarter.lanewise(VectorOperators.LSHL, 31).lanewise(VectorOperators.ASHR, 31);
            IntVector sines = s.reinterpretAsInts();
            IntVector chosen = sines.lanewise(VectorOperators.XOR, sines.lanewise(VectorOperators.XOR, c.reinterpretAsInts()).and(odd));
            IntVector sign = quarter.and(2).lanewise(VectorOperators.LSHL, 30);
            chosen.lanewise(VectorOperators.XOR, sign).reinterpretAsFloats().intoArray(y, j + e);
        }
        for (int e = whole; e < n; e++) {
            y[j + e] = (float) (quarters == 0 ? Math.sin(x[i + e]) : Math.cos(x[i + e]));
        }
    }

    /** Whether no |x| is too large. NaN is not. */
    private static boolean within(float[] x, int i, int n) {
        FloatVector largest = FloatVector.zero(F);
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            largest = largest.max(FloatVector.fromArray(F, x, i + e).abs());
        }
        return !(largest.reduceLanes(VectorOperators.MAX) > LARGEST);
    }
}
