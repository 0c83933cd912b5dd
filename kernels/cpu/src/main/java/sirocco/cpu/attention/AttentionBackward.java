package sirocco.cpu.attention;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.attention.Heads.ceilDiv;
import static sirocco.cpu.gemm.Product.ROW;

import java.util.Arrays;
import sirocco.cpu.Alignment;
import sirocco.cpu.Layout;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;
import sirocco.cpu.gemm.Tile;
import sirocco.cpu.math.Exponentials;

/**
 * The gradients of {@link AttentionForward} (Dao et al. 2022, algorithm 4). With P recomputed from the saved row sums and
 * D_i = Σ_j dy_ij y_ij:
 * <pre>  dV = Pᵀ dY,   dP = dY Vᵀ,   dS = P ∘ (dP − D),   dQ = dS K / √d,   dK = dSᵀ Q / √d</pre>
 * An item is a group of chunks of a head's keys. For each chunk the tiles of queries go by in order, each adding its part to dK and dV. dQ is added up in
 * memory of the group, and the groups are added in order. The number of groups depends on the sizes only, so the sums come out the same for any number of
 * threads.
 */
public final class AttentionBackward {
    /** Queries of a tile: the terms of the products that make dK and dV. */
    private static final int ROWS = 128;
    /** Keys of a chunk, whose gradients are added up in a level-2 cache. */
    private static final int KEYS = 256;
    /** Items that keep several threads evenly busy. */
    private static final int ITEMS = 8;

    private final Workers workers;
    private final Heads heads;
    private final Masking masking;
    private final Layout sums;
    private final HeadView q;
    private final HeadView k;
    private final HeadView v;
    private final HeadView y;
    private final HeadView dy;
    private final HeadView dq;
    private final HeadView dk;
    private final HeadView dv;
    private final Workers.Task dots = this::dots;
    private final Workers.Task keys = this::keys;
    private final Workers.Task queries = this::queries;

    /** Groups of a head's chunks. */
    private final int groups;
    /** Floats from a block of channels to the next, of a chunk's keys and of all queries. */
    private final int keyStep;
    private final int queryStep;
    private final int keyFloats;
    private final int channelTile;
    private final int perWorker;

    private Slice mask;
    private float[] lse;
    private int lseAt;
    private float[] work;
    private int workAt;

    /** Layouts of the operands: as in {@link AttentionForward}, and a gradient's shape is its value's. */
    public AttentionBackward(Layout q, Layout k, Layout v, Layout y, Layout logSumExp, Layout dy, Layout dq, Layout dk, Layout dv,
            int headCount, boolean causal, boolean masked, Workers workers) {
        this.workers = workers;
        heads = Heads.of(q, k, headCount, ROWS, KEYS);
        masking = new Masking(heads, causal, masked);
        sums = logSumExp;
        this.q = new HeadView(q, heads);
        this.k = new HeadView(k, heads);
        this.v = new HeadView(v, heads);
        this.y = new HeadView(y, heads);
        this.dy = new HeadView(dy, heads);
        this.dq = new HeadView(dq, heads);
        this.dk = new HeadView(dk, heads);
        this.dv = new HeadView(dv, heads);
        groups = Math.min(heads.chunks(), ceilDiv(ITEMS, heads.tasks()));
        keyStep = heads.chunkBlocks() * BLOCK * BLOCK + BLOCK;
        queryStep = heads.tiles() * heads.rows() * BLOCK + BLOCK;
        keyFloats = heads.chunkBlocks() * BLOCK * ceilDiv(heads.d(), BLOCK) * BLOCK;
        channelTile = heads.blocks() * heads.step();
        int scores = heads.chunkBlocks() * heads.step();
        int tiles = 2 * scores + heads.rows() * ROW + 2 * heads.rowFloats() + BLOCK + masking.floats();
        perWorker = 2 * heads.blocks() * queryStep + 2 * keyFloats + 3 * heads.blocks() * keyStep + Math.max(Math.max(tiles, 2 * channelTile + BLOCK),
                KeyPanels.scratchFloats(heads));
    }

