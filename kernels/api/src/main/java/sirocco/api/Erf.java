package sirocco.api;

/**
 * The error function in double precision, to a relative error below 1e-15: its Taylor series up to 1, the continued fraction of erfc beyond
 * (Abramowitz &amp; Stegun 1964, 7.1.6 and 7.1.14).
 */
final class Erf {
    private static final double SERIES_UP_TO = 1;
    /** The continued fraction converges to 2⁻⁵³ in some {@code LEAST + AT_ONE / x²} terms. */
    private static final int LEAST = 20;
    private static final int AT_ONE = 280;

    private Erf() { }

    static double of(double x) {
        return Math.abs(x) < SERIES_UP_TO ? series(x) : x > 0 ? 1 - fraction(x) : fraction(-x) - 1;
    }

    /** 1 − erf(x), without cancellation for large x. */
    static double complement(double x) {
        if (Double.isNaN(x)) {
            return x;
        }
        return x < SERIES_UP_TO ? 1 - of(x) : fraction(x);
    }

    /** 2/√π · exp(−x²) · Σ 2ᵏ x²ᵏ⁺¹ / (1·3·…·(2k+1)): all terms have one sign. */
    private static double series(double x) {
        double term = x;
        double sum = x;
        for (int k = 1; Math.abs(term) > Math.abs(sum) * 1e-17; k++) {
            term *= 2 * x * x / (2 * k + 1);
            sum += term;
        }
        return 2 / Math.sqrt(Math.PI) * gaussian(x) * sum;
    }

    /** erfc(x) = exp(−x²)/√π · 1/(x + ½/(x + 1/(x + 3⁄2/(x + …)))), x ≥ 1. */
    private static double fraction(double x) {
        double tail = x;
        for (int k = LEAST + (int) (AT_ONE / (x * x)); k > 0; k--) {
            tail = x + k / 2.0 / tail;
        }
        return gaussian(x) / (Math.sqrt(Math.PI) * tail);
    }

    /** exp(−x²), with the rounding error of x² taken back: it is x²·2⁻⁵³, which exp makes a relative error. */
    private static double gaussian(double x) {
        double square = x * x;
        double error = Math.fma(x, x, -square);
        return Double.isFinite(square) ? Math.exp(-square) * (1 - error) : 0;
    }
}
