package sirocco.cuda.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A level of convolutions by implicit GEMM, from v2 on (docs/cuda-convolution.md): which operands it takes, its tiles and how they are
 * launched. As in implicit_gemm.cuh.
 *
 * @param level v2: float32 by multiply-adds; v3: tensor cores; v4: tensor cores, slices of the depth copied ahead
 * @param fixed the tile, if it is not left to {@link #tile}
 */
record ImplicitGemm(int level, Optional<Tile> fixed) {
    /** Bytes of a row of a tile that are copied at a time. */
    private static final int SLICE_BYTES = 64;
    /** Padding of an operand's slice at most: 32 bytes for each of 16 rows. */
    private static final int PADDING = 512;
    /** Slices that v4 has under way. */
    private static final int STAGES = 4;
    /** Slices that are worth a part of a sum: less, and the parts' sums cost more than what they are made of. */
    private static final int FEWEST_SLICES = 16;
    /** Thread blocks for each multiprocessor that a sum is parted for. */
    private static final int WAVES = 2;

    /** Rows and columns of results of a thread block, largest first. */
    enum Tile {
        HUGE(256, 128, 256), LARGE(128, 128, 256), SMALL(64, 64, 128);

        private final int rows;
        private final int columns;
        private final int threads;

        Tile(int rows, int columns, int threads) {
            this.rows = rows;
            this.columns = columns;
            this.threads = threads;
        }

        private String label() {
            return rows + "x" + columns;
        }

        private long count(int rows, int columns) {
            return Launch.blocks(rows, this.rows) * Launch.blocks(columns, this.columns);
        }
    }

    /** All levels, best first: the rule's choice of a tile, then each tile for those who ask for it. */
    static List<ImplicitGemm> levels() {
        List<ImplicitGemm> all = new ArrayList<>();
        for (int level = 4; level >= 2; level--) {
            all.add(new ImplicitGemm(level, Optional.empty()));
            for (Tile tile : tiles(level)) {
                all.add(new ImplicitGemm(level, Optional.of(tile)));
            }
        }
        return all;
    }

    /** The largest has registers for one block a multiprocessor, so it is for the level whose copies need no other block beside them. */
    private static List<Tile> tiles(int level) {
        return level == 4 ? List.of(Tile.values()) : List.of(Tile.LARGE, Tile.SMALL);
    }

    /** As in v4 or v4_64x64. */
    String name() {
        return "v" + level + fixed.map(t -> "_" + t.label()).orElse("");
    }

    /** v2 is float32 as it is; tensor cores round it, so that has to be allowed. */
    boolean fits(Target target) {
        return level == 2 ? target.activations() == Storage.F32 : target.activations() == Storage.BF16 || target.tf32();
    }

    /**
     * A kernel for a matrix product.
     *
     * @param name in the fatbin
     * @param algorithm as plans say it
     */
    record Choice(String name, String algorithm, Tile tile, int sharedBytes) {
        long tiles(int rows, int columns) {
            return tile.count(rows, columns);
        }

        Launch launch(long tiles, int parts, Object... arguments) {
            return Launch.blocks(name, tiles, parts, 1, arguments).withBlock(tile.threads).withShared(sharedBytes);
        }
    }

    /**
     * @param pass the kernels' family
     * @param parts into which the depth can be parted at most
     * @param channels of the operands' rows: unless all are whole 16-byte chunks, operands are read element by element, in small tiles
     */
    Choice choose(String pass, Target target, int rows, int columns, int parts, int... channels) {
        boolean vector = Arrays.stream(channels).allMatch(c -> c % target.activations().vector() == 0);
        Tile tile = vector ? fixed.orElseGet(() -> tile(target, rows, columns, parts)) : Tile.SMALL;
        String suffix = target.activations() == Storage.BF16 ? "bf16" : level == 2 ? "f32" : "tf32";
        String algorithm = "v" + level + " " + tile.label() + (vector ? "" : " any") + " " + suffix;
        int stage = (tile.rows + tile.columns) * SLICE_BYTES + 2 * PADDING;
        int shared = level == 4 ? Math.max(STAGES * stage, tile.rows * tile.columns * Float.BYTES) : stage;
        return new Choice(pass + "_" + algorithm.replace(' ', '_'), algorithm, tile, shared);
    }

    /**
     * The largest tile that is more than half full and keeps three quarters of the multiprocessors busy. A larger one reads less for a
     * multiply-add, smaller ones are more.
     */
    private Tile tile(Target target, int rows, int columns, int parts) {
        for (Tile t : tiles(level)) {
            if (2 * rows > t.rows && 2 * columns > t.columns && 4 * parts * t.count(rows, columns) >= 3L * target.multiprocessors()) {
                return t;
            }
        }
        return Tile.SMALL;
    }

    /** Slices of the depth, as they are copied. */
    private static int slices(Target target, int depth) {
        return (int) Launch.blocks(depth, SLICE_BYTES / target.activations().bytes());
    }

    /** Parts that a sum is worth dividing into. */
    static int mostParts(Target target, int depth) {
        return Math.max(1, slices(target, depth) / FEWEST_SLICES);
    }

    /**
     * How the depth of a sum is parted among thread blocks, so that there is one for every multiprocessor.
     *
     * @param slicesOfPart of the last part at most
     */
    record Parts(int count, int slicesOfPart) {
        static Parts of(Target target, long tiles, int depth) {
            int slices = slices(target, depth);
            long wanted = Launch.blocks((long) WAVES * target.multiprocessors(), tiles);
            int each = (int) Launch.blocks(slices, Math.min(wanted, mostParts(target, depth)));
            return new Parts((int) Launch.blocks(slices, each), each);
        }
    }
}
