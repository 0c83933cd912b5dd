package sirocco.cpu.conv;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.conv.Taps.ceilDiv;

import java.util.Arrays;
import java.util.List;
import sirocco.cpu.Alignment;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;
import sirocco.cpu.gemm.Right;
import sirocco.cpu.gemm.Transpose;

/**
 * Weights as the right operands of products, one for each set of taps: [set][block of outer channels][block of inner channels][tap][16
 * inner][16 outer], with zeros where channels end. Inner channels are summed over: c forward, k backward; outer ones are the result's.
 */
final class PackedWeights implements Workers.Task {
    private static final int SQUARE = BLOCK * BLOCK;

    private final ConvShape shape;
    private final boolean backward;
    private final List<Taps> sets;
    private final int[] starts;
    private final int inner;
    private final int outer;
    private final Workers workers;
    private Slice w;
    private Slice packed;

    PackedWeights(ConvShape shape, boolean backward, List<Taps> sets, Workers workers) {
        this.shape = shape;
        this.backward = backward;
        this.sets = sets;
        this.workers = workers;
        inner = backward ? shape.k() : shape.c();
        outer = backward ? shape.c() : shape.k();
        starts = new int[sets.size() + 1];
        for (int i = 0; i < sets.size(); i++) {
            starts[i + 1] = Math.addExact(starts[i], Math.multiplyExact(outerBlocks(), blockFloats(i)));
        }
    }

    private int outerBlocks() {
        return ceilDiv(outer, BLOCK);
    }

    int innerBlocks() {
        return ceilDiv(inner, BLOCK);
    }

    int floats() {
        return Math.addExact(Alignment.SLACK, starts[sets.size()]);
    }

    /** Terms of a sum over a set's taps, filled-up channels included. */
    int terms(int set) {
        return innerBlocks() * sets.get(set).count() * BLOCK;
    }

    private int blockFloats(int set) {
        return terms(set) * BLOCK;
    }

    /** Makes {@link #set} refer to weights that were packed before. */
    void bind(Slice packed) {
        this.packed = packed;
    }

    void pack(Slice w, Slice packed) {
        this.w = w;
        this.packed = packed;
        workers.run(outerBlocks() * innerBlocks(), this);
    }

    /** Packs one block of outer channels by one of inner channels, for all taps. */
    @Override
    public void run(int item, int worker) {
        int block = item / innerBlocks();
        int in = item % innerBlocks();
        int inners = Math.min(BLOCK, inner - in * BLOCK);
        int outers = Math.min(BLOCK, outer - block * BLOCK);
        int ofK = shape.r() * shape.s() * shape.c();
        for (int set = 0; set < sets.size(); set++) {
            Taps taps = sets.get(set);
            for (int t = 0; t < taps.count(); t++) {
                int to = Alignment.up(packed.offset()) + starts[set] + block * blockFloats(set) + (in * taps.count() + t) * SQUARE;
                int from = w.offset() + (taps.r()[t] * shape.s() + taps.s()[t]) * shape.c();
                if (inners < BLOCK || outers < BLOCK) {
                    Arrays.fill(packed.array(), to, to + SQUARE, 0f);
                }
                if (backward) {
                    copy(from + in * BLOCK * ofK + block * BLOCK, ofK, inners, outers, to);
                } else {
                    Transpose.toBlock(w.array(), from + block * BLOCK * ofK + in * BLOCK, ofK, outers, inners, packed.array(), to);
                }
            }
        }
    }

    private void copy(int from, int step, int inners, int outers, int to) {
        for (int i = 0; i < inners; i++) {
            System.arraycopy(w.array(), from + i * step, packed.array(), to + i * BLOCK, outers);
        }
    }

    /** The weights of one set of taps. */
    Right set(int set) {
        return new Right() {
            @Override
            public int panels() {
                return ceilDiv(outerBlocks(), 2);
            }

            @Override
            public int blocks(int panel) {
                return Math.min(2, outerBlocks() - 2 * panel);
            }

            @Override
            public float[] array() {
                return packed.array();
            }

            @Override
            public int at(int batch, int panel, int k) {
                return Alignment.up(packed.offset()) + starts[set] + 2 * panel * blockFloats(set) + k * BLOCK;
            }

            @Override
            public int blockStep() {
                return blockFloats(set);
            }

            @Override
            public void pack(int batch, int panel, int k, int depth, float[] to, int at, int step) {
                throw new UnsupportedOperationException();
            }
        };
    }
}
