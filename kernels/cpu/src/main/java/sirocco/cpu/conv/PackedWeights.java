package sirocco.cpu.conv;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.conv.Gemm.PANEL;
import static sirocco.cpu.conv.Gemm.PANEL_BLOCK;
import static sirocco.cpu.conv.Taps.ceilDiv;

import java.util.Arrays;
import java.util.List;
import sirocco.cpu.Alignment;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/**
 * Weights as panels for {@link Gemm#rows}: [set of taps][panel of 32 outer channels][block of inner channels][tap][16 inner][32 outer],
 * with zeros where channels end. Inner channels are summed over: c forward, k backward; outer ones are the result's.
 */
final class PackedWeights implements Workers.Task {
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
            starts[i + 1] = Math.addExact(starts[i], Math.multiplyExact(panels(), panelFloats(i)));
        }
    }

    int panels() {
        return ceilDiv(outer, PANEL);
    }

    int innerBlocks() {
        return ceilDiv(inner, BLOCK);
    }

    int floats() {
        return Math.addExact(Alignment.SLACK, starts[sets.size()]);
    }

    /** Where a panel of a set begins, in memory that was given from {@code offset} on. */
    int panel(int offset, int set, int panel) {
        return Alignment.up(offset) + starts[set] + panel * panelFloats(set);
    }

    private int panelFloats(int set) {
        return innerBlocks() * sets.get(set).count() * PANEL_BLOCK;
    }

    void pack(Slice w, Slice packed) {
        this.w = w;
        this.packed = packed;
        workers.run(panels() * innerBlocks(), this);
    }

    /** Packs one block of inner channels of one panel, for all taps. */
    @Override
    public void run(int item, int worker) {
        int panel = item / innerBlocks();
        int block = item % innerBlocks();
        for (int set = 0; set < sets.size(); set++) {
            Taps taps = sets.get(set);
            for (int t = 0; t < taps.count(); t++) {
                int to = panel(packed.offset(), set, panel) + (block * taps.count() + t) * PANEL_BLOCK;
                int from = w.offset() + (taps.r()[t] * shape.s() + taps.s()[t]) * shape.c();
                int ofK = shape.r() * shape.s() * shape.c();
                if (backward) {
                    copy(from + block * BLOCK * ofK + panel * PANEL, ofK, 1, Math.min(BLOCK, inner - block * BLOCK),
                            Math.min(PANEL, outer - panel * PANEL), to);
                } else {
                    copy(from + panel * PANEL * ofK + block * BLOCK, 1, ofK, Math.min(BLOCK, inner - block * BLOCK),
                            Math.min(PANEL, outer - panel * PANEL), to);
                }
            }
        }
    }

    private void copy(int from, int innerStep, int outerStep, int inners, int outers, int to) {
        float[] a = w.array();
        float[] b = packed.array();
        if (inners < BLOCK || outers < PANEL) {
            Arrays.fill(b, to, to + PANEL_BLOCK, 0f);
        }
        for (int o = 0; o < outers; o++) {
            for (int i = 0; i < inners; i++) {
                b[to + i * PANEL + o] = a[from + i * innerStep + o * outerStep];
            }
        }
    }
}
