package sirocco.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Functions against their derivatives and known values. */
class UnaryFunctionTest {
    private static final double H = 1e-3;

    /**
     * Central differences of fourth order: their own error, h⁴/30 · f⁽⁵⁾, is below 1e-9 where f⁽⁵⁾ is below 3e4, which it is from 0.5 on; rounding's is
     * 2⁻⁵³ · f / h.
     */
    @ParameterizedTest
    @EnumSource
    void derivativesAreSlopes(UnaryFunction f) {
        boolean positive = f == UnaryFunction.LOG || f == UnaryFunction.SQRT || f == UnaryFunction.RSQRT;
        for (double x = -6.03; x < 6; x += 0.17) {
            if (positive && x < 0.5 || f == UnaryFunction.RECIPROCAL && Math.abs(x) < 0.5) {
                continue;
            }
            double slope = (8 * (f.of(x + H) - f.of(x - H)) - (f.of(x + 2 * H) - f.of(x - 2 * H))) / (12 * H);
            assertEquals(slope, f.derivative(x), 1e-9 * Math.max(1, Math.abs(slope)), f + "'(" + x + ")");
        }
    }

    @Test
    void kinksHaveTheNamedSlope() {
        assertEquals(0, UnaryFunction.RELU.derivative(0));
        assertEquals(0, UnaryFunction.ABS.derivative(0));
        assertEquals(0, UnaryFunction.STEP.derivative(0));
        assertEquals(1, UnaryFunction.STEP.of(0));
        assertEquals(0, UnaryFunction.STEP.of(-Double.MIN_VALUE));
    }

    /** Large arguments neither overflow nor lose the small result. */
    @ParameterizedTest
    @EnumSource(names = {"TANH", "SIGMOID", "SOFTPLUS", "ERF", "SILU", "GELU", "GELU_TANH", "GELU_QUICK"})
    void tailsAreFinite(UnaryFunction f) {
        boolean grows = f != UnaryFunction.TANH && f != UnaryFunction.SIGMOID && f != UnaryFunction.ERF;
        boolean odd = f == UnaryFunction.TANH || f == UnaryFunction.ERF;
        assertEquals(grows ? 800 : 1, f.of(800), 1e-12);
        assertEquals(odd ? -1 : 0, f.of(-800), 1e-12);
        assertEquals(grows ? 1 : 0, f.derivative(800), 1e-12);
        assertEquals(0, f.derivative(-800), 1e-12);
    }

    @Test
    void knownValues() {
        assertEquals(0.8413447460685429, UnaryFunction.GELU.of(1), 1e-15);
        assertEquals(-5 * 2.866515718791939e-7, UnaryFunction.GELU.of(-5), 1e-20); // a tail that 1 + erf would cancel
        assertEquals(0.7310585786300049, UnaryFunction.SILU.of(1), 1e-15);
        assertEquals(Math.log(2), UnaryFunction.SOFTPLUS.of(0), 1e-15);
        assertEquals("GeluTanh", UnaryFunction.GELU_TANH.title());
    }
}
