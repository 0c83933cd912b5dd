package sirocco.data;

import java.util.List;

/** The colours of {@link Shapes}, chosen so that every one of a shape stands out from every background and from the other five. */
final class Palette {
    /** sRGB, 0 … 255 */
    record Colour(String name, int r, int g, int b) {
        double channel(int c) {
            return c == 0 ? r : c == 1 ? g : b;
        }
    }

    /** Runs from {@code top} to {@code bottom} of the image. */
    record Background(String name, Colour top, Colour bottom) {}

    static final List<Colour> COLOURS = List.of(
            new Colour("red", 236, 56, 56),
            new Colour("yellow", 252, 214, 60),
            new Colour("green", 72, 216, 96),
            new Colour("blue", 64, 164, 252),
            new Colour("pink", 244, 88, 196),
            new Colour("white", 248, 246, 240));

    static final List<Background> BACKGROUNDS = List.of(
            new Background("night", new Colour("", 14, 16, 52), new Colour("", 58, 58, 124)),
            new Background("sea", new Colour("", 4, 44, 56), new Colour("", 20, 100, 112)),
            new Background("plum", new Colour("", 56, 14, 54), new Colour("", 124, 44, 88)),
            new Background("earth", new Colour("", 50, 36, 22), new Colour("", 126, 92, 54)));

    private Palette() {}
}
