package sirocco.tornado.kernel;

import java.util.stream.Stream;
import sirocco.api.Settings.Precision;
import sirocco.gpu.Tile;

/** What of a matrix product a work group computes: a square. {@link ImplicitGemm}'s, the largest first, and {@link TensorGemm}'s. */
public enum GemmTile {
    LARGE(ImplicitGemm.LARGE, ImplicitGemm.DEPTH), SMALL(ImplicitGemm.SMALL, ImplicitGemm.DEPTH), TENSOR(TensorGemm.WIDTH / 8, TensorGemm.DEPTH);

    /** System property: a tile's label, as in 64x64, for all convolutions, instead of the rule's choice. */
    public static final String PROPERTY = "sirocco.tornado.tile";

    /**
     * Work groups that keep a large GPU busy, of some 128 multiprocessors with four schedulers each: a group is two warps, and a scheduler wants two, one
     * that multiplies while the other waits for its slice.
     */
    static final int GROUPS = 512;

    private final int side;
    private final int depth;

    GemmTile(int side, int depth) {
        this.side = side;
        this.depth = depth;
    }

    /** Sums of a work item in a row; of TENSOR an eighth of the width. */
    int side() {
        return side;
    }

    /** Of a slice. */
    int depth() {
        return depth;
    }

    /** Rows × columns. */
    public String label() {
        return tile().label() + (this == TENSOR ? " bf16" : "");
    }

    private Tile tile() {
        return new Tile(ImplicitGemm.width(side), ImplicitGemm.width(side));
    }

    /** How many keep a large GPU busy: half as many of TENSOR's, which are twice as many warps. */
    long groups() {
        return this == TENSOR ? GROUPS * ImplicitGemm.GROUP / TensorGemm.GROUP : GROUPS;
    }

    /** How many cover a result. */
    long count(long rows, long columns) {
        return tile().count(rows, columns);
    }

    /** The tile for products in so much precision: TENSOR in bf16, otherwise as {@link #choose(long, long, long)} says. */
    static GemmTile choose(Precision precision, long rows, long columns, long parts) {
        return precision == Precision.BF16 ? TENSOR : choose(rows, columns, parts);
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
            return Stream.of(LARGE, SMALL).filter(t -> t.label().equals(wanted)).findFirst().orElseThrow(() -> new IllegalArgumentException(
                    PROPERTY + ": there is no tile \"" + wanted + "\"; there are: " + LARGE.label() + ", " + SMALL.label()));
        }
        boolean full = 2 * rows > LARGE.tile().rows() && 2 * columns > LARGE.tile().columns();
        return full && parts * LARGE.count(rows, columns) >= GROUPS ? LARGE : SMALL;
    }
}
