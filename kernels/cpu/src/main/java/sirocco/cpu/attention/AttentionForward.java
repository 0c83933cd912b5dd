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

/**
 * y = softmax(q kᵀ / √d) v for each head, over the pixels of an image or those of another value, less what a {@link Masking} excludes. Keys and values are
 * packed for {@link Tile}; then each tile of queries takes chunk after chunk of the keys: scores, exponentials, and the product with the values, all in cache.
 * Sums and products are relative to the largest score so far (Dao et al. 2022, algorithm 1), so that the scores of a head never exist at once.
 */
public final class AttentionForward {
    /** Queries of a tile: a packed panel of keys is read from a level-2 cache once for so many. */
    private static final int ROWS = 64;
    /** Keys of a chunk. */
    private static final int KEYS = 512;
    /** Keys that are packed together. */
    private static final int PACKED = 4 * BLOCK;

    private final Workers workers;
    private final Heads heads;
    private final Masking masking;
    private final Layout sums;
    private final HeadView q;
    private final HeadView k;
    private final HeadView v;
    private final HeadView y;
    private final Workers.Task pack = this::pack;
    private final Workers.Task attend = this::attend;

    /** Whether keys and values are packed before all tiles that read them, which are several. */
    private final boolean packsFirst;
    private final int keyFloats;
    private final int valueStep;
    private final int packedFloats;
    private final int perWorker;

    private Slice mask;
    private float[] lse;
    private int lseAt;
    private float[] work;
    private int workAt;

    /**
     * @param q, y the operands' layouts, of shape [n,h,w,c]
     * @param k, v of shape [n,h',w',c]
     * @param logSumExp of shape [n,1,1,heads·h·w]
     * @param headCount a divisor of c
     * @param causal whether query i attends to keys 0 … i only
     * @param masked whether there is a key mask
     */
    public AttentionForward(Layout q, Layout k, Layout v, Layout y, Layout logSumExp, int headCount, boolean causal, boolean masked, Workers workers) {
        this.workers = workers;
        heads = Heads.of(q, k, headCount, ROWS, KEYS);
        masking = new Masking(heads, causal, masked);
        sums = logSumExp;
        this.q = new HeadView(q, heads);
        this.k = new HeadView(k, heads);
        this.v = new HeadView(v, heads);
        this.y = new HeadView(y, heads);
        packsFirst = heads.tiles() > 1;
        keyFloats = heads.keyBlocks() * BLOCK * heads.d();
        valueStep = heads.keyBlocks() * BLOCK * BLOCK;
        packedFloats = ceilDiv(keyFloats, BLOCK) * BLOCK + heads.blocks() * valueStep;
        perWorker = (packsFirst ? 0 : packedFloats) + Math.max(heads.rows() * ROW + heads.rowFloats() + heads.blocks() * heads.step()
                + heads.rows() * BLOCK + ceilDiv(heads.rows(), BLOCK) * BLOCK + masking.floats(), KeyPanels.scratchFloats(heads));
    }

    /** Floats of working memory: packed keys and values, and a tile of scores for each thread. */
    public long scratchFloats() {
        return Alignment.SLACK + (packsFirst ? (long) heads.tasks() * packedFloats : 0) + (long) workers.threads() * perWorker;
    }

    /** @param keyMask [n,1,1,h'·w'], 1 for keys to attend to and 0 for others; null if there is none */
    public void run(Slice q, Slice k, Slice v, Slice keyMask, Slice y, Slice logSumExp, Slice scratch) {
        mask = keyMask;
        this.q.bind(q);
        this.k.bind(k);
        this.v.bind(v);
        this.y.bind(y);
        lse = logSumExp.array();
        lseAt = logSumExp.offset();
        work = scratch.array();
        workAt = Alignment.up(scratch.offset());
        this.y.clearRest(workers);
        clearRest(sums, logSumExp);
        if (packsFirst) {
            workers.run(heads.tasks() * ceilDiv(heads.keys(), PACKED), pack);
        }
        workers.run(heads.tasks() * heads.tiles(), attend);
    }

