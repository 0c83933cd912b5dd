package sirocco.data;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The built-in dataset: one bright shape on a dark gradient, no two images alike. The shape is the class; colour, background,
 * position and size are drawn uniformly and left for the model to learn. {@link Checker} knows the same rules.
 *
 * <p>Drawn by arithmetic alone, without fonts, a display or files, so an image is the same everywhere. Image i of a seed does not
 * depend on any other, and costs about 10 µs at 16×16.
 */
public final class Shapes implements Dataset {
    /** Sides for which this draws: multiples of 8 within these. */
    public static final int SMALLEST = 8;
    public static final int LARGEST = 1024;

    /** Radius as a fraction of the side; and the free rim around every shape, likewise. */
    static final double MIN_RADIUS = 0.27;
    static final double MAX_RADIUS = 0.36;
    static final double RIM = 1 / 16.0;

    static final List<String> CLASSES =
            Arrays.stream(Shape.values()).map(s -> s.name().toLowerCase(Locale.ROOT)).toList();

    private final int side;
    private final int channels;
    private final long seed;

    /** What image i shows: shape {@code radius} pixels wide to each side of ({@code x}, {@code y}), measured from the top left corner. */
    record Scene(Shape shape, Palette.Colour colour, Palette.Background background, double x, double y, double radius) {}

    /**
     * @param side height and width in pixels: 8, 16, 24, … 1024
     * @param channels 3, or 1 for the luma of the same images
     */
    public Shapes(int side, int channels, long seed) {
        if (side < SMALLEST || side > LARGEST || side % 8 != 0) {
            throw new DataException("shapes: expected a side that is a multiple of 8 from " + SMALLEST + " to " + LARGEST + ", got " + side);
        }
        if (channels != 1 && channels != 3) {
            throw new DataException("shapes: expected 1 or 3 channels, got " + channels);
        }
        this.side = side;
        this.channels = channels;
        this.seed = seed;
    }

    @Override
    public String name() {
        return "shapes" + side;
    }

    @Override
    public long size() {
        return UNLIMITED;
    }

    @Override
    public int height() {
        return side;
    }

    @Override
    public int width() {
        return side;
    }

    @Override
    public int channels() {
        return channels;
    }

    @Override
    public List<String> classNames() {
        return CLASSES;
    }

    /** The names of the colours a shape can have. */
    public static List<String> colourNames() {
        return Palette.COLOURS.stream().map(Palette.Colour::name).toList();
    }

    @Override
    public int read(long index, byte[] into, int offset) {
        if (index < 0) {
            throw new IndexOutOfBoundsException("shapes: image " + index);
        }
        Scene scene = scene(index);
        draw(scene, into, offset);
        return scene.shape().ordinal();
    }

    Scene scene(long index) {
        long key = Hash.of(seed, index);
        Shape[] shapes = Shape.values();
        double radius = side * (MIN_RADIUS + (MAX_RADIUS - MIN_RADIUS) * Hash.unit(Hash.of(key, 3)));
        double reach = side * (0.5 - RIM) - radius;
        return new Scene(
                shapes[Hash.below(Hash.of(key, 0), shapes.length)],
                Palette.COLOURS.get(Hash.below(Hash.of(key, 1), Palette.COLOURS.size())),
                Palette.BACKGROUNDS.get(Hash.below(Hash.of(key, 2), Palette.BACKGROUNDS.size())),
                side / 2.0 + reach * (2 * Hash.unit(Hash.of(key, 4)) - 1),
                side / 2.0 + reach * (2 * Hash.unit(Hash.of(key, 5)) - 1),
                radius);
    }

    private void draw(Scene scene, byte[] into, int offset) {
        Palette.Colour colour = scene.colour();
        Palette.Colour top = scene.background().top();
        Palette.Colour bottom = scene.background().bottom();
        int at = offset;
        for (int row = 0; row < side; row++) {
            double down = (row + 0.5) / side;
            double r = top.r() + down * (bottom.r() - top.r());
            double g = top.g() + down * (bottom.g() - top.g());
            double b = top.b() + down * (bottom.b() - top.b());
            for (int column = 0; column < side; column++) {
                double cover = scene.shape().coverage(column + 0.5, row + 0.5, scene.x(), scene.y(), scene.radius());
                double red = r + cover * (colour.r() - r);
                double green = g + cover * (colour.g() - g);
                double blue = b + cover * (colour.b() - b);
                if (channels == 1) {
                    into[at++] = (byte) (int) (Luma.of(red, green, blue) + 0.5);
                } else {
                    into[at++] = (byte) (int) (red + 0.5);
                    into[at++] = (byte) (int) (green + 0.5);
                    into[at++] = (byte) (int) (blue + 0.5);
                }
            }
        }
    }
}
