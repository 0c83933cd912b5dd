package sirocco.cpu.conv;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.conv.Taps.ceilDiv;
import static sirocco.cpu.gemm.Product.DEPTH;
import static sirocco.cpu.gemm.Product.PANEL;
import static sirocco.cpu.gemm.Product.ROW;

import sirocco.cpu.Alignment;
import sirocco.cpu.Layout;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;
import sirocco.cpu.gemm.Tile;

/**
 * 3×3 convolution of stride 1 by Winograd's F(4×4,3×3): transform tiles of the input, multiply 36 planes, transform back.
 *
 * <p>With many tiles an item is a block of them, from image to image, whose planes stay in a core's level-2 cache while the transformed weights stream by, or
 * stay there too. If the planes are small, the products of one panel of output channels also stay there until they are pixels.
 *
 * <p>With large weights and few tiles the threads share all of them, so that each weight is read by one thread only, and an item is a panel with all planes.
 * Weights that change from run to run are transformed for it, a few input channels at a time: they are four times as large then, and used once. Where the
 * products of all tiles with a panel are too large for a cache, each of the three steps is a loop of its own.
 */
final class WinogradConv implements ConvKernel {
    /** Tiles that one item of a shared block's transforms takes through one channel block. */
    private static final int RUN = 8;
    /** With no more tiles than these, a panel's products stay in a level-2 cache: 576 KiB. */
    private static final int PANEL_TILES = 128;
    /** Floats of a block's planes of the input that each panel reads again: 1.25 MiB. Larger ones are read once, plane by plane. */
    private static final int PANEL_PLANES = 320 * 1024;
    /** Inner channels whose transformed weights for a panel are in memory at a time: 576 KiB. */
    private static final int FUSED_DEPTH = WinogradWeights.GROUP * BLOCK;
    private static final int FUSED_PLANE = FUSED_DEPTH * PANEL + Winograd.GAP;

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
    /** Whether all threads share a block. */
    private final boolean shared;
    /** Whether products become pixels panel by panel. */
    private final boolean byPanels;
    /** Whether weights are transformed for each panel. */
    private final boolean fused;
    private final int runs;
    /** Rows of a plane's memory: tiles of a block, and what register tiles compute beyond them. */
    private final int rows;
    /** Inner channels of a chunk of the sums, and chunks. */
    private final int depth;
    private final int chunks;
    /** Planes that share the rows of one packed operand: those of rows i to i + across − 1 of a column of the 6×6. */
    private final int across;
    /** Floats from one packed operand to the next, and from all those of a chunk to the next chunk's. */
    private final int vPlane;
    private final int vChunk;
    private final int mPlane;
    private final Workers.Task wholeBlock = this::wholeBlock;
    private final Workers.Task toPlanes = this::toPlanes;
    private final Workers.Task multiply = this::multiply;
    private final Workers.Task toPixels = this::toPixels;
    private final Workers.Task panel = this::panel;

    private Slice x;
    private Slice weights;
    private Slice y;
    private float[] memory;
    private int own;
    /** Of the block that is shared. */
    private int first;
    private int count;

    /** @param kept whether weights stay the same from run to run */
    WinogradConv(ConvShape shape, boolean backward, Layout x, Layout y, Layout residual, boolean kept, Workers workers) {
        this.workers = workers;
        in = x;
        out = y;
        padTop = backward ? 2 - shape.padTop() : shape.padTop();
        padLeft = backward ? 2 - shape.padLeft() : shape.padLeft();
        tiles = new WinogradTiles(y.n(), y.h(), y.w());
        addends = new Addends(y.c(), View.perChannel(y.n(), y.h(), y.w(), y.c()), residual == null ? null : View.of(residual));
        halo = new Halo(y);
        WinogradBlocks blocks = WinogradBlocks.of(tiles.count(), ceilDiv(x.c(), BLOCK), ceilDiv(y.c(), BLOCK), workers.threads());
        shared = blocks.shared();
        boolean few = shared && tiles.count() <= PANEL_TILES && ceilDiv(y.c(), PANEL) >= workers.threads();
        byPanels = few || !shared && Winograd.PLANES * blocks.tiles() * x.blocks() * BLOCK <= PANEL_PLANES;
        fused = few && !kept;
        u = new WinogradWeights(shape, backward, byPanels, workers);
        blockTiles = few ? tiles.count() : blocks.tiles();
        runs = ceilDiv(blockTiles, RUN);
        rows = ceilDiv(blockTiles, Tile.ROWS) * Tile.ROWS;
        chunks = ceilDiv(u.innerBlocks() * BLOCK, DEPTH);
        depth = ceilDiv(u.innerBlocks(), chunks) * BLOCK;
        across = Math.min(Winograd.IN, DEPTH / depth);
        vPlane = rows * ROW + Winograd.GAP;
        vChunk = ceilDiv(Winograd.IN, across) * Winograd.IN * vPlane;
        mPlane = (byPanels ? 2 : u.outerBlocks()) * rows * BLOCK + Winograd.GAP;
    }

