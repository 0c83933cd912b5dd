package sirocco.cpu.conv;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.LANES;
import static sirocco.cpu.Simd.load;
import static sirocco.cpu.conv.Taps.ceilDiv;

import sirocco.cpu.Layout;
import sirocco.cpu.Workers;

/**
 * The weights' gradient for few channels: an item is a share of the tiles, transformed and multiplied chunk by chunk by one thread, so
 * that planes and sums never leave its level-2 cache. Each share has sums of its own, which are added in the end, in order; the number
 * of shares depends on the sizes only.
 */
final class GradientByTiles extends WinogradWeightsGradient {
    /** Most floats of a share's sums: 0.8 MB, as a level-2 cache can hold beside a chunk's planes. */
    private static final long MOST_SUMS = 200_000;
    /** Floats that sums and planes are to fit into. */
    private static final long CACHE = 384 * 1024;
    private static final int LEAST_CHUNK = 16;
    private static final int MOST_CHUNK = 64;
    /** Floats of all shares' sums that are worth their way to memory and back. */
    private static final long ALL_SUMS = 600_000;
    private static final int LEAST_SHARES = 4;
    private static final int MOST_SHARES = 8;

    private final int shares;
    private final int shareTiles;
    private final int row;
    private final int uPlane;
    private final Workers.Task share = this::share;
    private final Workers.Task toWeights = this::toWeights;
    private int planes;
    private int u;

    GradientByTiles(ConvShape shape, Layout x, Layout dy, Workers workers) {
        super(shape, x, dy, chunk(x, dy), workers);
        row = cBlocks * BLOCK;
        uPlane = kBlocks * BLOCK * row + Winograd.GAP;
        int most = (int) Math.clamp(ALL_SUMS / sums(x, dy), LEAST_SHARES, MOST_SHARES);
        shareTiles = ceilDiv(ceilDiv(tiles.count(), most), 8) * 8;
        shares = ceilDiv(tiles.count(), shareTiles);
    }

    static boolean suits(Layout x, Layout dy) {
        return sums(x, dy) <= MOST_SUMS;
    }

    private static long sums(Layout x, Layout dy) {
        return (long) Winograd.PLANES * x.blocks() * dy.blocks() * BLOCK * BLOCK;
    }

    private static int chunk(Layout x, Layout dy) {
        long ofTile = (long) Winograd.TILE * (x.blocks() + dy.blocks());
        return (int) Math.clamp((CACHE - sums(x, dy)) / ofTile / 8 * 8, LEAST_CHUNK, MOST_CHUNK);
    }

    @Override
    long floats() {
        return workers.threads() * planesFloats() + (long) shares * Winograd.PLANES * uPlane;
    }

    @Override
    void run(int at) {
        planes = at;
        u = at + workers.threads() * (int) planesFloats();
        workers.run(shares, share);
        workers.run(shape.k(), toWeights);
    }

    private void share(int item, int worker) {
        int mine = planes + worker * (int) planesFloats();
        int sums = u + item * Winograd.PLANES * uPlane;
        int last = Math.min(tiles.count(), (item + 1) * shareTiles);
        for (int first = item * shareTiles; first < last; first += chunk) {
            int count = Math.min(chunk, last - first);
            for (int block = 0; block < cBlocks + kBlocks; block++) {
                toPlanes(block, first, 0, count, mine, worker);
            }
            for (int plane = 0; plane < Winograd.PLANES; plane++) {
                for (int block = 0; block < kBlocks; block++) {
                    multiply(plane, block, 0, cBlocks, count, mine, first == item * shareTiles,
                            sums + plane * uPlane + block * BLOCK * row, row);
                }
            }
        }
    }

    private void toWeights(int k, int worker) {
        for (int plane = 0; plane < Winograd.PLANES; plane++) {
            for (int i = 1; i < shares; i++) {
                addRow(u + plane * uPlane + k * row, i * Winograd.PLANES * uPlane);
            }
        }
        toWeights(k, 0, shape.c(), u + k * row, uPlane, worker);
    }

    private void addRow(int at, int further) {
        for (int i = at; i < at + row; i += LANES) {
            load(memory, i).add(load(memory, i + further)).intoArray(memory, i);
        }
    }

    @Override
    public String toString() {
        return super.toString() + ", in " + shares + " shares";
    }
}
