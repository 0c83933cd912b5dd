package sirocco.cuda.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import sirocco.gpu.Tile;

/**
 * A level of convolutions by implicit GEMM, from v2 on (docs/cuda-convolution.md): which operands it takes, its tiles and how they are
 * launched. As in implicit_gemm.cuh.
 *
 * @param level v2: float32 by multiply-adds; v3: tensor cores; v4: tensor cores, slices of the depth copied ahead
 * @param fixed the tile, if it is not left to {@link TileRule}
 */
record ImplicitGemm(int level, Optional<Tile> fixed) {
    /** Bytes of a row of a tile that are copied at a time. */
    private static final int SLICE_BYTES = 64;
    /** Padding of an operand's slice at most: 32 bytes for each of 16 rows. */
    private static final int PADDING = 512;
    /** Slices that v4 has under way. */
    private static final int STAGES = 4;
    private static final List<Tile> TILES = List.of(new Tile(256, 128), new Tile(128, 128), new Tile(64, 64));

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
        return level == 4 ? TILES : TILES.subList(1, TILES.size());
    }

    /** As in v4 or v4_64x64. */
    String name() {
        return "v" + level + fixed.map(t -> "_" + t.label()).orElse("");
    }

    /**
     * v2 is float32 as it is; tensor cores round it, so that has to be allowed.
     * GPUs for graphics have too little shared memory for the largest tile.
     */
    boolean fits(Target target) {
        boolean rounds = level > 2;
        boolean held = fixed.stream().allMatch(t -> sharedBytes(t) <= target.sharedBytes());
        return held && (target.activations() == Storage.BF16 ? rounds : !rounds || target.tf32());
    }

    /**
     * A kernel for a matrix product.
     *
     * @param name of the kernel
     * @param algorithm as plans say it
     */
    record Choice(String name, String algorithm, Tile tile, int sharedBytes) {
        long tiles(int rows, int columns) {
            return tile.count(rows, columns);
        }

        Launch launch(long tiles, int parts, Object... arguments) {
            return Launch.blocks(name, tiles, parts, 1, arguments).withBlock(tile == TILES.getLast() ? 128 : 256).withShared(sharedBytes);
        }
    }

    /**
     * @param pass the kernels' family
     * @param parts into which the depth can be parted at most
     * @param channels of the operands' rows: unless all are whole 16-byte chunks, operands are read element by element, in small tiles
     */
    Choice choose(String pass, Target target, int rows, int columns, int parts, int... channels) {
        boolean vector = Arrays.stream(channels).allMatch(c -> c % target.activations().vector() == 0);
        List<Tile> held = tiles(level).stream().filter(t -> sharedBytes(t) <= target.sharedBytes()).toList();
        Tile tile = vector ? fixed.orElseGet(() -> TileRule.choose(held, target, rows, columns, parts)) : TILES.getLast();
        String suffix = target.activations() == Storage.BF16 ? "bf16" : level == 2 ? "f32" : "tf32";
        String algorithm = "v" + level + " " + tile.label() + (vector ? "" : " any") + " " + suffix;
        return new Choice(pass + "_" + algorithm.replace(' ', '_'), algorithm, tile, sharedBytes(tile));
    }

    private int sharedBytes(Tile tile) {
        int stage = (tile.rows() + tile.columns()) * SLICE_BYTES + 2 * PADDING;
        return level == 4 ? Math.max(STAGES * stage, tile.rows() * tile.columns() * Float.BYTES) : stage;
    }

    /** Slices of the depth, as they are copied. */
    static int slices(Target target, int depth) {
        return (int) Launch.blocks(depth, SLICE_BYTES / target.activations().bytes());
    }
}
