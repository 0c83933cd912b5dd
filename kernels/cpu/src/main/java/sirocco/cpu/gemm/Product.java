package sirocco.cpu.gemm;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.LANES;
import static sirocco.cpu.Simd.load;
import static sirocco.cpu.gemm.Blocking.ceilDiv;

import sirocco.cpu.Alignment;
import sirocco.cpu.Workers;

/**
 * Batched matrix products C = A·B by packed panels (Goto and van de Geijn 2008, "Anatomy of high-performance matrix multiplication").
 * Where the operands lie, what sums start from and where they go is up to {@link Left}, {@link Right} and {@link Result}.
 *
 * <p>An item is a block of rows times a group of panels. It packs its rows, which then stay in the level-2 cache, and multiplies them by one
 * panel after the other; a chunk of the panel's rows stays in the caches while the item's rows pass. Sums are accumulated in place,
 * so that storing them overlaps with computing the next ones. Each sum adds its terms in order, in parts that depend on the sizes only, so
 * results do not depend on the number of threads.
 */
public final class Product {
    /** Columns of a panel at most. */
    public static final int PANEL = 2 * BLOCK;
    /**
     * Most terms of a packed chunk of the sum. A panel's chunk is 64 KiB, which tiles read from the level-2 cache fast enough; with chunks
     * that fit a level-1 cache, starting and storing sums takes longer than that saves.
     */
    public static final int DEPTH = 512;
    /** Floats from a packed row to the next: one cache line more than a chunk, since powers of two meet in the same cache sets. */
    public static final int ROW = DEPTH + BLOCK;

    /** Most floats of rows that are packed before the product: 2 MiB. */
    private static final int MOST_PACKED = 512 * 1024;
    /** Rows of a tile. */
    private static final int TILE = Tile.ROWS;

    private final Workers workers;
    private final int batch;
    private final int m;
    private final int panels;
    private final int k;
    private final Left left;
    private final Right right;
    private final Result result;
    private final boolean columns;
    /** Whether the left operand is read in place. */
    private final boolean inPlace;
    private final Blocking blocking;
    private final int rowGroups;
    private final int panelGroups;
    private final int chunkStep;
    private final int sumFloats;
    /** Where tiles go, of each thread. */
    private final int[][] places;
    private final Workers.Task multiply = this::multiply;
    private final Workers.Task addParts = this::addParts;
    private final Workers.Task packRows = this::packRows;
    /** Whether rows are packed before all items that read them, which are several. */
    private final boolean packsFirst;

    private float[] scratch;
    private int packed;
    private int own;
    private int partSums;

    /**
     * @param m rows of the result
     * @param k terms of each sum; with 0, sums are what they start from
     * @param run terms that are contiguous where operands are read in place, so that chunks keep within them; 0 if all are packed
     */
    public Product(int batch, int m, int k, int run, Left left, Right right, Result result, Workers workers) {
        this.workers = workers;
        this.batch = batch;
        this.m = m;
        this.k = k;
        this.left = left;
        this.right = right;
        this.result = result;
        panels = right.panels();
        columns = left.columns();
        inPlace = left.inPlace();
        blocking = Blocking.of(batch, m, panels, k, run, columns);
        rowGroups = ceilDiv(m, blocking.rows());
        panelGroups = ceilDiv(panels, blocking.panels());
        chunkStep = blocking.rows() * (columns ? DEPTH : ROW);
        sumFloats = blocking.panels() * panelFloats();
        packsFirst = !inPlace && panelGroups > 1 && (long) batch * rowGroups * blocking.chunks() * chunkStep <= MOST_PACKED;
        places = new int[workers.threads()][blocking.rows() / TILE];
    }

    /** Whether operands that are contiguous in runs of so many terms can be read in place. */
    public static boolean inPlace(int k, int run) {
        return run % Blocking.depth(k, run) == 0;
    }

