package sirocco.data;

import java.util.Locale;

/**
 * Scores pictures against the rules of {@link Shapes}, without a neural network: is this one shape of a known class in a known colour
 * on a known background, and which?
 *
 * <p>How it decides. It draws the scene that comes nearest to the picture in the least-squares sense: every class, at any place and
 * size that {@link Shapes} draws and a little beyond, with whatever colours suit best. The picture is valid where
 * <ol>
 *   <li>what is left over is small: {@link Tolerance#residual}, which noise, a second shape or half a shape exceeds;
 *   <li>the shape is needed to explain it: {@link Tolerance#explained}, which a bare background fails;
 *   <li>its colour is one of the palette's: {@link Tolerance#colour}; and
 *   <li>the gradient behind it too: {@link Tolerance#background}.
 * </ol>
 * One object serves any number of pictures, from one thread at a time; 2,000 or more a second at 16×16.
 */
public final class Checker {
    /**
     * How near is near enough. Distances are root mean squares over what is compared, in steps of 0 … 255.
     *
     * @param residual most that the picture may differ from the fitted scene, over its pixels and channels
     * @param explained least share of the squared difference from a plain gradient that the shape must account for, 0 … 1
     * @param colour most that the shape's colour may differ from the nearest of the palette, over its 3 channels
     * @param background most that the gradient may differ from the nearest of the palette, over the 3 channels of both its ends
     */
    public record Tolerance(double residual, double explained, double colour, double background) {
        /** Passes noise of deviation 8 (over 99 %) and a slight blur; of averages of two real pictures 1 in 150 passes, where both are nearly alike. */
        public static final Tolerance USUAL = new Tolerance(17, 0.905, 24, 12);
    }

    /** Why a picture is not valid: the first rule that it breaks. */
    public enum Fault {
        NONE, NO_SHAPE_FITS, NO_SUCH_COLOUR, NO_SUCH_BACKGROUND
    }

    /**
     * What one picture shows. Class, colour and background are the nearest there are, valid or not.
     *
     * @param label the class, as in {@link Shapes#classNames}
     * @param colour as in {@link Shapes#colourNames}
     * @param background 0 … 3
     * @param residual see {@link Tolerance}; so the next three
     */
    public record Verdict(
            Fault fault, int label, int colour, int background, double residual, double explained, double colourOff, double backgroundOff) {
        public boolean valid() {
            return fault == Fault.NONE;
        }
    }

    private final int side;
    private final Tolerance tolerance;
    private final SceneFit fit;

    /** @param side of the pictures, as {@link Shapes} allows it */
    public Checker(int side) {
        this(side, Tolerance.USUAL);
    }

    public Checker(int side, Tolerance tolerance) {
        if (side < Shapes.SMALLEST || side > Shapes.LARGEST || side % 8 != 0) {
            throw new IllegalArgumentException("checker: expected a side that is a multiple of 8 from " + Shapes.SMALLEST + " to "
                    + Shapes.LARGEST + ", got " + side + "; only pictures of the built-in shapes can be checked");
        }
        this.side = side;
        this.tolerance = tolerance;
        this.fit = new SceneFit(side);
    }

    /** Judges u8 [side, side, 3] at {@code images[offset]}. */
    public Verdict check(byte[] images, int offset) {
        fit.fit(images, offset);
        int colour = 0;
        double colourOff = Double.MAX_VALUE;
        for (int i = 0; i < Palette.COLOURS.size(); i++) {
            double off = Math.sqrt(squares(fit.colour, Palette.COLOURS.get(i)) / 3);
            if (off < colourOff) {
                colour = i;
                colourOff = off;
            }
        }
        int background = 0;
        double backgroundOff = Double.MAX_VALUE;
        for (int i = 0; i < Palette.BACKGROUNDS.size(); i++) {
            Palette.Background b = Palette.BACKGROUNDS.get(i);
            double off = Math.sqrt((squares(fit.top, b.top()) + squares(fit.bottom, b.bottom())) / 6);
            if (off < backgroundOff) {
                background = i;
                backgroundOff = off;
            }
        }
        Fault fault = fit.residual > tolerance.residual || fit.explained < tolerance.explained ? Fault.NO_SHAPE_FITS
                : colourOff > tolerance.colour ? Fault.NO_SUCH_COLOUR
                : backgroundOff > tolerance.background ? Fault.NO_SUCH_BACKGROUND : Fault.NONE;
        return new Verdict(fault, fit.shape.ordinal(), colour, background, fit.residual, fit.explained, colourOff, backgroundOff);
    }

    /**
     * Judges many.
     *
     * @param images u8 [count, side, side, 3]; more may follow
     * @param count at least 1
     */
    public Score score(byte[] images, int count) {
        return score(images, null, count);
    }

    /** The same for pictures that were asked for by class: {@code labels[i]} is what picture i should show. */
    public Score score(byte[] images, int[] labels, int count) {
        int bytes = side * side * 3;
        if (count < 1 || images.length < (long) count * bytes || (labels != null && labels.length < count)) {
            throw new IllegalArgumentException(String.format(Locale.ROOT,
                    "checker: expected at least one picture and u8 [%d, %d, %d, 3] = %d bytes, got %d bytes", count, side, side,
                    (long) count * bytes, images.length));
        }
        int[] classes = new int[Shape.values().length];
        int[] colours = new int[Palette.COLOURS.size()];
        int[] faults = new int[Fault.values().length];
        int asked = 0;
        for (int i = 0; i < count; i++) {
            Verdict verdict = check(images, i * bytes);
            faults[verdict.fault().ordinal()]++;
            if (verdict.valid()) {
                classes[verdict.label()]++;
                colours[verdict.colour()]++;
                asked += labels != null && labels[i] == verdict.label() ? 1 : 0;
            }
        }
        return new Score(count, faults, classes, colours, labels == null ? Double.NaN : (double) asked / count);
    }

    private static double squares(double[] a, Palette.Colour b) {
        double sum = 0;
        for (int c = 0; c < 3; c++) {
            sum += (a[c] - b.channel(c)) * (a[c] - b.channel(c));
        }
        return sum;
    }
}
