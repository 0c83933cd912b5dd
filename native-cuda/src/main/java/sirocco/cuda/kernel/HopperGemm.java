package sirocco.cuda.kernel;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import sirocco.gpu.ConvShape;
import sirocco.gpu.Tile;

/**
 * Level 5 of convolutions by implicit GEMM (docs/cuda-convolution.md): Hopper's own tensor-core instructions and box copies. Tiles and how they
 * are launched, as in implicit_gemm_v5.cuh.
 *
 * @param fixed the tile, if it is not left to the rule
 */
record HopperGemm(Optional<Tile> fixed) {
    /** Of the depth, copied at a time. */
    static final int DEPTH = 64;

    private static final List<Tile> TILES = List.of(new Tile(256, 128), new Tile(128, 128), new Tile(128, 64));
    private static final int THREADS = 288;
    /** The ring of stages; then 8 warps' rooms for results on their way out; then two barriers of 8 bytes for each of at most 8 stages. */
    private static final int SHARED_BYTES = (192 << 10) + 8 * 16 * 64 * Float.BYTES + 8 * 2 * 8;
    /** Of every how many pixels box copies can take one. */
    private static final int LARGEST_STRIDE = 8;
    /** wgmma is an instruction of this architecture alone: later ones have others. */
    private static final int HOPPER = 90;

    /** The rule's choice of a tile, then each tile for those who ask for it. */
    static List<HopperGemm> levels() {
        return Stream.concat(Stream.of(new HopperGemm(Optional.empty())), TILES.stream().map(t -> new HopperGemm(Optional.of(t)))).toList();
    }

    /** As in v5 or v5_128x128. */
    String name() {
        return "v5" + fixed.map(t -> "_" + t.label()).orElse("");
    }

    /** @param channels of the tensors that boxes are copied of: whole 16-byte chunks, or it is another level's */
    boolean fits(Target target, ConvShape s, int... channels) {
        boolean chunks = Arrays.stream(channels).allMatch(c -> c % Storage.BF16.vector() == 0);
        return target.architecture() == HOPPER && target.activations() == Storage.BF16 && chunks && s.stride() <= LARGEST_STRIDE;
    }

    /** A kernel for a matrix product. */
    record Choice(String pass, Tile tile) {
        String algorithm() {
            return "v5 " + tile.label() + " bf16";
        }

        /** Blocks take tiles in turn, one a multiprocessor. */
        Launch launch(Target target, long tiles, int second, Object... arguments) {
            return Launch.blocks(pass + "_v5_" + tile.label() + "_bf16", Math.min(tiles, target.multiprocessors()), second, 1, arguments).withBlock(THREADS)
                    .withShared(SHARED_BYTES);
        }
    }

    /**
     * @param pass the kernels' family
     * @param parts into which the depth can be parted at most
     */
    Choice choose(String pass, Target target, int rows, int columns, int parts) {
        return new Choice(pass, fixed.orElseGet(() -> TileRule.choose(TILES, target, rows, columns, parts)));
    }
}