    /** Floats of working memory: D, each group's dQ, and for each thread a head's Q and dY, a chunk's packed operands and gradients and a tile's scores. */
    public long scratchFloats() {
        return Alignment.SLACK + (long) heads.tasks() * (dotFloats() + groups * heads.blocks() * queryStep) + (long) workers.threads() * perWorker;
    }

    private int dotFloats() {
        return ceilDiv(heads.queries(), BLOCK) * BLOCK;
    }

    /** @param keyMask null if there is none */
    public void run(Slice q, Slice k, Slice v, Slice keyMask, Slice y, Slice logSumExp, Slice dy, Slice dq, Slice dk, Slice dv, Slice scratch) {
        mask = keyMask;
        this.q.bind(q);
        this.k.bind(k);
        this.v.bind(v);
        this.y.bind(y);
        this.dy.bind(dy);
        this.dq.bind(dq);
        this.dk.bind(dk);
        this.dv.bind(dv);
        lse = logSumExp.array();
        lseAt = logSumExp.offset();
        work = scratch.array();
        workAt = Alignment.up(scratch.offset());
        this.dq.clearRest(workers);
        this.dk.clearRest(workers);
        this.dv.clearRest(workers);
        workers.run(heads.tasks() * heads.tiles(), dots);
        workers.run(heads.tasks() * groups, keys);
        workers.run(heads.tasks() * heads.tiles(), queries);
    }

    private int dotsAt(int task) {
        return workAt + task * dotFloats();
    }

    private int dQueriesAt(int task, int group) {
        return workAt + heads.tasks() * dotFloats() + (task * groups + group) * heads.blocks() * queryStep;
    }

    private int workerAt(int worker) {
        return dQueriesAt(heads.tasks(), 0) + worker * perWorker;
    }

    /** D of one tile of queries. */
    private void dots(int item, int worker) {
        int task = item / heads.tiles();
        int tile = item % heads.tiles();
        int first = tile * heads.rows();
        int a = workerAt(worker);
        int b = a + channelTile;
        int rows = heads.rows(tile);
        y.load(task, first, rows, 1f, work, a, BLOCK, heads.step());
        dy.load(task, first, rows, 1f, work, b, BLOCK, heads.step());
        for (int i = 0; i < rows; i++) {
            work[dotsAt(task) + first + i] = Softmax.dot(work, a + i * BLOCK, b + i * BLOCK, heads.step(), heads.blocks(), b + channelTile);
        }
    }

    /** All that a group of chunks of keys adds to the gradients. */
    private void keys(int item, int worker) {
        int task = item / groups;
        int group = item % groups;
        int dQueries = dQueriesAt(task, group);
        int own = workerAt(worker);
        Arrays.fill(work, dQueries, dQueries + heads.blocks() * queryStep, 0f);
        q.load(task, 0, heads.queries(), heads.scale(), work, own, BLOCK, queryStep);
        dy.load(task, 0, heads.queries(), 1f, work, own + heads.blocks() * queryStep, BLOCK, queryStep);
        for (int chunk = heads.chunks() * group / groups; chunk < heads.chunks() * (group + 1) / groups; chunk++) {
            chunk(task, chunk, dQueries, own);
        }
    }

    private void chunk(int task, int chunk, int dQueries, int own) {
        int first = heads.firstKey(chunk);
        int count = heads.keys(chunk);
        int keysT = own + 2 * heads.blocks() * queryStep;
        int valuesT = keysT + keyFloats;
        int keys = valuesT + keyFloats;
        int dKeys = keys + heads.blocks() * keyStep;
        int dValues = dKeys + heads.blocks() * keyStep;
        int tiles = dValues + heads.blocks() * keyStep;
        KeyPanels.transposed(heads, k, task, first, count, work, keysT, tiles);
        KeyPanels.transposed(heads, v, task, first, count, work, valuesT, tiles);
        k.load(task, first, count, 1f, work, keys, BLOCK, keyStep);
        Arrays.fill(work, dKeys, tiles, 0f);
        for (int tile = 0; tile < heads.tiles(); tile++) {
            int blocks = masking.keyBlocks(chunk, tile * heads.rows() + heads.rows(tile));
            if (blocks > 0) {
                tile(task, tile, chunk, blocks, own, dQueries + tile * heads.rows() * BLOCK);
            }
        }
        dk.store(task, first, count, 1f, work, dKeys, BLOCK, keyStep);
        dv.store(task, first, count, 1f, work, dValues, BLOCK, keyStep);
    }

