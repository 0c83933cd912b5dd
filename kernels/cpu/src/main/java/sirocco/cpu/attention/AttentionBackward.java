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
 * The gradients of {@link AttentionForward} (Dao et al. 2022, algorithm 4). With P recomputed from the saved row sums and
 * D_i = Σ_j dy_ij y_ij:
 * <pre>  dV = Pᵀ dY,   dP = dY Vᵀ,   dS = P ∘ (dP − D),   dQ = dS K / √d,   dK = dSᵀ Q / √d</pre>
 * A head of an image is one item: its tiles of queries go by in order, each adding its part to dK and dV, so that the sums come out the
 * same for any number of threads.
 */
public final class AttentionBackward {
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
    private final int[] channelBlocks;
    private final int[] keyBlocks;
    private final Workers.Task task = this::head;

    private final int transposed;
    private final int tile;
    private final int channelTile;
    private final int dense;
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
        heads = Heads.of(q, k, headCount);
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
        channelBlocks = heads.blockStarts(heads.blocks());
        keyBlocks = heads.blockStarts(heads.keyBlocks());
        transposed = heads.transposedFloats();
        tile = heads.step() * heads.keyBlocks();
        channelTile = heads.step() * heads.blocks();
        dense = heads.keys() * heads.channels();
        int packed = 2 * transposed + heads.panelFloats();
        perWorker = packed + 2 * dense + Math.max(2 * tile + 3 * channelTile + BLOCK + masking.floats(), PANEL * heads.channels());
    }

    /** Floats of working memory: one head's packed operands, its dK and dV, and two tiles of scores, for each thread. */
    public long scratchFloats() {
        return (long) workers.threads() * perWorker;
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
        workAt = scratch.offset();
        this.dq.clearRest(workers);
        this.dk.clearRest(workers);
        this.dv.clearRest(workers);
        workers.run(heads.tasks(), task);
    }

    private void head(int head, int worker) {
        int keysT = workAt + worker * perWorker;
        int valuesT = keysT + transposed;
        int keys = valuesT + transposed;
        int dKeys = keys + heads.panelFloats();
        int dValues = dKeys + dense;
        int tiles = dValues + dense;
        for (int panel = 0; panel < heads.keyPanels(); panel++) {
            KeyPanels.load32(heads, v, head, panel, work, tiles);
            KeyPanels.transposed(heads, work, tiles, work, valuesT + panel * PANEL * heads.channels());
            KeyPanels.load32(heads, k, head, panel, work, tiles);
            KeyPanels.transposed(heads, work, tiles, work, keysT + panel * PANEL * heads.channels());
            KeyPanels.straight(heads, panel, work, tiles, work, keys);
        }
        Arrays.fill(work, dKeys, dKeys + 2 * dense, 0f);
        for (int first = 0; first < heads.pixels(); first += heads.rows()) {
            queries(head, first, keysT, valuesT, keys, dKeys, dValues, tiles);
        }
        dk.store(head, 0, heads.others(), 1f, work, dKeys, heads.channels(), BLOCK);
        dv.store(head, 0, heads.others(), 1f, work, dValues, heads.channels(), BLOCK);
    }

    /** One tile of queries: writes its dQ and adds to dK and dV. */
    private void queries(int head, int first, int keysT, int valuesT, int keys, int dKeys, int dValues, int tiles) {
        int rows = Math.min(heads.rows(), heads.pixels() - first);
        int step = heads.step();
        int p = tiles;
        int dp = p + tile;
        int query = dp + tile;
        int dOut = query + channelTile;
        int out = dOut + channelTile;
        q.load(head, first, rows, heads.scale(), work, query, BLOCK, step);
        dy.load(head, first, rows, 1f, work, dOut, BLOCK, step);
        y.load(head, first, rows, 1f, work, out, BLOCK, step);
        int blocks = masking.keyBlocks(first + rows);
        int lanes = out + channelTile;
        timesTransposed(query, keysT, p, rows, blocks);
        timesTransposed(dOut, valuesT, dp, rows, blocks);
        masking.apply(work, p, rows, step, blocks, first, mask, head / heads.heads(), lanes + BLOCK);
        int sumsAt = lseAt + head / heads.heads() * sums.image() + head % heads.heads() * heads.pixels() + first;
        Softmax.again(work, p, rows, step, blocks, lse, sumsAt, lanes);
        masking.clear(work, p, rows, step, blocks);
        Softmax.backward(work, p, dp, blocks, dOut, out, heads.blocks(), rows, step, lanes);
        addProduct(p, dOut, dValues, rows, blocks);
        addProduct(dp, query, dKeys, rows, blocks);
        for (int panel = 0; panel < heads.channelPanels(); panel++) {
            Gemm.rows(work, dp, keyBlocks, blocks, work, keys + panel * heads.keyBlocks() * PANEL_BLOCK, work,
                    out + 2 * panel * step, BLOCK, step, rows, 2 * panel + 1 < heads.blocks(), false);
        }
        dq.store(head, first, rows, heads.scale(), work, out, BLOCK, step);
    }

    /** c = a · bᵀ: a tile of queries against the first blocks of keys. */
    private void timesTransposed(int a, int bT, int c, int rows, int blocks) {
        int step = heads.step();
        for (int panel = 0; 2 * panel < blocks; panel++) {
            Gemm.rows(work, a, channelBlocks, channelBlocks.length, work, bT + panel * PANEL * heads.channels(), work,
                    c + 2 * panel * step, BLOCK, step, rows, 2 * panel + 1 < blocks, false);
        }
    }

    /** c += aᵀ · b, where a is a tile of scores, b one of channels, c dense [keys][channels]. */
    private void addProduct(int a, int b, int c, int rows, int blocks) {
        int step = heads.step();
        for (int key = 0; key < blocks; key++) {
            for (int block = 0; block < heads.blocks(); block += 2) {
                Gemm.outer(work, a + key * step, 0, work, b + block * step, 0, step, 1, rows, work,
                        c + key * BLOCK * heads.channels() + block * BLOCK, heads.channels(), block + 1 < heads.blocks());
            }
        }
    }
}
