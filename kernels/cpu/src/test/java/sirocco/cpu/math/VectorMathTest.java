package sirocco.cpu.math;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;
import sirocco.cpu.Simd;

class VectorMathTest {
    private static final int POINTS = 200_000;

    /** Largest error of f against exact over [from, to]: relative, or absolute where {@code floor} is larger than the value. */
    private static double worst(UnaryOperator<FloatVector> f, DoubleUnaryOperator exact, double from, double to, double floor) {
        float[] x = new float[Simd.LANES];
        float[] y = new float[Simd.LANES];
        double worst = 0;
        for (int i = 0; i < POINTS; i += x.length) {
            for (int j = 0; j < x.length; j++) {
                x[j] = (float) (from + (to - from) * (i + j) / (POINTS + x.length));
            }
            f.apply(Simd.load(x, 0)).intoArray(y, 0);
            for (int j = 0; j < x.length; j++) {
                double e = exact.applyAsDouble(x[j]);
                worst = Math.max(worst, Math.abs(y[j] - e) / Math.max(Math.max(floor, Double.MIN_NORMAL), Math.abs(e)));
            }
        }
        return worst;
    }

    private static void below(double bound, double error) {
        assertTrue(error < bound, "error " + error + ", promised " + bound);
    }

    @Test
    void exp() {
        below(2e-7, worst(VectorMath::exp, Math::exp, -87, 88, 0));
        below(2e-7, worst(VectorMath::exp, Math::exp, -1, 1, 0));
    }

    @Test
    void sigmoid() {
        below(4e-7, worst(VectorMath::sigmoid, x -> 1 / (1 + Math.exp(-x)), -87, 87, 0));
        below(4e-7, worst(VectorMath::sigmoid, x -> 1 / (1 + Math.exp(-x)), -3, 3, 0));
    }

    @Test
    void log() {
        below(3e-7, worst(VectorMath::log, Math::log, 0x1p-24, 1, 0));
        below(3e-7, worst(VectorMath::log, Math::log, 0.5, 2, 0));
        below(3e-7, worst(VectorMath::log, Math::log, 1, 1e6, 0));
        below(3e-7, worst(VectorMath::log, Math::log, 1e-36, 1e-30, 0));
    }

    /** Range reduction rounds t − k to nothing, so the argument is exact: the error is the polynomials' and one rounding. */
    @Test
    void sineAndCosine() {
        below(1.5e-7, worst(VectorMath::sin, t -> Math.sin(Math.PI / 2 * t), -9, 9, 1));
        below(1.5e-7, worst(VectorMath::cos, t -> Math.cos(Math.PI / 2 * t), -9, 9, 1));
        below(1.5e-7, worst(VectorMath::sin, t -> Math.sin(Math.PI / 2 * t), -4e4, 4e4, 1));
    }

    @Test
    void extremes() {
        assertTrue(Float.isNaN(VectorMath.sigmoid(Simd.all(Float.NaN)).lane(0)));
        assertTrue(Float.isNaN(VectorMath.exp(Simd.all(Float.NaN)).lane(0)));
        assertEquals(1f, VectorMath.sigmoid(Simd.all(Float.POSITIVE_INFINITY)).lane(0));
        assertEquals(0f, VectorMath.sigmoid(Simd.all(Float.NEGATIVE_INFINITY)).lane(0), 1e-37f);
        assertEquals(1f, VectorMath.exp(Simd.all(0f)).lane(0));
        assertEquals(0f, VectorMath.log(Simd.all(1f)).lane(0));
    }
}
