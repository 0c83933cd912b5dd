package sirocco.cpu.conv;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.LANES;
import static sirocco.cpu.conv.Gemm.PANEL;
import static sirocco.cpu.conv.Gemm.PANEL_BLOCK;
import static sirocco.cpu.conv.Taps.ceilDiv;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import sirocco.cpu.Alignment;
import sirocco.cpu.Simd;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/** Transformed weights: [36 planes][panel of 32 outer channels][inner channels, whole blocks][32 outer], a gap behind each plane. */
final class WinogradWeights implements Workers.Task {
    private final ConvShape shape;
    private final boolean backward;
    private final int inner;
    private final int outer;
    private final Workers workers;
    /** Of each worker: one block's taps [9][16 inner][32 outer] and a tile in between. */
    private final float[][] own;
    /** Where the outer channels of a vector begin in the dense weights, forward. */
    private final int[] rows = new int[LANES];
    private Slice w;
    private Slice u;

    WinogradWeights(ConvShape shape, boolean backward, Workers workers) {
        this.shape = shape;
        this.backward = backward;
        this.workers = workers;
        inner = backward ? shape.k() : shape.c();
        outer = backward ? shape.c() : shape.k();
        for (int i = 0; i < LANES; i++) {
            rows[i] = i * 9 * shape.c();
        }
        own = new float[workers.threads()][Alignment.SLACK + 9 * PANEL_BLOCK + Winograd.TILE];
    }

    int innerBlocks() {
        return ceilDiv(inner, BLOCK);
    }

    int outerBlocks() {
        return ceilDiv(outer, BLOCK);
    }

    int panels() {
        return ceilDiv(outer, PANEL);
    }

    int plane() {
        return panels() * innerBlocks() * PANEL_BLOCK + Winograd.GAP;
    }

    int floats() {
        return Math.addExact(Alignment.SLACK, Math.multiplyExact(Winograd.PLANES, plane()));
    }

    /** Where a panel of a plane begins, in memory that was given from {@code offset} on. */
    int panel(int offset, int plane, int panel) {
        return Alignment.up(offset) + plane * plane() + panel * innerBlocks() * PANEL_BLOCK;
    }

    void transform(Slice w, Slice u) {
        this.w = w;
        this.u = u;
        workers.run(panels() * innerBlocks(), this);
    }

    /** Transforms one block of inner channels of one panel. */
    @Override
    public void run(int item, int worker) {
        int panel = item / innerBlocks();
        int block = item % innerBlocks();
        float[] taps = own[worker];
        int start = Alignment.up(0);
        gather(panel, block, taps, start);
        int to = panel(u.offset(), 0, panel) + block * PANEL_BLOCK;
        for (int j = 0; j < PANEL_BLOCK; j += LANES) {
            Winograd.weights(taps, start + j, PANEL_BLOCK, taps, start + 9 * PANEL_BLOCK, u.array(), to + j, plane());
        }
    }

    /** Copies the block's weights with the outer channels innermost; backward, turned by half a turn. */
    private void gather(int panel, int block, float[] taps, int start) {
        int inners = Math.min(BLOCK, inner - block * BLOCK);
        int outers = Math.min(PANEL, outer - panel * PANEL);
        if (inners < BLOCK || outers < PANEL) {
            Arrays.fill(taps, start, start + 9 * PANEL_BLOCK, 0f);
        }
        int ofK = 9 * shape.c();
        for (int t = 0; t < 9; t++) {
            int to = start + t * PANEL_BLOCK;
            if (backward) {
                int from = w.offset() + block * BLOCK * ofK + (8 - t) * shape.c() + panel * PANEL;
                for (int i = 0; i < inners; i++) {
                    System.arraycopy(w.array(), from + i * ofK, taps, to + i * PANEL, outers);
                }
            } else {
                transpose(w.array(), w.offset() + panel * PANEL * ofK + t * shape.c() + block * BLOCK, ofK, inners, outers, taps, to);
            }
        }
    }

    /** b[i][o] = a[o][i]: a vector of outer channels at a time where the machine can gather one, since the scattered reads then overlap. */
    private void transpose(float[] a, int from, int row, int inners, int outers, float[] b, int to) {
        int gathered = LANES >= 8 ? outers - outers % LANES : 0;
        for (int o = 0; o < gathered; o += LANES) {
            for (int i = 0; i < inners; i++) {
                FloatVector.fromArray(Simd.F, a, from + o * row + i, rows, 0).intoArray(b, to + i * PANEL + o);
            }
        }
        for (int o = gathered; o < outers; o++) {
            for (int i = 0; i < inners; i++) {
                b[to + i * PANEL + o] = a[from + o * row + i];
            }
        }
    }
}
