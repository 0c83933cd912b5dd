package sirocco.cpu.math;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import sirocco.api.UnaryFunction;

/** Errors of functions and derivatives, with what is left of a vector, and what they make of extremes. */
class FunctionsTest {
    private static final int POINTS = 100_003;

    private static float[] points(double from, double to) {
        float[] x = new float[POINTS];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) (from + (to - from) * i / (POINTS - 1));
        }
        return x;
    }

    private static float[] apply(UnaryFunction f, float[] x) {
        float[] y = new float[x.length + 3];
        Functions.apply(f, x, 0, y, 2, x.length);
        assertEquals(0f, y[0] + y[1] + y[y.length - 1], "writes beyond its part");
        return Arrays.copyOfRange(y, 2, y.length - 1);
    }

    /** {@code floor} is what an error is relative to where the function is smaller. */
    @ParameterizedTest
    @CsvSource({
        "EXP, -87, 88, 0, 4e-7", "EXP, -1, 1, 0, 2e-7", "LOG, 1e-3, 4, 0, 5e-7", "LOG, 1, 1e30, 0, 2e-7", "LOG, 1e-40, 1e-38, 0, 2e-7",
        "SQRT, 0, 100, 0, 1e-7", "RSQRT, 1e-3, 100, 0, 2e-7", "SQUARE, -9, 9, 0, 1e-7", "RECIPROCAL, 0.01, 9, 0, 1e-7", "ABS, -9, 9, 0, 0",
        "SIN, -10, 10, 1, 2e-7", "SIN, -100000, 100000, 1, 2e-7", "SIN, -0.5, 0.5, 0, 2e-7", "SIN, 1e6, 1e9, 1, 1e-7", "COS, -10, 10, 1, 2e-7",
        "COS, -100000, 100000, 1, 2e-7", "TANH, -30, 30, 0, 4e-7", "TANH, -1, 1, 0, 4e-7", "SIGMOID, -80, 80, 0, 5e-7", "SOFTPLUS, -80, 80, 0, 6e-7",
        "SOFTPLUS, -3, 3, 0, 6e-7", "ERF, -5, 5, 0, 4e-7", "ERF, -1, 1, 0, 4e-7", "RELU, -9, 9, 0, 0", "SILU, -80, 80, 0, 5e-7", "GELU, -9, 9, 1, 4e-7",
        "GELU_TANH, -9, 9, 1, 4e-7", "GELU_QUICK, -9, 9, 1, 4e-7", "STEP, -9, 9, 0, 0"})
    void isAccurate(UnaryFunction f, double from, double to, double floor, double bound) {
        float[] x = points(from, to);
        float[] y = apply(f, x);
        for (int i = 0; i < x.length; i++) {
            double exact = f.of(x[i]);
            double error = Math.abs(y[i] - exact) / Math.max(Math.max(floor, Double.MIN_NORMAL), Math.abs(exact));
            assertTrue(error <= bound, f + "(" + x[i] + ") = " + y[i] + ", expected " + exact + ": error " + error + ", promised " + bound);
        }
    }

    @ParameterizedTest
    @EnumSource
    void derivativesAreAccurate(UnaryFunction f) {
        boolean positive = switch (f) {
            case LOG, SQRT, RSQRT, RECIPROCAL -> true;
            default -> false;
        };
        float[] x = points(positive ? 0.05 : -12, 12);
        float[] dy = new float[x.length];
        Arrays.fill(dy, -2);
        float[] dx = new float[x.length];
        Functions.gradient(f, x, 0, dy, 0, dx, 0, x.length, new float[x.length]);
        for (int i = 0; i < x.length; i++) {
            double exact = -2 * f.derivative(x[i]);
            double error = Math.abs(dx[i] - exact) / Math.max(2, Math.abs(exact));
            // Differences of roundings of terms up to |x|, and of an exponential of x².
            assertTrue(error <= 1.5e-6, f + "′(" + x[i] + ")·−2 = " + dx[i] + ", expected " + exact + ": error " + error);
        }
    }

    /** As the definition has it, up to float32's range. */
    @ParameterizedTest
    @EnumSource
    void extremes(UnaryFunction f) {
        float[] x = {Float.NaN, Float.POSITIVE_INFINITY, 0f, 1e-30f, 300f, -300f, Float.NEGATIVE_INFINITY, -0f, 1f, 2f, 3f, 4f, 5f, 6f, 7f, 8f};
        float[] y = apply(f, x);
        for (int i = 0; i < x.length; i++) {
            float exact = (float) f.of(x[i]);
            boolean gated = f == UnaryFunction.SILU || f.name().startsWith("GELU");
            if (f == UnaryFunction.STEP && Float.isNaN(x[i]) || gated && x[i] == Float.NEGATIVE_INFINITY && Float.isNaN(exact)) {
                continue; // −∞ · 0
            }
            if (Float.isNaN(exact)) {
                assertTrue(Float.isNaN(y[i]), f + "(" + x[i] + ") = " + y[i] + ", expected NaN");
            } else {
                assertEquals(exact, y[i], 1e-6 * Math.max(1, Float.isInfinite(exact) ? 1 : Math.abs(exact)), f + "(" + x[i] + ")");
            }
        }
    }

    @Test
    void anEmptyPartIsLeftAlone() {
        float[] y = {1};
        Functions.apply(UnaryFunction.EXP, new float[1], 0, y, 0, 0);
        assertEquals(1f, y[0]);
    }
}
