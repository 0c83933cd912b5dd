package sirocco.cpu.conv;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.LANES;
import static sirocco.cpu.conv.Taps.ceilDiv;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import sirocco.cpu.Alignment;
import sirocco.cpu.Simd;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/** Transformed weights: [36 planes][block of outer channels][inner channels, whole blocks][16 outer], a gap behind each plane. */
final class WinogradWeights implements Workers.Task {
    private static final int SQUARE = BLOCK * BLOCK;

    private final ConvShape shape;
    private final boolean backward;
    private final int inner;
    private final int outer;
    private final Workers workers;
    /** Of each worker: one block's taps [9][16 inner][16 outer] and a tile in between. */
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
        own = new float[workers.threads()][Alignment.SLACK + 9 * SQUARE + Winograd.TILE];
    }

    int innerBlocks() {
        return ceilDiv(inner, BLOCK);
    }

    int outerBlocks() {
        return ceilDiv(outer, BLOCK);
    }

    /** Panels of two blocks of outer channels, the last one perhaps of one. */
    int panels() {
        return ceilDiv(outerBlocks(), 2);
    }

    /** Floats from a block of outer channels to the next. */
    int blockStep() {
        return innerBlocks() * SQUARE;
    }

    int plane() {
        return outerBlocks() * blockStep() + Winograd.GAP;
    }

    int floats() {
        return Math.addExact(Alignment.SLACK, Math.multiplyExact(Winograd.PLANES, plane()));
    }

    /** Where a block of a plane begins, in memory that was given from {@code offset} on. */
    int block(int offset, int plane, int block) {
        return Alignment.up(offset) + plane * plane() + block * blockStep();
    }

    void transform(Slice w, Slice u) {
        this.w = w;
        this.u = u;
        workers.run(outerBlocks() * innerBlocks(), this);
    }

    /** Transforms one block of inner channels of one block of outer channels. */
    @Override
    public void run(int item, int worker) {
        int out = item / innerBlocks();
        int in = item % innerBlocks();
        float[] taps = own[worker];
        int start = Alignment.up(0);
        gather(out, in, taps, start);
        int to = block(u.offset(), 0, out) + in * SQUARE;
        for (int j = 0; j < SQUARE; j += LANES) {
            Winograd.weights(taps, start + j, SQUARE, taps, start + 9 * SQUARE, u.array(), to + j, plane());
        }
    }

    /** Copies the block's weights with the outer channels innermost; backward, turned by half a turn. */
    private void gather(int out, int in, float[] taps, int start) {
        int inners = Math.min(BLOCK, inner - in * BLOCK);
        int outers = Math.min(BLOCK, outer - out * BLOCK);
        if (inners < BLOCK || outers < BLOCK) {
            Arrays.fill(taps, start, start + 9 * SQUARE, 0f);
        }
        int ofK = 9 * shape.c();
        for (int t = 0; t < 9; t++) {
            int to = start + t * SQUARE;
            if (backward) {
                int from = w.offset() + in * BLOCK * ofK + (8 - t) * shape.c() + out * BLOCK;
                for (int i = 0; i < inners; i++) {
                    System.arraycopy(w.array(), from + i * ofK, taps, to + i * BLOCK, outers);
                }
            } else {
                transpose(w.array(), w.offset() + out * BLOCK * ofK + t * shape.c() + in * BLOCK, ofK, inners, outers, taps, to);
            }
        }
    }

    /** b[i][o] = a[o][i]: a vector of outer channels at a time where the machine can gather one, since the scattered reads then overlap. */
    private void transpose(float[] a, int from, int row, int inners, int outers, float[] b, int to) {
        int gathered = LANES >= 8 ? outers - outers % LANES : 0;
        for (int o = 0; o < gathered; o += LANES) {
            for (int i = 0; i < inners; i++) {
                FloatVector.fromArray(Simd.F, a, from + o * row + i, rows, 0).intoArray(b, to + i * BLOCK + o);
            }
        }
        for (int o = gathered; o < outers; o++) {
            for (int i = 0; i < inners; i++) {
                b[to + i * BLOCK + o] = a[from + o * row + i];
            }
        }
    }
}
