package sirocco.api;

/**
 * The error function in double precision: its Taylor series about 0 where that converges without cancellation, the continued fraction of erfc beyond
 * (Abramowitz &amp; Stegun 1964, 7.1.6 and 7.1.14).
 */
final class Erf {
    private static final double SERIES_UP_TO = 2.5;
    private static final int FRACTIONS = 80;

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
        return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
    }

    /** erfc(x) = exp(−x²)/√π · 1/(x + ½/(x + 1/(x + 3⁄2/(x + …)))), x ≥ {@value #SERIES_UP_TO}. */
    private static double fraction(double x) {
        double tail = x;
        for (int k = FRACTIONS; k > 0; k--) {
            tail = x + k / 2.0 / tail;
        }
        return Math.exp(-x * x) / (Math.sqrt(Math.PI) * tail);
    }
}
