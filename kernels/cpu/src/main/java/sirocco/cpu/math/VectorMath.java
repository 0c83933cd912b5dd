package sirocco.cpu.math;

import static sirocco.cpu.Simd.all;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import sirocco.cpu.Simd;

/**
 * Elementary functions on float32 vectors. Relative errors are against double precision, over the whole stated range.
 *
 * <p>The polynomials are minimax fits (Remez, weighted for relative error) on the reduced ranges, their coefficients rounded to float32.
 * Clamping is by compare and blend: {@code FloatVector.min} must order NaN and costs three times as much. NaN in, NaN out.
 */
public final class VectorMath {
    /** 1.5 · 2^23: added to a float of magnitude below 2^22 it leaves the nearest integer in the low bits. */
    private static final float ROUND = 0x1.8p23f;
    private static final float LOG2_E = 1.44269504f;
    /** ln 2 as the sum of a float32 and its rest; products with the former are exact inside an fma. */
    private static final float LN_2 = 0.693147182f;
    private static final float LN_2_REST = -1.90465430e-9f;
    /** sqrt(1/2), as bits: where the significand of a logarithm's argument is wrapped. */
    private static final int SQRT_HALF = 0x3f3504f3;

    private VectorMath() { }

    /** e^x, relative error below 2e-7; x is clamped to [−87, 88]. */
    public static FloatVector exp(FloatVector x) {
        x = x.blend(-87f, x.compare(VectorOperators.LT, -87f));
        x = x.blend(88f, x.compare(VectorOperators.GT, 88f));
        FloatVector shifted = x.fma(all(LOG2_E), all(ROUND));
        FloatVector k = shifted.sub(ROUND);
        FloatVector f = k.fma(all(-LN_2_REST), k.fma(all(-LN_2), x));
        FloatVector q = all(0.0013814464f).fma(f, all(0.008368781f)).fma(f, all(0.041668393f)).fma(f, all(0.1666652f))
                .fma(f, all(0.49999994f));
        FloatVector p = q.fma(f.mul(f), f.add(1f));
        IntVector exponent = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
        return p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
    }

    /** 1 / (1 + e^−x), relative error below 4e-7 for x ≥ −87; x is clamped to [−88, 87]. */
    public static FloatVector sigmoid(FloatVector x) {
        return all(1f).div(exp(x.neg()).add(1f));
    }

    /** Natural logarithm of positive normal numbers, relative error below 3e-7. */
    public static FloatVector log(FloatVector x) {
        IntVector bits = x.reinterpretAsInts();
        IntVector exponent = bits.sub(SQRT_HALF).lanewise(VectorOperators.ASHR, 23);
        FloatVector k = (FloatVector) exponent.convertShape(VectorOperators.I2F, Simd.F, 0);
        FloatVector f = bits.sub(exponent.lanewise(VectorOperators.LSHL, 23)).reinterpretAsFloats().sub(1f);
        FloatVector q = all(0.08700446f).fma(f, all(-0.1426749f)).fma(f, all(0.14914766f)).fma(f, all(-0.16577585f))
                .fma(f, all(0.19963063f)).fma(f, all(-0.25001338f)).fma(f, all(0.3333391f));
        FloatVector square = f.mul(f);
        FloatVector rest = q.fma(f.mul(square), square.mul(-0.5f));
        // Small before large: f cancels with k ln 2 nowhere, since f lies in [−0.30, 0.42].
        return k.fma(all(LN_2), k.fma(all(LN_2_REST), rest).add(f));
    }

    /** sin(pi/2 · f) for f in [−1/2, 1/2], relative error below 2e-7. */
    public static FloatVector sinQuarter(FloatVector f, FloatVector square) {
        return all(-0.004601658f).fma(square, all(0.07968003f)).fma(square, all(-0.6459635f)).fma(square, all(1.5707964f)).mul(f);
    }

    /** cos(pi/2 · f) for f in [−1/2, 1/2], relative error below 2e-7. */
    public static FloatVector cosQuarter(FloatVector square) {
        return all(9.0376654e-4f).fma(square, all(-0.020860165f)).fma(square, all(0.25366923f)).fma(square, all(-1.2337005f))
                .fma(square, all(1f));
    }

    /** The number of whole quarter turns nearest to t, |t| below 2^22, in the low bits of the result's bit pattern. */
    public static FloatVector quarters(FloatVector t) {
        return t.add(ROUND);
    }

    /** What is left of t after {@link #quarters}: in [−1/2, 1/2]. */
    public static FloatVector afterQuarters(FloatVector t, FloatVector quarters) {
        return t.sub(quarters.sub(ROUND));
    }

    /** sin(pi/2 · t), |t| below 2^22; absolute error below 1.5e-7 beyond what rounding t costs. */
    public static FloatVector sin(FloatVector t) {
        return turned(t, 0);
    }

    /** cos(pi/2 · t), |t| below 2^22; absolute error below 1.5e-7 beyond what rounding t costs. */
    public static FloatVector cos(FloatVector t) {
        return turned(t, 1);
    }

    /** sin(pi/2 · (t + ahead)): odd quarters take the cosine polynomial, the upper two of four change sign. */
    private static FloatVector turned(FloatVector t, int ahead) {
        FloatVector shifted = quarters(t);
        FloatVector f = afterQuarters(t, shifted);
        FloatVector square = f.mul(f);
        IntVector s = sinQuarter(f, square).reinterpretAsInts();
        IntVector c = cosQuarter(square).reinterpretAsInts();
        IntVector quarter = shifted.reinterpretAsInts().add(ahead);
        IntVector odd = quarter.lanewise(VectorOperators.LSHL, 31).lanewise(VectorOperators.ASHR, 31);
        IntVector chosen = s.lanewise(VectorOperators.XOR, s.lanewise(VectorOperators.XOR, c).and(odd));
        IntVector sign = quarter.and(2).lanewise(VectorOperators.LSHL, 30);
        return chosen.lanewise(VectorOperators.XOR, sign).reinterpretAsFloats();
    }
}