    /** Blocks of rows: how often each panel is read. */
    int rowGroups() {
        return rowGroups;
    }

    private int panelFloats() {
        return blocking.rows() * PANEL;
    }

    /** Floats of a thread's packed rows. */
    private int leftFloats() {
        return packsFirst || inPlace ? 0 : blocking.held() * chunkStep;
    }

    private int packedFloats() {
        return packsFirst ? batch * rowGroups * blocking.chunks() * chunkStep : 0;
    }

    private int workerFloats() {
        return leftFloats() + DEPTH * PANEL + (blocking.parts() == 1 ? sumFloats : 0);
    }

    /** Floats of working memory for {@link #run}; its contents before and after are of no account. */
    public long scratchFloats() {
        long parts = blocking.parts() == 1 ? 0 : (long) blocking.parts() * batch * rowGroups * panelGroups * sumFloats;
        return Alignment.SLACK + packedFloats() + (long) workers.threads() * workerFloats() + parts;
    }

    /** Computes all products of the batch. Allocates nothing. */
    public void run(float[] memory, int at) {
        run(batch, memory, at);
    }

    /** Computes the first {@code count} products of the batch, with working memory from {@code at} on. */
    void run(int count, float[] memory, int at) {
        scratch = memory;
        packed = Alignment.up(at);
        own = packed + packedFloats();
        partSums = own + workers.threads() * workerFloats();
        int blocks = count * rowGroups * panelGroups;
        if (packsFirst) {
            workers.run(count * rowGroups * blocking.chunks(), packRows);
        }
        workers.run(blocks * blocking.parts(), multiply);
        if (blocking.parts() > 1) {
            workers.run(blocks, addParts);
        }
    }

    /** Packs one chunk of a block of rows. */
    private void packRows(int item, int worker) {
        int chunk = item % blocking.chunks();
        int row = item / blocking.chunks() % rowGroups * blocking.rows();
        int from = chunk * blocking.depth();
        left.pack(item / blocking.chunks() / rowGroups, row, Math.min(blocking.rows(), m - row), from, Math.min(blocking.depth(), k - from),
                blocking.depth(), scratch, packed + item * chunkStep, chunkStep);
    }

    /** One part of one block's sums. Blocks of the same rows follow each other. */
    private void multiply(int item, int worker) {
        int part = item % blocking.parts();
        int block = item / blocking.parts();
        int row = block / panelGroups % rowGroups * blocking.rows();
        int image = block / panelGroups / rowGroups;
        int rows = Math.min(blocking.rows(), m - row);
        int panel = block % panelGroups * blocking.panels();
        int count = Math.min(blocking.panels(), panels - panel);
        boolean whole = blocking.parts() == 1;
        int a = own + worker * workerFloats();
        int sums = whole ? a + leftFloats() + DEPTH * PANEL : partSums + item * sumFloats;
        int direct = whole && (result.run() % TILE == 0 || result.run() >= m) ? rows / TILE * TILE : 0;
        int[] places = this.places[worker];
        for (int i = 0; i < direct; i += TILE) {
            places[i / TILE] = result.at(image, row + i);
        }
        int first = blocking.chunks() * part / blocking.parts();
        int last = blocking.chunks() * (part + 1) / blocking.parts();
        for (int chunk = first; chunk < last; chunk += blocking.held()) {
            int end = Math.min(last, chunk + blocking.held());
            int from = chunk * blocking.depth();
            if (!inPlace && !packsFirst) {
                left.pack(image, row, rows, from, Math.min(k, end * blocking.depth()) - from, blocking.depth(), scratch, a, chunkStep);
            }
            for (int p = 0; p < count; p++) {
                int to = sums + p * panelFloats();
                if (chunk == 0 && result.starts()) {
                    result.start(image, row, rows, panel + p, scratch, to);
                }
                int inResult = end == last && result.whole(panel + p) ? direct : 0;
                for (int c = chunk; c < end; c++) {
                    Start start = c > first || c == 0 && result.starts() ? Start.SUMS : c == 0 ? Start.RESULT : Start.ZERO;
                    int rowsAt = packsFirst ? packed + (block / panelGroups * blocking.chunks() + c) * chunkStep : a + (c - chunk) * chunkStep;
                    multiply(image, row, rows, c == last - 1 ? inResult : 0, panel + p, c, start, a, rowsAt, to, places);
                }
                if (whole && end == last && inResult < rows) {
                    result.store(image, row + inResult, rows - inResult, panel + p, scratch, to + inResult * PANEL);
                }
            }
        }
    }

