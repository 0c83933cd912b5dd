package sirocco.testkit;

import java.util.Optional;
import sirocco.api.Settings.Precision;
import sirocco.api.Value;

/**
 * How far from the double-precision reference a float32 result may be. All tolerances of the contract are made here.
 *
 * <p>With u = 2⁻²⁴, half the gap between neighbouring float32 numbers at 1: rounding a number changes it by at most u of its size, and a
 * sum of K rounded terms of random sign is off by about u·√(K/6) of its own rms size (each partial sum is rounded; the errors add up like a
 * random walk). That, and not the worst case K·u, is what is seen, so tolerances grow with √K. In front stands a factor for how the
 * algorithm amplifies it; a wrong formula, a lost element or a wrong neighbour is off by thousands of times more.
 *
 * <p>An array passes if both hold:
 * <pre>
 *   ‖out − ref‖₂ ≤ relative · max(‖ref‖₂, scale · √n)
 *   |out_i − ref_i| ≤ {@value #PEAK} · relative · (max(rms(ref), scale) + |ref_i|)   for every element
 * </pre>
 * The peak of a few thousand normally distributed errors is 4 of their rms, and errors of Winograd's tiles differ 2 times by position.
 *
 * @param relative to the size of the result
 * @param scale the size that the result would have without cancellation, where it may by chance, or by its nature, be much smaller: an
 *     error relative to what was cancelled cannot be avoided. 0 where nothing cancels
 */
public record Tolerance(double relative, double scale) {
    /** Unit roundoff of float32. */
    public static final double U = 0x1p-24;

    static final int PEAK = 8;

    /** In a step that rounds more coarsely than float32: two factors of a product, and the sum. */
    private static final int ROUNDINGS = 3;

    /** Of a whole case: norms and the mean of a loss keep a network's roundings from growing further. */
    private static final int MOST_ROUNDINGS = 12;

    /** Nothing is computed, only moved or counted. */
    public static final Tolerance EXACT = new Tolerance(0, 0);

    /** One rounding. */
    public static Tolerance rounded(double scale) {
        return new Tolerance(U, scale);
    }

    /** A formula for each element by itself: a few roundings, and an exponential, logarithm, sine or root by polynomial (up to 6e-7 at worst). */
    public static Tolerance elementwise(double scale) {
        return new Tolerance(6 * U, scale);
    }

    /**
     * Convolution: sums of {@code terms} products of rms size 1/√terms · {@code scale}. 6 √terms is 15 times the plain sum's error: what
     * F(4×4,3×3) of Winograd makes of it, about (Barabasz et al. 2020 measure it for each choice of points). The rest is for its transforms,
     * which round however short the sum.
     */
    public static Tolerance convolution(long terms, double scale) {
        return new Tolerance((6 * Math.sqrt(terms) + 12) * U, scale);
    }

    /** A plain sum of {@code terms} numbers: 5 times the error of the random walk, for terms that are rounded products themselves. */
    public static Tolerance sum(long terms, double scale) {
        return new Tolerance((2 * Math.sqrt(terms) + 4) * U, scale);
    }

    /**
     * GroupNorm: mean and variance are sums, and the mean's rounding u·|mean| is divided by the standard deviation.
     *
     * @param offset |mean| / √(variance + eps), at most; a variance found as E[x²] − E[x]² would err by offset² · u, and does not pass
     */
    public static Tolerance groupNorm(double offset, double scale) {
        return new Tolerance((16 + 4 * offset) * U, scale);
    }

    /** Gradients of GroupNorm: the same, and a sum of {@code terms}. */
    public static Tolerance groupNormBackward(double offset, long terms, double scale) {
        return new Tolerance((16 + 4 * offset + 2 * Math.sqrt(terms)) * U, scale);
    }

    /** Softmax: a logit's rounding, u·|logit| times a few, is the relative error of its exponential. */
    public static Tolerance attention(double largestLogit, double scale) {
        return new Tolerance((16 + 4 * largestLogit) * U, scale);
    }

    /** Gradients of attention: products with differences of products. */
    public static Tolerance attentionBackward(double largestLogit, double scale) {
        return new Tolerance((32 + 8 * largestLogit) * U, scale);
    }

    /** Sine of t·ω: float32 has t·ω to u·t twice (ω's rounding and the product's), and a sine moves as much as its argument. */
    public static Tolerance sinusoid(double largestT) {
        return new Tolerance((8 + 2 * largestT) * U, 1);
    }

