package sirocco.data;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What {@link Checker} found in a set of pictures.
 *
 * @param images how many were judged
 * @param faults how many have each {@link Checker.Fault}; the first entry are the valid ones
 * @param classes how many valid ones show each class, as in {@link Shapes#classNames}
 * @param colours how many valid ones have each colour, as in {@link Shapes#colourNames}
 * @param asRequested share of all pictures that are valid and show the class asked for; NaN where none was
 */
public record Score(int images, int[] faults, int[] classes, int[] colours, double asRequested) {
    /** How many pictures are members of the dataset. */
    public int valid() {
        return faults[0];
    }

    /** 0 … 1: the number to quote. */
    public double validFraction() {
        return (double) valid() / images;
    }

    /** Entropy of the classes among the valid, in bits: 3 where all eight come equally often, 0 where only one does. */
    public double classEntropy() {
        return entropy(classes);
    }

    /** Total variation distance of the classes from uniform, ½·Σ|p − 1/n|: 0 is uniform. Chance alone gives about 0.4·√(n / valid). */
    public double classVariation() {
        return variation(classes);
    }

    /** Entropy of the colours among the valid, in bits: log₂ 6 = 2.58 at most. */
    public double colourEntropy() {
        return entropy(colours);
    }

    /** Total variation distance of the colours from uniform. */
    public double colourVariation() {
        return variation(colours);
    }

    /** A few lines for people. */
    public String describe() {
        StringBuilder text = new StringBuilder();
        text.append(String.format(Locale.ROOT, "%d of %d valid (%.1f %%)", valid(), images, 100 * validFraction()));
        if (!Double.isNaN(asRequested)) {
            text.append(String.format(Locale.ROOT, ", %.1f %% valid and of the class asked for", 100 * asRequested));
        }
        text.append(String.format(Locale.ROOT, "%nnot valid: %d no shape fits, %d no such colour, %d no such background", faults[1], faults[2],
                faults[3]));
        append(text, "classes", Shapes.CLASSES, classes, classEntropy(), classVariation());
        append(text, "colours", Shapes.colourNames(), colours, colourEntropy(), colourVariation());
        return text.toString();
    }

    private static void append(StringBuilder text, String what, List<String> names, int[] counts, double entropy, double variation) {
        text.append(System.lineSeparator()).append(what).append(':');
        for (int i = 0; i < counts.length; i++) {
            text.append(' ').append(names.get(i)).append(' ').append(counts[i]);
        }
        text.append(String.format(Locale.ROOT, "; entropy %.2f of %.2f bits, %.3f from uniform", entropy,
                Math.log(counts.length) / Math.log(2), variation));
    }

    private static double entropy(int[] counts) {
        double total = Math.max(1, Arrays.stream(counts).sum());
        double bits = 0;
        for (int n : counts) {
            if (n > 0) {
                bits -= n / total * Math.log(n / total) / Math.log(2);
            }
        }
        return bits;
    }

    private static double variation(int[] counts) {
        double total = Arrays.stream(counts).sum();
        if (total == 0) {
            return 1;
        }
        double sum = 0;
        for (int n : counts) {
            sum += Math.abs(n / total - 1.0 / counts.length);
        }
        return sum / 2;
    }
}
