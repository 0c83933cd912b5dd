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
 *
 * <p>With few tiles most of the time would go into the sums' way to memory and back, since there are four of them for each weight. Then
 * an item is a group of output and input channels, small enough that its sums stay in a level-2 cache until they are weights.
 */
final class WinogradWeightsGradient implements WeightsGradientKernel {
    /** Tiles of a chunk: many to a product's inner loop, few enough for the planes of a chunk to stay in a cache. */
    private static final int CHUNK = 256;
    /** Tiles that one item of the transforms takes through one channel block. */
    private static final int RUN = 16;
    /** With no more tiles than this, reading their planes again for each group costs less than keeping all sums in memory. */
    private static final int FEW_TILES = 128;
    /** Blocks of output channels of a group, and of input channels: 36 planes of sums are 288 KiB. */
    private static final int K_GROUP = 2;
    private static final int C_GROUP = 4;

    private final Workers workers;
    private final ConvShape shape;
    private final Layout xLayout;
    private final Layout dyLayout;
    private final WinogradTiles tiles;
    private final int cBlocks;
    private final int kBlocks;
    /** Whether the work goes by groups of channels. */
    private final boolean grouped;
    private final int cGroups;
    private final int chunk;
    private final int runs;
    private final int vPlane;
    private final int mPlane;
    private final int uRow;
    private final int uPlane;
    private final Workers.Task toPlanes = this::toPlanes;
    private final Workers.Task multiply = this::multiply;
    private final Workers.Task toWeights = this::toWeights;
    private final Workers.Task group = this::group;

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
        grouped = tiles.count() <= FEW_TILES;
        cGroups = ceilDiv(cBlocks, C_GROUP);
        uRow = (grouped ? C_GROUP : cBlocks) * BLOCK;
        uPlane = (grouped ? K_GROUP : kBlocks) * BLOCK * uRow + Winograd.GAP;
    }

    @Override
    public long scratchFloats() {
        return Alignment.SLACK + (long) workers.threads() * WinogradTiles.SCRATCH + Winograd.PLANES * ((long) vPlane + mPlane
                + (grouped ? workers.threads() : 1L) * uPlane);
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
        first = 0;
        if (grouped) {
            count = tiles.count();
            workers.run((cBlocks + kBlocks) * runs, toPlanes);
            workers.run(ceilDiv(kBlocks, K_GROUP) * cGroups, group);
            return;
        }
        for (; first < tiles.count(); first += chunk) {
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

    /** Sums the products of a group's channels over all tiles and transforms the sums to weights. */
    private void group(int item, int worker) {
        int k = item / cGroups * K_GROUP;
        int c = item % cGroups * C_GROUP;
        int lastK = Math.min(kBlocks, k + K_GROUP);
        int lastC = Math.min(cBlocks, c + C_GROUP);
        int sums = u + worker * Winograd.PLANES * uPlane;
        for (int plane = 0; plane < Winograd.PLANES; plane++) {
            for (int block = k; block < lastK; block++) {
                multiply(plane, block, c, lastC, sums + plane * uPlane + (block - k) * BLOCK * uRow);
            }
        }
        for (int i = k * BLOCK; i < Math.min(shape.k(), lastK * BLOCK); i++) {
            toWeights(i, c * BLOCK, Math.min(shape.c(), lastC * BLOCK), sums + (i - k * BLOCK) * uRow, worker);
        }
    }

    /** The chunk's products of 16 output channels with all input channels, of one plane. */
    private void multiply(int item, int worker) {
        int plane = item / kBlocks;
        int block = item % kBlocks;
        multiply(plane, block, 0, cBlocks, u + plane * uPlane + block * BLOCK * uRow);
    }

    /** Sums the chunk's products of 16 output channels with blocks c … lastC − 1 of input channels, of one plane. */
    private void multiply(int plane, int block, int c, int lastC, int to) {
        if (first == 0) {
            Arrays.fill(memory, to, to + BLOCK * uRow, 0f);
        }
        for (int i = c; i < lastC; i += 2) {
            Gemm.outer(memory, m + plane * mPlane + block * chunk * BLOCK, 0, memory, v + plane * vPlane + i * chunk * BLOCK, 0,
                    chunk * BLOCK, 1, count, memory, to + (i - c) * BLOCK, uRow, i + 1 < lastC);
        }
    }

    private void toWeights(int k, int worker) {
        if (k < shape.k()) {
            toWeights(k, 0, shape.c(), u + k * uRow, worker);
        }
    }

    /** Transforms one output channel's sums with input channels c … lastC − 1, from {@code from} on, to weights and adds them. */
    private void toWeights(int k, int c, int lastC, int from, int worker) {
        int tile = own + worker * WinogradTiles.SCRATCH;
        int taps = tile + Winograd.TILE;
        for (int i = c; i < lastC; i += LANES) {
            Winograd.weightsGradient(memory, from + i - c, uPlane, memory, tile, memory, taps, BLOCK);
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
        return "Winograd F(4×4,3×3) transposed, chunks of " + chunk + " of " + tiles.count() + " tiles"
                + (grouped ? ", by groups of channels" : "");
    }
}