    @Override
    public int preparedFloats() {
        return fused ? 0 : u.floats();
    }

    @Override
    public long scratchFloats() {
        long ofWorkers = byPanels ? (long) workers.threads() * panelFloats() : 0;
        return Alignment.SLACK + (long) workers.threads() * WinogradTiles.SCRATCH + (shared ? 1L : workers.threads()) * planesFloats() + ofWorkers;
    }

    private int planesFloats() {
        return Math.addExact(Math.multiplyExact(chunks, vChunk), byPanels ? 0 : Math.multiplyExact(Winograd.PLANES, mPlane));
    }

    /** Floats of a worker's products of one panel, and of its transformed weights. */
    private int panelFloats() {
        return Winograd.PLANES * (mPlane + (fused ? FUSED_PLANE : 0));
    }

    @Override
    public void prepare(Slice w, Slice prepared) {
        if (!fused) {
            u.transform(w, prepared);
        }
    }

    @Override
    public void run(Slice x, Slice prepared, Slice y, Slice bias, Slice perChannel, Slice residual, Slice scratch) {
        this.x = x;
        this.weights = prepared;
        this.y = y;
        memory = scratch.array();
        own = Alignment.up(scratch.offset());
        addends.bind(bias, perChannel, residual);
        halo.clear(y, workers);
        if (shared && byPanels) {
            first = 0;
            count = tiles.count();
            workers.run(u.innerBlocks() * runs, toPlanes);
            workers.run(u.panels(), panel);
        } else if (shared) {
            for (first = 0; first < tiles.count(); first += blockTiles) {
                count = Math.min(blockTiles, tiles.count() - first);
                workers.run(u.innerBlocks() * runs, toPlanes);
                workers.run(Winograd.PLANES * u.panels(), multiply);
                workers.run(u.outerBlocks() * runs, toPixels);
            }
        } else {
            workers.run(ceilDiv(tiles.count(), blockTiles), wholeBlock);
        }
    }

    /** Where a worker's planes of the input begin. */
    private int planes(int worker) {
        return own + workers.threads() * WinogradTiles.SCRATCH + (shared ? 0 : worker * planesFloats());
    }

    private void wholeBlock(int item, int worker) {
        int first = item * blockTiles;
        int count = Math.min(blockTiles, tiles.count() - first);
        for (int block = 0; block < u.innerBlocks(); block++) {
            toPlanes(block, first, 0, count, worker);
        }
        if (byPanels) {
            for (int panel = 0; panel < u.panels(); panel++) {
                panel(panel, first, count, worker);
            }
            return;
        }
        for (int plane = 0; plane < Winograd.PLANES; plane++) {
            for (int panel = 0; panel < u.panels(); panel++) {
                multiply(plane, panel, count, worker);
            }
        }
        for (int block = 0; block < u.outerBlocks(); block++) {
            toPixels(block, first, 0, count, worker);
        }
    }

    private void toPlanes(int item, int worker) {
        int from = item % runs * RUN;
        toPlanes(item / runs, first, from, Math.min(from + RUN, count), worker);
    }

    private void multiply(int item, int worker) {
        multiply(item / u.panels(), item % u.panels(), count, worker);
    }

    private void toPixels(int item, int worker) {
        int from = item % runs * RUN;
        toPixels(item / runs, first, from, Math.min(from + RUN, count), worker);
    }

    /** Transforms tiles from … to − 1 of the block that begins with tile {@code first}, of one channel block. */
    private void toPlanes(int block, int first, int from, int to, int worker) {
        int scratch = own + worker * WinogradTiles.SCRATCH;
        int channel = block * BLOCK;
        int v = planes(worker) + channel / depth * vChunk + channel % depth;
        for (int t = from; t < to; t++) {
            int g = first + t;
            WinogradTiles.input(x.array(), x.offset(), in, tiles.image(g), block, tiles.y(g) - padTop, tiles.x(g) - padLeft, memory, scratch,
                    memory, v + t * ROW, vPlane, across, depth);
        }
    }

