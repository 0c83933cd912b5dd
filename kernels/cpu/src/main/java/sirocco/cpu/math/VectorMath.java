package sirocco.cpu.math;

import static sirocco.cpu.Simd.all;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The exponential of a float32 vector.
 *
 * <p>The polynomial is a minimax fit (Remez, weighted for relative error) on the reduced range, its coefficients rounded to float32. Clamping is
 * by compare and blend: {@code FloatVector.min} must order NaN and costs three times as much. To be used in small loops only, for
 * the reason given at {@link Sigmoids}.
 */
public final class VectorMath {
    /** 1.5 · 2^23: added to a float of magnitude below 2^22 it leaves the nearest integer in the low bits. */
    private static final float ROUND = 0x1.8p23f;
    private static final float LOG2_E = 1.44269504f;
    /** ln 2 as the sum of a float32 and its rest; products with the former are exact inside an fma. */
    private static final float LN_2 = 0.693147182f;
    private static final float LN_2_REST = -1.90465430e-9f;

    private VectorMath() { }

    /** e^x, relative error below 2e-7; x is clamped to [−87, 88]; NaN gives NaN. */
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
}
