package sirocco.bench;

import java.util.Arrays;

/** Median, extremes and quartiles of some measurements. */
public record Spread(double median, double min, double max, double lowerQuartile, double upperQuartile) {
    /** @param values at least one */
    public static Spread of(double... values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return new Spread(
                quantile(sorted, 0.5), sorted[0], sorted[sorted.length - 1], quantile(sorted, 0.25), quantile(sorted, 0.75));
    }

    /** Linear between the two nearest order statistics. */
    private static double quantile(double[] sorted, double q) {
        double at = q * (sorted.length - 1);
        int below = (int) at;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
    }
}