    private void multiply(int plane, int panel, int count, int worker) {
        int m = productsAt(worker) + plane * mPlane + (byPanels ? 0 : 2 * panel * rows * BLOCK);
        int w = u.block(weights.offset(), plane, 2 * panel);
        int blocks = Math.min(2, u.outerBlocks() - 2 * panel);
        for (int chunk = 0; chunk < chunks; chunk++) {
            int terms = Math.min(depth, u.innerBlocks() * BLOCK - chunk * depth);
            multiply(plane, chunk * depth, terms, weights.array(), w + chunk * depth * BLOCK, u.blockStep(), blocks, m, count, worker);
        }
    }

    /** Adds the products of channels inner … inner + terms − 1, of one chunk, with one panel's weights, from {@code w} on, to the sums at {@code m}. */
    private void multiply(int plane, int inner, int terms, float[] u, int w, int step, int blocks, int m, int count, int worker) {
        int i = plane / Winograd.IN;
        int v = planes(worker) + inner / depth * vChunk + (i / across * Winograd.IN + plane % Winograd.IN) * vPlane + i % across * depth + inner % depth;
        boolean begins = inner == 0;
        Tile.multiply(false, memory, v, 0, u, w, step, blocks, terms, begins ? Tile.ZEROS : memory, begins ? 0 : m, begins ? 0 : BLOCK,
                begins ? 0 : rows * BLOCK, memory, m, BLOCK, rows * BLOCK, count);
    }

    private void panel(int panel, int worker) {
        panel(panel, 0, count, worker);
    }

    /** Multiplies a block of tiles by one panel and transforms the products to pixels. */
    private void panel(int panel, int first, int count, int worker) {
        if (fused) {
            transformAndMultiply(panel, worker);
        } else {
            for (int plane = 0; plane < Winograd.PLANES; plane++) {
                multiply(plane, panel, count, worker);
            }
        }
        for (int block = 2 * panel; block < Math.min(2 * panel + 2, u.outerBlocks()); block++) {
            toPixels(block, first, 0, count, worker);
        }
    }

    private void transformAndMultiply(int panel, int worker) {
        int m = productsAt(worker);
        int w = m + Winograd.PLANES * mPlane;
        int blocks = Math.min(2, u.outerBlocks() - 2 * panel);
        int channels = u.innerBlocks() * BLOCK;
        for (int inner = 0; inner < channels;) {
            int terms = Math.min(Math.min(FUSED_DEPTH, depth - inner % depth), channels - inner);
            for (int block = 0; block < blocks; block++) {
                u.transform(weights, 2 * panel + block, inner / BLOCK, terms / BLOCK, memory, w + block * terms * BLOCK, FUSED_PLANE, worker);
            }
            for (int plane = 0; plane < Winograd.PLANES; plane++) {
                multiply(plane, inner, terms, memory, w + plane * FUSED_PLANE, terms * BLOCK, blocks, m + plane * mPlane, count, worker);
            }
            inner += terms;
        }
    }

    /** Where a worker's products begin. */
    private int productsAt(int worker) {
        if (!byPanels) {
            return planes(worker) + chunks * vChunk;
        }
        return own + workers.threads() * WinogradTiles.SCRATCH + (shared ? 1 : workers.threads()) * planesFloats() + worker * panelFloats();
    }

    /** Transforms the products of a channel block to pixels of tiles from … to − 1 of the block that begins with tile {@code first}. */
    private void toPixels(int block, int first, int from, int to, int worker) {
        int scratch = own + worker * WinogradTiles.SCRATCH;
        int m = productsAt(worker) + (byPanels ? block % 2 : block) * rows * BLOCK;
        for (int t = from; t < to; t++) {
            int g = first + t;
            WinogradTiles.output(memory, m + t * BLOCK, mPlane, memory, scratch, addends, y.array(), y.offset(), out, tiles.image(g), block,
                    tiles.y(g), tiles.x(g));
        }
    }

    @Override
    public String toString() {
        return "Winograd F(4×4,3×3), " + tiles.count() + " tiles" + (blockTiles == tiles.count() ? " in one block" : " by blocks of " + blockTiles)
                + (byPanels ? ", panel by panel" : "") + (fused ? " with its weights' transform" : byPanels ? "" : shared ? ", shared" : "");
    }
}
