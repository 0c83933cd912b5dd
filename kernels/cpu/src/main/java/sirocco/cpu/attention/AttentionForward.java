package sirocco.cpu.attention;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.conv.Gemm.PANEL;
import static sirocco.cpu.conv.Gemm.PANEL_BLOCK;

import java.util.Arrays;
import sirocco.cpu.Layout;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;
import sirocco.cpu.conv.Gemm;

/**
 * y = softmax(q kᵀ / √d) v for each head, over the pixels of an image or those of another value, less what a {@link Masking} excludes.
 * First all heads' keys and values are packed for {@link Gemm}; then each
 * tile of queries has its scores against all keys, their softmax and the product with the values done while they are in cache. All
 * scores of a head never exist at once.
 */
public final class AttentionForward {
    private final Workers workers;
    private final Heads heads;
    private final Masking masking;
    private final Layout sums;
    private final HeadView q;
    private final HeadView k;
    private final HeadView v;
    private final HeadView y;
    private final int[] channelBlocks;
    private final int[] keyBlocks;
    private final Workers.Task pack = this::pack;
    private final Workers.Task attend = this::attend;

    private final int transposed;
    private final int straight;
    private final int tile;
    private final int channelTile;
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
        heads = Heads.of(q, k, headCount);
        masking = new Masking(heads, causal, masked);
        sums = logSumExp;
        this.q = new HeadView(q, heads);
        this.k = new HeadView(k, heads);
        this.v = new HeadView(v, heads);
        this.y = new HeadView(y, heads);
        channelBlocks = heads.blockStarts(heads.blocks());
        keyBlocks = heads.blockStarts(heads.keyBlocks());
        transposed = heads.transposedFloats();
        straight = heads.panelFloats();
        tile = heads.step() * heads.keyBlocks();
        channelTile = heads.step() * heads.blocks();
        perWorker = Math.max(tile + 2 * channelTile + BLOCK + masking.floats(), PANEL * heads.channels());
    }

    /** Floats of working memory: packed keys and values, and a tile of scores for each thread. */
    public long scratchFloats() {
        return (long) heads.tasks() * (transposed + straight) + (long) workers.threads() * perWorker;
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
        workAt = scratch.offset();
        this.y.clearRest(workers);
        clearRest(sums, logSumExp);
        workers.run(heads.tasks() * heads.keyPanels(), pack);
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
        return workAt + heads.tasks() * (transposed + straight) + worker * perWorker;
    }

    private void pack(int item, int worker) {
        int task = item / heads.keyPanels();
        int panel = item % heads.keyPanels();
        int pixels = workerAt(worker);
        int at = workAt + task * (transposed + straight);
        KeyPanels.load32(heads, k, task, panel, work, pixels);
        KeyPanels.transposed(heads, work, pixels, work, at + panel * PANEL * heads.channels());
        KeyPanels.load32(heads, v, task, panel, work, pixels);
        KeyPanels.straight(heads, panel, work, pixels, work, at + transposed);
    }

    private void attend(int item, int worker) {
        int task = item / heads.tiles();
        int first = item % heads.tiles() * heads.rows();
        int rows = Math.min(heads.rows(), heads.pixels() - first);
        int step = heads.step();
        int keysAt = workAt + task * (transposed + straight);
        int s = workerAt(worker);
        int query = s + tile;
        int out = query + channelTile;
        q.load(task, first, rows, heads.scale(), work, query, BLOCK, step);
        int blocks = masking.keyBlocks(first + rows);
        for (int p = 0; 2 * p < blocks; p++) {
            Gemm.rows(work, query, channelBlocks, channelBlocks.length, work, keysAt + p * PANEL * heads.channels(), work,
                    s + 2 * p * step, BLOCK, step, rows, 2 * p + 1 < blocks, false);
        }
        masking.apply(work, s, rows, step, blocks, first, mask, task / heads.heads(), out + channelTile + BLOCK);
        int sumsAt = lseAt + task / heads.heads() * sums.image() + task % heads.heads() * heads.pixels() + first;
        Softmax.forward(work, s, rows, step, blocks, lse, sumsAt, out + channelTile);
        masking.clear(work, s, rows, step, blocks);
        for (int p = 0; p < heads.channelPanels(); p++) {
            Gemm.rows(work, s, keyBlocks, blocks, work, keysAt + transposed + p * heads.keyBlocks() * PANEL_BLOCK, work,
                    out + 2 * p * step, BLOCK, step, rows, 2 * p + 1 < heads.blocks(), false);
        }
        y.store(task, first, rows, 1f, work, out, BLOCK, step);
    }
}
