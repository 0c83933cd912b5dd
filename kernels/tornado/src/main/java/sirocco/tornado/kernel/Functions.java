package sirocco.tornado.kernel;

import sirocco.api.BinaryFunction;
import sirocco.api.UnaryFunction;
import uk.ac.manchester.tornado.api.math.TornadoMath;

/**
 * {@link UnaryFunction} and {@link BinaryFunction} in float32, by their ordinal. Inlined into kernels, where the ordinal is a constant, so that one branch
 * is left.
 */
final class Functions {
    private static final int EXP = UnaryFunction.EXP.ordinal();
    private static final int LOG = UnaryFunction.LOG.ordinal();
    private static final int SQRT = UnaryFunction.SQRT.ordinal();
    private static final int RSQRT = UnaryFunction.RSQRT.ordinal();
    private static final int SQUARE = UnaryFunction.SQUARE.ordinal();
    private static final int RECIPROCAL = UnaryFunction.RECIPROCAL.ordinal();
    private static final int ABS = UnaryFunction.ABS.ordinal();
    private static final int SIN = UnaryFunction.SIN.ordinal();
    private static final int COS = UnaryFunction.COS.ordinal();
    private static final int TANH = UnaryFunction.TANH.ordinal();
    private static final int SIGMOID = UnaryFunction.SIGMOID.ordinal();
    private static final int SOFTPLUS = UnaryFunction.SOFTPLUS.ordinal();
    private static final int ERF = UnaryFunction.ERF.ordinal();
    private static final int RELU = UnaryFunction.RELU.ordinal();
    private static final int SILU = UnaryFunction.SILU.ordinal();
    private static final int GELU = UnaryFunction.GELU.ordinal();
    private static final int GELU_TANH = UnaryFunction.GELU_TANH.ordinal();
    private static final int GELU_QUICK = UnaryFunction.GELU_QUICK.ordinal();

    private static final int ADD = BinaryFunction.ADD.ordinal();
    private static final int SUBTRACT = BinaryFunction.SUBTRACT.ordinal();
    private static final int MULTIPLY = BinaryFunction.MULTIPLY.ordinal();
    private static final int DIVIDE = BinaryFunction.DIVIDE.ordinal();
    private static final int MINIMUM = BinaryFunction.MINIMUM.ordinal();

    private static final float SQRT_2_OVER_PI = 0.79788456f;
    private static final float SQRT_HALF = 0.70710678f;
    private static final float TWO_OVER_SQRT_PI = 1.1283792f;
    private static final float NORMAL_DENSITY = 0.39894228f;
    private static final float CUBIC = 0.044715f;
    private static final float QUICK = 1.702f;

    private Functions() { }

    /** f(x). */
    static float of(int function, float x) {
        if (function == EXP) {
            return TornadoMath.exp(x);
        }
        if (function == LOG) {
            return TornadoMath.log(x);
        }
        if (function == SQRT) {
            return TornadoMath.sqrt(x);
        }
        if (function == RSQRT) {
            return 1 / TornadoMath.sqrt(x);
        }
        if (function == SQUARE) {
            return x * x;
        }
        if (function == RECIPROCAL) {
            return 1 / x;
        }
        if (function == ABS) {
            return TornadoMath.abs(x);
        }
        if (function == SIN) {
            return TornadoMath.sin(x);
        }
        if (function == COS) {
            return TornadoMath.cos(x);
        }
        if (function == TANH) {
            return TornadoMath.tanh(x);
        }
        if (function == SIGMOID) {
            return sigmoid(x);
        }
        if (function == SOFTPLUS) {
            return softplus(x);
        }
        if (function == ERF) {
            return ErrorFunction.erf(x);
        }
        if (function == RELU) {
            return x < 0 ? 0 : x;
        }
        if (function == SILU) {
            return x / (1 + TornadoMath.exp(-x));
        }
        if (function == GELU) {
            return x * normal(x);
        }
        if (function == GELU_TANH) {
            return 0.5f * x * (1 + TornadoMath.tanh(SQRT_2_OVER_PI * (x + CUBIC * x * x * x)));
        }
        if (function == GELU_QUICK) {
            return x * sigmoid(QUICK * x);
        }
        return x >= 0 ? 1 : 0;
    }

    /** f′(x). */
    static float slope(int function, float x) {
        if (function == EXP) {
            return TornadoMath.exp(x);
        }
        if (function == LOG) {
            return 1 / x;
        }
        if (function == SQRT) {
            return 0.5f / TornadoMath.sqrt(x);
        }
        if (function == RSQRT) {
            return -0.5f / (x * TornadoMath.sqrt(x));
        }
        if (function == SQUARE) {
            return 2 * x;
        }
        if (function == RECIPROCAL) {
            return -1 / (x * x);
        }
        if (function == ABS) {
            return x > 0 ? 1 : x < 0 ? -1 : x;
        }
        if (function == SIN) {
            return TornadoMath.cos(x);
        }
        if (function == COS) {
            return -TornadoMath.sin(x);
        }
        if (function == TANH) {
            float t = TornadoMath.tanh(x);
            return (1 - t) * (1 + t);
        }
        if (function == SIGMOID) {
            return sigmoid(x) * sigmoid(-x);
        }
        if (function == SOFTPLUS) {
            return sigmoid(x);
        }
        if (function == ERF) {
            return TWO_OVER_SQRT_PI * TornadoMath.exp(-x * x);
        }
        if (function == RELU) {
            return x > 0 ? 1 : 0;
        }
        if (function == SILU) {
            float sigma = sigmoid(x);
            return sigma * (1 + x * (1 - sigma));
        }
        if (function == GELU) {
            return normal(x) + x * NORMAL_DENSITY * TornadoMath.exp(-0.5f * x * x);
        }
        if (function == GELU_TANH) {
            float t = TornadoMath.tanh(SQRT_2_OVER_PI * (x + CUBIC * x * x * x));
            return 0.5f * (1 + t) + 0.5f * x * (1 - t) * (1 + t) * SQRT_2_OVER_PI * (1 + 3 * CUBIC * x * x);
        }
        if (function == GELU_QUICK) {
            return sigmoid(QUICK * x) * (1 + QUICK * x * sigmoid(-QUICK * x));
        }
        return 0;
    }

    /** f(a, b). Minimum and maximum are NaN if an operand is. */
    static float of(int function, float a, float b) {
        if (function == ADD) {
            return a + b;
        }
        if (function == SUBTRACT) {
            return a - b;
        }
        if (function == MULTIPLY) {
            return a * b;
        }
        if (function == DIVIDE) {
            return a / b;
        }
        if (function == MINIMUM) {
            return a < b || a != a ? a : b;
        }
        return larger(a, b);
    }

    /** The larger one; NaN if one is. */
    static float larger(float a, float b) {
        return a > b || a != a ? a : b;
    }

    private static float sigmoid(float x) {
        return 1 / (1 + TornadoMath.exp(-x));
    }

    /** max(x, 0) + ln(1 + t), t = exp(−|x|): the quotient takes back the rounding of 1 + t (Goldberg 1991, theorem 4). */
    private static float softplus(float x) {
        float t = TornadoMath.exp(-TornadoMath.abs(x));
        float u = 1 + t;
        float logarithm = u == 1 ? t : TornadoMath.log(u) * t / (u - 1);
        return (x > 0 ? x : 0) + logarithm;
    }

    /** The standard normal distribution function. */
    private static float normal(float x) {
        return ErrorFunction.half(SQRT_HALF * x);
    }
}
