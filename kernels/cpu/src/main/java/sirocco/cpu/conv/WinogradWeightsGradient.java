package sirocco.cpu.conv;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.LANES;
import static sirocco.cpu.Simd.load;

import sirocco.cpu.Alignment;
import sirocco.cpu.Layout;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;
import sirocco.cpu.gemm.Tile;

/**
 * dw by the transpose of Winograd's F(4×4,3×3): dw += Gᵀ [Σ over tiles of (A dy Aᵀ) ⊙ (Bᵀ x B)] G, the sum being 36 matrix products of
 * all output channels by all input channels.
 *
 * <p>Transformed tiles are 2¼ times as large as the pixels they come from, and the sums four times as large as the weights: what decides
 * is which of them stay in a core's own cache. Hence three orders of doing the same: {@link GradientByChannels} where the tiles are
 * few, {@link GradientByTiles} where the sums are small, {@link GradientByChunks} where both are large. In each of them the order of
 * summation is fixed, so the bits do not depend on the number of threads.
 */
abstract class WinogradWeightsGradient implements WeightsGradientKernel {
    final Workers workers;
    final ConvShape shape;
    final WinogradTiles tiles;
    final int cBlocks;
    final int kBlocks;
    /** Tiles whose planes are in memory at a time. */
    final int chunk;
    /** Floats from a plane of x to the next, and of dy. */
    final int vPlane;
    final int mPlane;

    private final Layout xLayout;
    private final Layout dyLayout;
    private Slice x;
    private Slice dy;
    private Slice dw;
    private int own;
    float[] memory;

    WinogradWeightsGradient(ConvShape shape, Layout x, Layout dy, int chunk, Workers workers) {
        this.shape = shape;
        this.workers = workers;
        xLayout = x;
        dyLayout = dy;
        tiles = tiles(dy);
        cBlocks = x.blocks();
        kBlocks = dy.blocks();
        this.chunk = Math.min(chunk, tiles.count());
        vPlane = cBlocks * this.chunk * BLOCK + Winograd.GAP;
        mPlane = kBlocks * this.chunk * BLOCK + Winograd.GAP;
    }

    /** The order that suits the sizes. */
    static WinogradWeightsGradient of(ConvShape shape, Layout x, Layout dy, Workers workers) {
        if (tiles(dy).count() <= GradientByChannels.FEW_TILES) {
            return new GradientByChannels(shape, x, dy, workers);
        }
        return GradientByTiles.suits(x, dy) ? new GradientByTiles(shape, x, dy, workers) : new GradientByChunks(shape, x, dy, workers);
    }

    private static WinogradTiles tiles(Layout dy) {
        return new WinogradTiles(dy.n(), dy.h(), dy.w());
    }

    /** Floats of the planes of a chunk: x's, and behind them dy's. */
    final long planesFloats() {
        return (long) Winograd.PLANES * (vPlane + mPlane);
    }

    /** Floats of all planes and sums. */
    abstract long floats();

    /** Does the work; planes and sums are at {@code memory[at …]}, as many floats as {@link #floats}. */
    abstract void run(int at);

    @Override
    public final long scratchFloats() {
        return Alignment.SLACK + (long) workers.threads() * WinogradTiles.SCRATCH + floats();
    }

    @Override
    public final void run(Slice x, Slice dy, Slice dw, Slice scratch) {
        this.x = x;
        this.dy = dy;
        this.dw = dw;
        memory = scratch.array();
        own = Alignment.up(scratch.offset());
        run(own + workers.threads() * WinogradTiles.SCRATCH);
    }

    /**
     * Transforms tiles first + from … first + to − 1 of one channel block to places from … to − 1 of the planes.
     *
     * @param block of x's channels, or behind them of dy's
     */
    final void toPlanes(int block, int first, int from, int to, int planes, int worker) {
        int scratch = own + worker * WinogradTiles.SCRATCH;
        int m = planes + Winograd.PLANES * vPlane;
        for (int t = from; t < to; t++) {
            int g = first + t;
            if (block < cBlocks) {
                WinogradTiles.input(x.array(), x.offset(), xLayout, tiles.image(g), block, tiles.y(g) - shape.padTop(),
                        tiles.x(g) - shape.padLeft(), memory, scratch, memory, planes + (block * chunk + t) * BLOCK, vPlane, 1, 0);
            } else {
                WinogradTiles.gradient(dy.array(), dy.offset(), dyLayout, tiles.image(g), block - cBlocks, tiles.y(g), tiles.x(g), memory,
                        scratch, memory, m + ((block - cBlocks) * chunk + t) * BLOCK, mPlane);
            }
        }
    }

    /**
     * Adds the products of {@code count} tiles of one plane, of an output channel block with input channel blocks c … lastC − 1.
     *
     * @param fresh whether the sums begin with this
     * @param to the first output channel's row of sums; {@code row} floats to the next
     */
    final void multiply(int plane, int block, int c, int lastC, int count, int planes, boolean fresh, int to, int row) {
        int m = planes + Winograd.PLANES * vPlane + plane * mPlane;
        for (int i = c; i < lastC; i += 2) {
            int sums = to + (i - c) * BLOCK;
            Tile.multiply(true, memory, m + block * chunk * BLOCK, 0, memory, planes + plane * vPlane + i * chunk * BLOCK, chunk * BLOCK,
                    Math.min(2, lastC - i), count, fresh ? Tile.ZEROS : memory, fresh ? 0 : sums, fresh ? 0 : row, BLOCK, memory, sums, row, BLOCK, BLOCK);
        }
    }

    /** Transforms output channel k's sums with input channels c … lastC − 1, {@code plane} floats between planes, to weights; adds them. */
    final void toWeights(int k, int c, int lastC, int from, int plane, int worker) {
        int tile = own + worker * WinogradTiles.SCRATCH;
        int taps = tile + Winograd.TILE;
        for (int i = c; i < lastC; i += LANES) {
            Winograd.weightsGradient(memory, from + i - c, plane, memory, tile, memory, taps, BLOCK);
            add(taps, dw.array(), dw.offset() + k * 9 * shape.c() + i, Math.min(LANES, lastC - i));
        }
    }

    private void add(int taps, float[] w, int to, int channels) {
        for (int t = 0; t < 9; t++) {
            int at = to + t * shape.c();
            if (channels == LANES) {
                load(w, at).add(load(memory, taps + t * BLOCK)).intoArray(w, at);
                continue;
            }
            for (int c = 0; c < channels; c++) {
                w[at + c] += memory[taps + t * BLOCK + c];
            }
        }
    }

    @Override
    public String toString() {
        return "Winograd F(4×4,3×3) transposed, chunks of " + chunk + " of " + tiles.count() + " tiles";
    }
}
