package sirocco.data;

/** Grey from colour, the one rule for all readers: ITU-R BT.601's luma, as JPEG and Pillow have it. */
final class Luma {
    private Luma() {}

    /** In the unit of its arguments. */
    static double of(double red, double green, double blue) {
        return 0.299 * red + 0.587 * green + 0.114 * blue;
    }
}