    /** The features that fill up the last block of the row sums. */
    private static void clearRest(Layout sums, Slice at) {
        for (int n = 0; n < sums.n(); n++) {
            int image = at.offset() + n * sums.image();
            Arrays.fill(at.array(), image + sums.c(), image + sums.image(), 0f);
        }
    }

    private int workerAt(int worker) {
        return workAt + (packsFirst ? heads.tasks() * packedFloats : 0) + worker * perWorker;
    }

    private void pack(int item, int worker) {
        int pieces = ceilDiv(heads.keys(), PACKED);
        int first = item % pieces * PACKED;
        int task = item / pieces;
        pack(task, first, Math.min(PACKED, heads.keys() - first), workAt + task * packedFloats, workerAt(worker));
    }

    private void pack(int task, int first, int count, int packed, int scratch) {
        KeyPanels.transposed(heads, k, task, first, count, work, packed + first * heads.d(), scratch);
        v.load(task, first, count, 1f, work, valuesAt(packed) + first * BLOCK, BLOCK, valueStep);
    }

    private int valuesAt(int packed) {
        return packed + packedFloats - heads.blocks() * valueStep;
    }

    private void attend(int item, int worker) {
        int task = item / heads.tiles();
        int tile = item % heads.tiles();
        int first = tile * heads.rows();
        int rows = heads.rows(tile);
        int step = heads.step();
        int own = workerAt(worker);
        int packed = packsFirst ? workAt + task * packedFloats : own;
        int s = packsFirst ? own : own + packedFloats;
        if (!packsFirst) {
            pack(task, 0, heads.keys(), packed, s);
        }
        int query = s + heads.rows() * ROW;
        int out = query + heads.rowFloats();
        int partial = out + heads.blocks() * step;
        int max = partial + heads.rows() * BLOCK;
        q.loadRows(task, first, rows, heads.scale(), work, query);
        Arrays.fill(work, partial, max, 0f);
        Arrays.fill(work, max, max + rows, Float.NEGATIVE_INFINITY);
        for (int chunk = 0; chunk < heads.chunks(); chunk++) {
            int blocks = masking.keyBlocks(chunk, first + rows);
            if (blocks == 0) {
                break;
            }
            int key = heads.firstKey(chunk);
            int keys = Math.min(heads.keys(chunk), blocks * BLOCK);
            KeyPanels.scores(heads, work, query, work, packed + key * heads.d(), s, ROW, BLOCK, rows, blocks);
            Softmax.fill(work, s, ROW, BLOCK, rows, keys, Float.NEGATIVE_INFINITY);
            masking.apply(work, s, ROW, BLOCK, rows, blocks, first, chunk, mask, task / heads.heads(), max + ceilDiv(heads.rows(), BLOCK) * BLOCK);
            Softmax.forward(work, s, ROW, rows, blocks, max, partial, out, step, heads.blocks());
            masking.clear(work, s, ROW, BLOCK, rows, blocks);
            for (int n = 0; n < heads.blocks(); n += 2) {
                int at = out + n * step;
                boolean begins = chunk == 0;
                Tile.multiply(false, work, s, 0, work, valuesAt(packed) + n * valueStep + key * BLOCK, valueStep, Math.min(2, heads.blocks() - n), keys,
                        begins ? Tile.ZEROS : work, begins ? 0 : at, begins ? 0 : BLOCK, begins ? 0 : step, work, at, BLOCK, step, rows);
            }
        }
        int sumsAt = lseAt + task / heads.heads() * sums.image() + task % heads.heads() * heads.queries() + first;
        Softmax.finish(work, rows, max, partial, out, step, heads.blocks(), lse, sumsAt);
        y.store(task, first, rows, 1f, work, out, BLOCK, step);
    }
}
