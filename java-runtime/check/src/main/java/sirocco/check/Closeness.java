package sirocco.check;

import java.util.Locale;
import java.util.stream.IntStream;
import sirocco.api.Settings.Precision;
import sirocco.api.Value;
import sirocco.testkit.Tolerance;

/**
 * How far two kernels' results on the same bf16 operands may be apart, element by element:
 * <pre>  |a − b| ≤ ofValue · |b| + ofScale · (rms(b) + |b|)</pre>
 *
 * <p>Closer than {@link Tolerance} in bf16, which allows for the rounding of the operands (3 · 2⁻⁸ of the result's size in norm, 8 times that for an
 * element): here both kernels read the same rounded operands, whose products are exact in float32. What is left are two roundings of the result to its
 * storage, and two orders of summation. An omitted K-tile of 64 of K products is off by √(64/K) of the size: at K = 2304 more than a thousand times what
 * the sums are allowed.
 *
 * @param ofValue share of the expected value
 * @param ofScale share of the expected result's size
 */
record Closeness(double ofValue, double ofScale) {
    private static final double STORED = Tolerance.unit(Precision.BF16);
    /** The largest of some ten million normally distributed errors, in standard deviations, and a margin. */
    private static final double PEAK = 8;
    /** Of formulas with a division, a root and an exponential, in units of float32. */
    private static final double FORMULA = 64 * Tolerance.U;
    /** Tensor cores add products in groups of at least 8 and truncate the sum: 2u each, always toward zero, on partial sums of 2/3 of the size. */
    private static final double TRUNCATION = 2.0 * 2 / 3 / 8;

    private static final int CHUNKS = 64;

    /** Sums of so many products in float32, stored in bf16. */
    static Closeness sum(long terms) {
        return new Closeness(2 * STORED, sums(terms));
    }

    /** Sums of so many products in float32, stored in float32. */
    static Closeness sumInF32(long terms) {
        return new Closeness(0, sums(terms));
    }

    /** A norm over so many elements: float32 formulas of exact operands. */
    static Closeness norm(long terms) {
        return new Closeness(2 * STORED, FORMULA + sums(terms));
    }

    /** A norm's statistics, and its parameters' gradients, in float32. */
    static Closeness normInF32(long terms) {
        return new Closeness(0, FORMULA + sums(terms));
    }

    /**
     * Attention.
     *
     * @param roundings of probabilities, and of gradients of logits, to bf16 before a product: one of them changes the result by 2⁻⁸/√3 of its rms
     */
    static Closeness attention(int roundings) {
        return new Closeness(2 * STORED, PEAK * roundings * STORED);
    }

    private static double sums(long terms) {
        return Tolerance.U * (TRUNCATION * terms + PEAK * Math.sqrt(terms));
    }

    /**
     * The result of a comparison.
     *
     * @param share the largest share of what is allowed that an element uses; infinite for a NaN
     * @param text the worst element
     */
    record Compared(double share, String text) { }

    private record Worst(double share, int at) {
        static Worst of(Worst a, Worst b) {
            return b.share > a.share ? b : a;
        }
    }

    /** Compares all elements. */
    Compared compare(Value v, float[] actual, float[] expected) {
        int n = expected.length;
        int chunk = n / CHUNKS + 1;
        double squares = IntStream.range(0, CHUNKS).parallel().mapToDouble(c -> {
            double sum = 0;
            for (int i = c * chunk; i < Math.min(n, (c + 1) * chunk); i++) {
                sum += (double) expected[i] * expected[i];
            }
            return sum;
        }).sum();
        double scale = Math.sqrt(squares / n);
        Worst worst = IntStream.range(0, CHUNKS).parallel().mapToObj(c -> worst(actual, expected, scale, c * chunk, Math.min(n, (c + 1) * chunk)))
                .reduce(new Worst(-1, 0), Worst::of);
        int at = worst.at;
        double allowed = ofValue * Math.abs(expected[at]) + ofScale * (scale + Math.abs(expected[at]));
        return new Compared(Math.max(0, worst.share), String.format(Locale.ROOT, "%s%s: %.7g beside %.7g, %.3g apart, %.3g allowed (rms %.3g)", v.name(), position(v, at),
                actual[at], expected[at], Math.abs((double) actual[at] - expected[at]), allowed, scale));
    }

    private Worst worst(float[] actual, float[] expected, double scale, int from, int to) {
        double most = -1;
        int at = Math.min(from, expected.length - 1);
        for (int i = from; i < to; i++) {
            double size = Math.abs(expected[i]);
            double share = Math.abs((double) actual[i] - expected[i]) / (ofValue * size + ofScale * (scale + size));
            if (!(share <= most)) {
                most = Double.isNaN(share) ? Double.POSITIVE_INFINITY : share;
                at = i;
                if (Double.isInfinite(most)) {
                    break;
                }
            }
        }
        return new Worst(most, at);
    }

    private static String position(Value v, int i) {
        int c = v.shape().c();
        int w = v.shape().w();
        int h = v.shape().h();
        return "[" + i / c / w / h + "," + i / c / w % h + "," + i / c % w + "," + i % c + "]";
    }
}
