package sirocco.cpu.conv;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.LANES;
import static sirocco.cpu.Simd.load;
import static sirocco.cpu.conv.Taps.ceilDiv;

import java.util.Arrays;
import sirocco.cpu.Layout;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/**
 * dw by the transpose of Winograd's F(4×4,3×3): dw += Gᵀ [Σ over tiles of (A dy Aᵀ) ⊙ (Bᵀ x B)] G, the sum being 36 matrix products of
 * all output channels by all input channels.
 *
 * <p>Tiles go by in chunks of a fixed size, and of each chunk first all tiles are transformed, then all planes multiplied; a sum belongs
 * to one item and takes the chunks in order, so the bits do not depend on the number of threads.
 */
final class WinogradWeightsGradient implements WeightsGradientKernel {
    /** Tiles of a chunk: many to a product's inner loop, few enough for the planes of a chunk to stay in a cache. */
    private static final int CHUNK = 256;
    /** Tiles that one item of the transforms takes through one channel block. */
    private static final int RUN = 16;

    private final Workers workers;
    private final ConvShape shape;
    private final Layout xLayout;
    private final Layout dyLayout;
    private final WinogradTiles tiles;
    private final int cBlocks;
    private final int kBlocks;
    private final int chunk;
    private final int runs;
    private final int vPlane;
    private final int mPlane;
    private final int uPlane;
    private final Workers.Task toPlanes = this::toPlanes;
    private final Workers.Task multiply = this::multiply;
    private final Workers.Task toWeights = this::toWeights;

    private Slice x;
    private Slice dy;
    private Slice dw;
    private float[] memory;
    private int own;
    private int v;
    private int m;
    private int u;
    private int first;
    private int count;

    WinogradWeightsGradient(ConvShape shape, Layout x, Layout dy, Workers workers) {
        this.shape = shape;
        this.workers = workers;
        xLayout = x;
        dyLayout = dy;
        tiles = new WinogradTiles(dy.n(), dy.h(), dy.w());
        cBlocks = x.blocks();
        kBlocks = dy.blocks();
        chunk = Math.min(CHUNK, tiles.count());
        runs = ceilDiv(chunk, RUN);
        vPlane = cBlocks * chunk * BLOCK + Winograd.GAP;
        mPlane = kBlocks * chunk * BLOCK + Winograd.GAP;
        uPlane = kBlocks * BLOCK * cBlocks * BLOCK + Winograd.GAP;
    }

    @Override
    public long scratchFloats() {
        return Alignment.SLACK + (long) workers.threads() * WinogradTiles.SCRATCH + (long) Winograd.PLANES * (vPlane + mPlane + uPlane);
    }

    @Override
    public void run(Slice x, Slice dy, Slice dw, Slice scratch) {
        this.x = x;
        this.dy = dy;
        this.dw = dw;
        memory = scratch.array();
        own = Alignment.up(scratch.offset());
        v = own + workers.threads() * WinogradTiles.SCRATCH;
        m = v + Winograd.PLANES * vPlane;
        u = m + Winograd.PLANES * mPlane;
        for (first = 0; first < tiles.count(); first += chunk) {
            count = Math.min(chunk, tiles.count() - first);
            workers.run((cBlocks + kBlocks) * runs, toPlanes);
            workers.run(Winograd.PLANES * kBlocks, multiply);
        }
        workers.run(kBlocks * BLOCK, toWeights);
    }

    /** Transforms a run of the chunk's tiles, of one channel block of x or of dy. */
    private void toPlanes(int item, int worker) {
        int block = item / runs;
        int from = item % runs * RUN;
        int scratch = own + worker * WinogradTiles.SCRATCH;
        for (int t = from; t < Math.min(count, from + RUN); t++) {
            int g = first + t;
            if (block < cBlocks) {
                WinogradTiles.input(x.array(), x.offset(), xLayout, tiles.image(g), block, tiles.y(g) - shape.padTop(),
                        tiles.x(g) - shape.padLeft(), memory, scratch, memory, v + (block * chunk + t) * BLOCK, vPlane);
            } else {
                WinogradTiles.gradient(dy.array(), dy.offset(), dyLayout, tiles.image(g), block - cBlocks, tiles.y(g), tiles.x(g), memory,
                        scratch, memory, m + ((block - cBlocks) * chunk + t) * BLOCK, mPlane);
            }
        }
    }

    /** Sums the chunk's products of 16 output channels with all input channels, of one plane. */
    private void multiply(int item, int worker) {
        int plane = item / kBlocks;
        int block = item % kBlocks;
        int row = cBlocks * BLOCK;
        int to = u + plane * uPlane + block * BLOCK * row;
        if (first == 0) {
            Arrays.fill(memory, to, to + BLOCK * row, 0f);
        }
        for (int c = 0; c < cBlocks; c += 2) {
            Gemm.outer(memory, m + plane * mPlane + block * chunk * BLOCK, 0, memory, v + plane * vPlane + c * chunk * BLOCK, 0,
                    chunk * BLOCK, 1, count, memory, to + c * BLOCK, row, c + 1 < cBlocks);
        }
    }

    /** Transforms one output channel's sums to weights and adds them. */
    private void toWeights(int k, int worker) {
        if (k >= shape.k()) {
            return;
        }
        int tile = own + worker * WinogradTiles.SCRATCH;
        int taps = tile + Winograd.TILE;
        for (int c = 0; c < shape.c(); c += LANES) {
            Winograd.weightsGradient(memory, u + k * cBlocks * BLOCK + c, uPlane, memory, tile, memory, taps, BLOCK);
            add(taps, dw.array(), dw.offset() + k * 9 * shape.c() + c, Math.min(LANES, shape.c() - c));
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
