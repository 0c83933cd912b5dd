package sirocco.api;

import java.util.Locale;

/** Functions of one number, defined in double precision. */
public enum UnaryFunction {
    EXP, LOG, SQRT, RSQRT, SQUARE, RECIPROCAL, ABS, SIN, COS, TANH, SIGMOID, SOFTPLUS, ERF,
    /** max(x, 0). */
    RELU,
    /** x·σ(x) (Elfwing et al. 2018). */
    SILU,
    /** x·Φ(x), Φ being the standard normal distribution function (Hendrycks &amp; Gimpel 2016). */
    GELU,
    /** GELU by tanh: x/2 · (1 + tanh(√(2/π)·(x + 0.044715·x³))). */
    GELU_TANH,
    /** x·σ(1.702·x). */
    GELU_QUICK,
    /** 1 where x ≥ 0, else 0. */
    STEP;

    private static final double SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);
    private static final double CUBIC = 0.044715;
    private static final double QUICK = 1.702;

    /** f(x). */
    public double of(double x) {
        return switch (this) {
            case EXP -> Math.exp(x);
            case LOG -> Math.log(x);
            case SQRT -> Math.sqrt(x);
            case RSQRT -> 1 / Math.sqrt(x);
            case SQUARE -> x * x;
            case RECIPROCAL -> 1 / x;
            case ABS -> Math.abs(x);
            case SIN -> Math.sin(x);
            case COS -> Math.cos(x);
            case TANH -> Math.tanh(x);
            case SIGMOID -> sigmoid(x);
            case SOFTPLUS -> Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
            case ERF -> Erf.of(x);
            case RELU -> Math.max(x, 0);
            case SILU -> x * sigmoid(x);
            case GELU -> x * normal(x);
            case GELU_TANH -> 0.5 * x * (1 + Math.tanh(SQRT_2_OVER_PI * (x + CUBIC * x * x * x)));
            case GELU_QUICK -> x * sigmoid(QUICK * x);
            case STEP -> x >= 0 ? 1 : 0;
        };
    }

    /** f′(x); 0 at 0 where it jumps there. */
    public double derivative(double x) {
        return switch (this) {
            case EXP -> Math.exp(x);
            case LOG -> 1 / x;
            case SQRT -> 0.5 / Math.sqrt(x);
            case RSQRT -> -0.5 / (x * Math.sqrt(x));
            case SQUARE -> 2 * x;
            case RECIPROCAL -> -1 / (x * x);
            case ABS -> Math.signum(x);
            case SIN -> Math.cos(x);
            case COS -> -Math.sin(x);
            case TANH -> {
                double t = Math.tanh(x);
                yield (1 - t) * (1 + t);
            }
            case SIGMOID -> sigmoid(x) * sigmoid(-x);
            case SOFTPLUS -> sigmoid(x);
            case ERF -> 2 / Math.sqrt(Math.PI) * Math.exp(-x * x);
            case RELU -> x > 0 ? 1 : 0;
            case SILU -> sigmoid(x) * (1 + x * sigmoid(-x));
            case GELU -> normal(x) + x * Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
            case GELU_TANH -> {
                double t = Math.tanh(SQRT_2_OVER_PI * (x + CUBIC * x * x * x));
                yield 0.5 * (1 + t) + 0.5 * x * (1 - t) * (1 + t) * SQRT_2_OVER_PI * (1 + 3 * CUBIC * x * x);
            }
            case GELU_QUICK -> sigmoid(QUICK * x) * (1 + QUICK * x * sigmoid(-QUICK * x));
            case STEP -> 0;
        };
    }

    /** As in {@code GeluTanh}. */
    public String title() {
        StringBuilder title = new StringBuilder();
        for (String word : name().split("_")) {
            title.append(word.charAt(0)).append(word.substring(1).toLowerCase(Locale.ROOT));
        }
        return title.toString();
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    private static double normal(double x) {
        return 0.5 * Erf.complement(-x / Math.sqrt(2));
    }
}
