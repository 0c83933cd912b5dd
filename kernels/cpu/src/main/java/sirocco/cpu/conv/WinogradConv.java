package sirocco.cpu.conv;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.conv.Gemm.SEGMENT;
import static sirocco.cpu.conv.Taps.ceilDiv;

import sirocco.cpu.Layout;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/**
 * 3×3 convolution of stride 1 by Winograd's F(4×4,3×3): transform tiles of the input, multiply 36 planes, transform back.
 *
 * <p>An item is a block of tiles, from image to image: its planes stay in a core's level-2 cache, and the transformed weights stream by.
 */
final class WinogradConv implements ConvKernel, Workers.Task {
    private static final int SEGMENT_BLOCKS = SEGMENT / BLOCK;

    private final Workers workers;
    private final Layout in;
    private final Layout out;
    private final int padTop;
    private final int padLeft;
    private final WinogradWeights u;
    private final WinogradTiles tiles;
    private final Addends addends;
    private final Halo halo;
    private final int blockTiles;
    private final int segment;
    private final int vPlane;
    private final int mPlane;

    private Slice x;
    private Slice weights;
    private Slice y;
    private Slice scratch;

    /** @param mostTiles tiles of an item at most, a multiple of 8 best */
    WinogradConv(ConvShape shape, boolean backward, Layout x, Layout y, Layout residual, Workers workers, int mostTiles) {
        this.workers = workers;
        in = x;
        out = y;
        padTop = backward ? 2 - shape.padTop() : shape.padTop();
        padLeft = backward ? 2 - shape.padLeft() : shape.padLeft();
        u = new WinogradWeights(shape, backward, workers);
        tiles = new WinogradTiles(y.n(), y.h(), y.w());
        addends = new Addends(y.c(), View.perChannel(y.n(), y.h(), y.w(), y.c()), residual == null ? null : View.of(residual));
        halo = new Halo(y);
        blockTiles = Math.min(mostTiles, tiles.count());
        segment = blockTiles * SEGMENT;
        vPlane = ceilDiv(u.innerBlocks() * BLOCK, SEGMENT) * segment + Winograd.GAP;
        mPlane = u.outerBlocks() * blockTiles * BLOCK + Winograd.GAP;
    }

    @Override
    public int preparedFloats() {
        return u.floats();
    }

    private int ownFloats() {
        return Math.addExact(Math.multiplyExact(Winograd.PLANES, vPlane + mPlane), WinogradTiles.SCRATCH);
    }

    @Override
    public long scratchFloats() {
        return Alignment.SLACK + (long) workers.threads() * ownFloats();
    }

    @Override
    public void prepare(Slice w, Slice prepared) {
        u.transform(w, prepared);
    }

    @Override
    public void run(Slice x, Slice prepared, Slice y, Slice bias, Slice perChannel, Slice residual, Slice scratch) {
        this.x = x;
        this.weights = prepared;
        this.y = y;
        this.scratch = scratch;
        addends.bind(bias, perChannel, residual);
        halo.clear(y, workers);
        workers.run(ceilDiv(tiles.count(), blockTiles), this);
    }

    @Override
    public void run(int item, int worker) {
        int first = item * blockTiles;
        int count = Math.min(blockTiles, tiles.count() - first);
        int tile = Alignment.up(scratch.offset()) + worker * ownFloats();
        int v = tile + WinogradTiles.SCRATCH;
        int m = v + Winograd.PLANES * vPlane;
        toPlanes(first, count, tile, v);
        multiply(count, v, m);
        toPixels(first, count, tile, m);
    }

    private void toPlanes(int first, int count, int tile, int v) {
        for (int block = 0; block < u.innerBlocks(); block++) {
            for (int t = 0; t < count; t++) {
                int g = first + t;
                int to = v + block / SEGMENT_BLOCKS * segment + t * SEGMENT + block % SEGMENT_BLOCKS * BLOCK;
                WinogradTiles.input(x.array(), x.offset(), in, tiles.image(g), block, tiles.y(g) - padTop, tiles.x(g) - padLeft,
                        scratch.array(), tile, scratch.array(), to, vPlane);
            }
        }
    }

    private void multiply(int count, int v, int m) {
        float[] a = scratch.array();
        for (int plane = 0; plane < Winograd.PLANES; plane++) {
            for (int panel = 0; panel < u.panels(); panel++) {
                Gemm.longRows(a, v + plane * vPlane, segment, u.innerBlocks() * BLOCK, weights.array(), u.panel(weights.offset(), plane, panel), a,
                        m + plane * mPlane + 2 * panel * blockTiles * BLOCK, BLOCK, blockTiles * BLOCK, count,
                        2 * panel + 1 < u.outerBlocks(), false);
            }
        }
    }

    private void toPixels(int first, int count, int tile, int m) {
        for (int block = 0; block < u.outerBlocks(); block++) {
            for (int t = 0; t < count; t++) {
                int g = first + t;
                WinogradTiles.output(scratch.array(), m + (block * blockTiles + t) * BLOCK, mPlane, scratch.array(), tile, addends,
                        y.array(), y.offset(), out, tiles.image(g), block, tiles.y(g), tiles.x(g));
            }
        }
    }

    @Override
    public String toString() {
        return "Winograd F(4×4,3×3), blocks of " + blockTiles + " of " + tiles.count() + " tiles";
    }
}
