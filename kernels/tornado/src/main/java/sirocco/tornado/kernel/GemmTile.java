package sirocco.tornado.kernel;

import java.util.Arrays;
import java.util.stream.Collectors;

/** What of a matrix product a work group of {@link ImplicitGemm} computes: a square, the largest first. */
public enum GemmTile {
    LARGE(ImplicitGemm.LARGE), SMALL(ImplicitGemm.SMALL);

    /** System property: a tile's label, as in 64x64, for all convolutions, instead of the rule's choice. */
    public static final String PROPERTY = "sirocco.tornado.tile";

    /**
     * Work groups that keep a large GPU busy, of some 128 multiprocessors with four schedulers each: a group is two warps, and a scheduler wants two, one
     * that multiplies while the other waits for its slice.
     */
    static final int GROUPS = 512;

    private final int side;

    GemmTile(int side) {
        this.side = side;
    }

    /** Sums of a work item in a row. */
    int side() {
        return side;
    }

    /** Rows × columns. */
    public String label() {
        return width() + "x" + width();
    }

    private int width() {
        return ImplicitGemm.width(side);
    }

    /** How many cover a result. */
    long count(long rows, long columns) {
        return Launch.ceilDiv(rows, width()) * Launch.ceilDiv(columns, width());
    }

    /**
     * The large one if results more than half fill it, and there are {@link #GROUPS} of it. It reads local memory once for 4 multiply-adds, as a
     * multiprocessor can; the small one once for 2, so at best it goes at half the speed. Small ones are four times as many: with half of GROUPS large ones,
     * whose schedulers have a warp each and wait for every slice, both are about even, and with less than that the small one is better.
     *
     * @param parts that the depth can be divided into at most, or products of the same size
     * @throws IllegalArgumentException if the property names no tile
     */
    static GemmTile choose(long rows, long columns, long parts) {
        String wanted = System.getProperty(PROPERTY, "");
        if (!wanted.isBlank()) {
            return Arrays.stream(values()).filter(t -> t.label().equals(wanted)).findFirst().orElseThrow(() -> new IllegalArgumentException(
                    PROPERTY + ": there is no tile \"" + wanted + "\"; there are: " + Arrays.stream(values()).map(GemmTile::label).collect(Collectors.joining(", "))));
        }
        boolean full = 2 * rows > LARGE.width() && 2 * columns > LARGE.width();
        return full && parts * LARGE.count(rows, columns) >= GROUPS ? LARGE : SMALL;
    }
}