    /** A small network's output, and its loss: some ten layers, each with the error of a convolution, 1e-6, which norms keep from growing. */
    public static Tolerance network() {
        return new Tolerance(5e-6, 0);
    }

    /** A small network's gradients: twice as many layers, and sums over pixels of what almost cancels. */
    public static Tolerance gradients() {
        return new Tolerance(2e-5, 0);
    }

    /** Unit roundoff: half the gap between neighbouring numbers at 1. Of TF32 and bf16, what operands are rounded to; sums are float32's. */
    public static double unit(Precision precision) {
        return switch (precision) {
            case F32 -> U;
            case TF32 -> 0x1p-11;
            case BF16 -> 0x1p-8;
        };
    }

    /**
     * This tolerance where operands are rounded to {@code precision}. Sums are float32's, and errors of products of random sign add up as the
     * products do, so their length does not matter: what is left is {@value #ROUNDINGS} times what one rounding does at most for each step, and
     * {@value #MOST_ROUNDINGS} times for all.
     *
     * @param steps of the case
     * @param amplifies what a norm of large numbers, or a softmax of large logits, makes of a rounding, it makes of a coarse one too
     */
    Tolerance in(Precision precision, int steps, boolean amplifies) {
        if (precision == Precision.F32) {
            return this;
        }
        double roundings = relative / U;
        return new Tolerance(Math.max(1, amplifies ? roundings : Math.min(roundings, Math.min(ROUNDINGS * steps, MOST_ROUNDINGS))) * unit(precision), scale);
    }

    Tolerance atLeast(double otherScale) {
        return new Tolerance(relative, Math.max(scale, otherScale));
    }

    /**
     * How far a value is from what is expected.
     *
     * @param error in norm, relative to the value's size
     * @param allowed of it
     * @param share of what is allowed that is used, in norm or by the worst element; above 1 is too much
     * @param violation what is wrong, for people; empty if nothing
     */
    public record Deviation(Value value, double error, double allowed, double share, Optional<String> violation) { }

    /** What is wrong with {@code actual}; empty if nothing. */
    public Optional<String> violation(Value v, float[] actual, double[] expected) {
        return deviation(v, actual, expected).violation();
    }

    /** Compares {@code actual} with what is expected. */
    public Deviation deviation(Value v, float[] actual, double[] expected) {
        double size = Math.max(rms(expected), scale);
        double squares = 0;
        int worst = 0;
        double worstShare = 0;
        for (int i = 0; i < actual.length; i++) {
            double error = Math.abs(actual[i] - expected[i]);
            if (Double.compare(actual[i], (float) expected[i]) == 0) {
                error = 0; // also where both are infinite or NaN
            }
            // NaN, where one is expected or not, and an infinity off by anything count as infinitely wrong.
            double share = error == 0 ? 0 : error / (PEAK * relative * (size + Math.abs(expected[i])));
            share = Double.isNaN(share) ? Double.POSITIVE_INFINITY : share;
            if (share > worstShare) {
                worstShare = share;
                worst = i;
            }
            squares += error * error;
        }
        double norm = Math.sqrt(squares / actual.length);
        double error = norm == 0 ? 0 : norm / size;
        double share = Math.max(worstShare, error == 0 ? 0 : error / relative);
        if (norm <= relative * size && worstShare <= 1) {
            return new Deviation(v, error, relative, share, Optional.empty());
        }
        String text = "%s: off by %.3g of its size in norm, allowed %.3g (size %.3g); worst at %s: %.9g, expected %.9g (%.3g of what is allowed)"
                .formatted(v, error, relative, size, position(v, worst), actual[worst], expected[worst], worstShare);
        return new Deviation(v, error, relative, share, Optional.of(text));
    }

    /** Of the finite elements. */
    static double rms(double[] x) {
        double squares = 0;
        for (double e : x) {
            squares += Double.isFinite(e) ? e * e : 0;
        }
        return Math.sqrt(squares / x.length);
    }

    static String position(Value v, int i) {
        int c = v.shape().c();
        int w = v.shape().w();
        int h = v.shape().h();
        return "[" + i / c / w / h + "," + i / c / w % h + "," + i / c % w + "," + i % c + "]";
    }
}
