package sirocco.cpu.conv;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.LANES;
import static sirocco.cpu.conv.Taps.ceilDiv;

import java.util.Arrays;
import sirocco.cpu.Alignment;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;
import sirocco.cpu.gemm.Transpose;

/**
 * Transformed weights: [36 planes][block of outer channels][inner channels, whole blocks][16 outer], a gap behind each plane. Where a panel is read with all
 * its planes, [panel of two blocks][36 planes][block][inner][16 outer].
 */
final class WinogradWeights implements Workers.Task {
    /** Blocks of inner channels that are transformed together, so that rows of weights are read in pieces of 512 bytes. */
    static final int GROUP = 8;
    private static final int SQUARE = BLOCK * BLOCK;
    /** Floats of a group's weights of one tap, one cache line more than there are. */
    private static final int TAP = GROUP * SQUARE + BLOCK;

    private final ConvShape shape;
    private final boolean backward;
    private final int inner;
    private final int outer;
    /** Floats from a plane to the next, and from a panel to the next. */
    private final int planeStep;
    private final int panelStep;
    private final Workers workers;
    /** Of each worker: one group's taps [9][inner][16 outer] and a tile in between. */
    private final float[][] own;
    private Slice w;
    private Slice u;

    WinogradWeights(ConvShape shape, boolean backward, boolean byPanels, Workers workers) {
        this.shape = shape;
        this.backward = backward;
        this.workers = workers;
        inner = backward ? shape.k() : shape.c();
        outer = backward ? shape.c() : shape.k();
        planeStep = (byPanels ? 2 : outerBlocks()) * blockStep() + Winograd.GAP;
        panelStep = byPanels ? Winograd.PLANES * planeStep : 2 * blockStep();
        own = new float[workers.threads()][Alignment.SLACK + 9 * TAP + Winograd.TILE];
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

    int floats() {
        long floats = Math.max((long) Winograd.PLANES * planeStep, (long) panels() * panelStep);
        return Math.toIntExact(Alignment.SLACK + floats);
    }

    /** Where a block of a plane begins, in memory that was given from {@code offset} on. */
    int block(int offset, int plane, int block) {
        return Alignment.up(offset) + plane * planeStep + block / 2 * panelStep + block % 2 * blockStep();
    }

    void transform(Slice w, Slice u) {
        this.w = w;
        this.u = u;
        workers.run(outerBlocks() * ceilDiv(innerBlocks(), GROUP), this);
    }

    @Override
    public void run(int item, int worker) {
        int groups = ceilDiv(innerBlocks(), GROUP);
        int out = item / groups;
        int in = item % groups * GROUP;
        transform(w, out, in, Math.min(GROUP, innerBlocks() - in), u.array(), block(u.offset(), 0, out) + in * SQUARE, planeStep, worker);
    }

    /** Transforms {@code count} blocks of inner channels, {@link #GROUP} at most, of one block of outer channels, to 36 planes {@code plane} floats apart. */
    void transform(Slice w, int out, int in, int count, float[] u, int to, int plane, int worker) {
        float[] taps = own[worker];
        int start = Alignment.up(0);
        gather(w, out, in, count, taps, start);
        for (int j = 0; j < count * SQUARE; j += LANES) {
            Winograd.weights(taps, start + j, TAP, taps, start + 9 * TAP, u, to + j, plane);
        }
    }

    /** Copies the group's weights with the outer channels innermost; backward, turned by half a turn. */
    private void gather(Slice w, int out, int in, int count, float[] taps, int start) {
        int inners = Math.min(count * BLOCK, inner - in * BLOCK);
        int outers = Math.min(BLOCK, outer - out * BLOCK);
        if (inners < count * BLOCK || outers < BLOCK) {
            Arrays.fill(taps, start, start + 9 * TAP, 0f);
        }
        int ofK = 9 * shape.c();
        for (int t = 0; t < 9; t++) {
            int to = start + t * TAP;
            if (backward) {
                int from = w.offset() + in * BLOCK * ofK + (8 - t) * shape.c() + out * BLOCK;
                for (int i = 0; i < inners; i++) {
                    System.arraycopy(w.array(), from + i * ofK, taps, to + i * BLOCK, outers);
                }
            } else {
                Transpose.toBlock(w.array(), w.offset() + out * BLOCK * ofK + t * shape.c() + in * BLOCK, ofK, outers, inners, taps, to);
            }
        }
    }
}
