package sirocco.bench;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * One line of the benchmark: a piece of work, Sirocco's way of doing it and the peer's, which is asked in each memory format it knows.
 *
 * @param name what filters match: group, slash, case; as in {@code conv-forward/16x128-128@32}
 * @param label of the line in tables
 * @param unit what {@code amount} counts
 * @param amount done by one run
 * @param check of the results, Sirocco's against the peer's
 * @param ours makes Sirocco's side
 * @param peers make the peer's side, by the name of the memory format; none if the row stands alone
 */
public record Row(String name, String label, Unit unit, double amount, Check check, Supplier<Work> ours, Map<String, Supplier<Work>> peers) {
    /** What a row's rate counts. */
    public enum Unit {
        FLOPS("GFLOP/s", 1e-9),
        BYTES("GB/s", 1e-9),
        NUMBERS("M/s", 1e-6),
        IMAGES("images/s", 1);

        private final String text;
        private final double scale;

        Unit(String text, double scale) {
            this.text = text;
            this.scale = scale;
        }

        public String text() {
            return text;
        }

        /** Units a second of work that takes so many seconds. */
        public double rate(double amount, double seconds) {
            return amount / seconds * scale;
        }
    }

    /**
     * Whether a side is right.
     *
     * @param tolerance largest error that float32 explains
     * @param error of Sirocco's results, given the peer's
     */
    public record Check(double tolerance, Error error) {
        /** Measures an error; NaN counts as wrong. */
        @FunctionalInterface
        public interface Error {
            double of(float[][] ours, float[][] peers);
        }

        /** The largest ‖ours − peer‖₂ / ‖peer‖₂ of the results. */
        public static Check relative(double tolerance) {
            return new Check(tolerance, Check::relativeError);
        }

        static double relativeError(float[][] ours, float[][] peers) {
            if (ours.length != peers.length) {
                throw new IllegalStateException("check: " + ours.length + " results on our side, " + peers.length + " on the peer's");
            }
            double worst = 0;
            for (int r = 0; r < ours.length; r++) {
                if (ours[r].length != peers[r].length) {
                    throw new IllegalStateException(
                            "check: result " + r + " has " + ours[r].length + " numbers on our side, " + peers[r].length + " on the peer's");
                }
                double difference = 0;
                double size = 0;
                for (int i = 0; i < ours[r].length; i++) {
                    double d = (double) ours[r][i] - peers[r][i];
                    difference += d * d;
                    size += (double) peers[r][i] * peers[r][i];
                }
                double error = size > 0 ? Math.sqrt(difference / size) : Math.sqrt(difference);
                // Math.max keeps a NaN, which then fails every tolerance.
                worst = Math.max(worst, error);
            }
            return worst;
        }

        boolean passes(double error) {
            return error <= tolerance;
        }
    }

    public Row {
        peers = Collections.unmodifiableMap(new LinkedHashMap<>(peers));
    }

    /** The part of the name before the slash. */
    public String group() {
        return name.substring(0, name.indexOf('/'));
    }
}