    /** What one tile of queries and the first {@code blocks} blocks of a chunk of keys add to the gradients. */
    private void tile(int task, int tile, int chunk, int blocks, int own, int dQueries) {
        int first = tile * heads.rows();
        int rows = heads.rows(tile);
        int keyCount = Math.min(heads.keys(chunk), blocks * BLOCK);
        int step = heads.step();
        int queryBlocks = own + first * BLOCK;
        int dOutBlocks = queryBlocks + heads.blocks() * queryStep;
        int keysT = own + 2 * heads.blocks() * queryStep;
        int valuesT = keysT + keyFloats;
        int keys = valuesT + keyFloats;
        int dKeys = keys + heads.blocks() * keyStep;
        int dValues = dKeys + heads.blocks() * keyStep;
        int p = dValues + heads.blocks() * keyStep;
        int dp = p + heads.chunkBlocks() * step;
        int byRows = dp + heads.chunkBlocks() * step;
        int query = byRows + heads.rows() * ROW;
        int dOut = query + heads.rowFloats();
        int lanes = dOut + heads.rowFloats();
        HeadView.rows(heads, work, queryBlocks, queryStep, rows, query);
        HeadView.rows(heads, work, dOutBlocks, queryStep, rows, dOut);
        KeyPanels.scores(heads, work, query, work, keysT, p, BLOCK, step, rows, blocks);
        KeyPanels.scores(heads, work, dOut, work, valuesT, dp, BLOCK, step, rows, blocks);
        masking.apply(work, p, BLOCK, step, rows, blocks, first, chunk, mask, task / heads.heads(), lanes + BLOCK);
        int sumsAt = lseAt + task / heads.heads() * sums.image() + task % heads.heads() * heads.queries() + first;
        for (int i = 0; i < rows; i++) {
            Exponentials.shifted(work, p + i * BLOCK, step, blocks, lse[sumsAt + i], lanes);
        }
        Softmax.fill(work, p, BLOCK, step, rows, keyCount, 0f);
        masking.clear(work, p, BLOCK, step, rows, blocks);
        Softmax.backward(work, p, dp, step, rows, blocks, work, dotsAt(task) + first, byRows, ROW);
        for (int n = 0; n < heads.blocks(); n += 2) {
            int panel = Math.min(2, heads.blocks() - n);
            addTransposed(p, rows, blocks, dOutBlocks + n * queryStep, panel, dValues + n * keyStep);
            addTransposed(dp, rows, blocks, queryBlocks + n * queryStep, panel, dKeys + n * keyStep);
            int to = dQueries + n * queryStep;
            Tile.multiply(false, work, byRows, 0, work, keys + n * keyStep, keyStep, panel, keyCount, work, to, BLOCK, queryStep, work, to, BLOCK,
                    queryStep, rows);
        }
    }

    /** c += aᵀ · b: a tile of scores by a panel of channels. */
    private void addTransposed(int a, int rows, int blocks, int b, int panel, int c) {
        Tile.multiply(true, work, a, heads.step(), work, b, queryStep, panel, rows, work, c, BLOCK, keyStep, work, c, BLOCK, keyStep, blocks * BLOCK);
    }

    /** Adds the groups' dQ of one tile of queries. */
    private void queries(int item, int worker) {
        int task = item / heads.tiles();
        int tile = item % heads.tiles();
        int first = tile * heads.rows();
        int from = dQueriesAt(task, 0) + first * BLOCK;
        for (int group = 1; group < groups; group++) {
            for (int block = 0; block < heads.blocks(); block++) {
                Softmax.add(work, from + block * queryStep, dQueriesAt(task, group) + first * BLOCK + block * queryStep, heads.rows(tile) * BLOCK);
            }
        }
        dq.store(task, first, heads.rows(tile), heads.scale(), work, from, BLOCK, queryStep);
    }
}