    /** What a chunk's sums start from: zeros, what the result states, or the sums of the chunks before. */
    private enum Start { ZERO, RESULT, SUMS }

    /** One chunk of a panel's sums: to the result for the first {@code direct} rows, to scratch memory for the others. */
    private void multiply(int image, int row, int rows, int direct, int panel, int chunk, Start start, int own, int packed, int sums,
            int[] places) {
        int from = chunk * blocking.depth();
        int depth = Math.min(blocking.depth(), k - from);
        float[] b = right.array();
        int bo;
        int bStep;
        if (b == null) {
            b = scratch;
            bo = own + leftFloats();
            bStep = DEPTH * BLOCK;
            right.pack(image, panel, from, depth, b, bo, bStep);
        } else {
            bo = right.at(image, panel, from);
            bStep = right.blockStep();
        }
        int blocks = right.blocks(panel);
        float[] a = inPlace ? left.array() : scratch;
        float[] f = start == Start.ZERO ? Tile.ZEROS : start == Start.SUMS ? scratch : result.startArray();
        int fi = start == Start.SUMS ? PANEL : 0;
        for (int i = 0; i < rows; i += TILE) {
            int ao = inPlace ? left.at(image, (row + i) / BLOCK, from) + i % BLOCK : packed + tileAt(i);
            int co = sums + i * PANEL;
            int fo = start == Start.ZERO ? 0 : start == Start.SUMS ? co : result.startAt(image, row + i, panel);
            if (i < direct) {
                Tile.multiply(columns, a, ao, b, bo, bStep, blocks, depth, f, fo, fi, BLOCK, result.array(),
                        places[i / TILE] + result.panelAt(panel), result.rowStep(), result.blockStep(), TILE);
            } else {
                Tile.multiply(columns, a, ao, b, bo, bStep, blocks, depth, f, fo, fi, BLOCK, scratch, co, PANEL, BLOCK,
                        Math.min(TILE, rows - i));
            }
        }
    }

    private int tileAt(int i) {
        return columns ? i / BLOCK * (BLOCK * DEPTH) + i % BLOCK : i * ROW;
    }

    /** Adds a block's parts, in order, and stores the sum. */
    private void addParts(int block, int worker) {
        int sums = partSums + block * blocking.parts() * sumFloats;
        for (int part = 1; part < blocking.parts(); part++) {
            add(scratch, sums, sums + part * sumFloats, sumFloats);
        }
        int panel = block % panelGroups * blocking.panels();
        int row = block / panelGroups % rowGroups * blocking.rows();
        for (int p = 0; p < Math.min(blocking.panels(), panels - panel); p++) {
            result.store(block / panelGroups / rowGroups, row, Math.min(blocking.rows(), m - row), panel + p, scratch,
                    sums + p * panelFloats());
        }
    }

    private static void add(float[] a, int to, int from, int count) {
        for (int i = 0; i < count; i += LANES) {
            load(a, to + i).add(load(a, from + i)).intoArray(a, to + i);
        }
    }

    /** How the product is cut, for the plan's dump. */
    @Override
    public String toString() {
        return "packed product, " + batch * rowGroups * panelGroups + " blocks of " + blocking.rows() + " × " + blocking.panels() * PANEL
                + (blocking.parts() == 1 ? "" : ", split-K " + blocking.parts());
    }
}
