package sirocco.tornado.kernel;

import java.util.List;
import sirocco.api.Reduction;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Sums, means and maxima along any axes, in an order that depends on shapes only. Where few results have many terms, each group takes a piece of them, and a
 * second launch reduces what the first has left in scratch.
 */
final class Reductions {
    static final int GROUP = 128;
    /** Results side by side that a group should have, to read whole lines of the cache. */
    private static final int COLUMNS = 32;
    /** Terms that are worth a work item, and those of an item above which they are worth a second launch. */
    private static final int FEW = 4;
    private static final int MANY = 64;
    /** Groups that keep a large GPU busy. */
    private static final int BUSY = 1024;

    private Reductions() { }

    static Kernel of(Reduction.Reduce op) {
        ReductionView v = ReductionView.of(op);
        int maximum = op.function() == Reduction.Function.MAXIMUM ? 1 : 0;
        int divisor = op.function() == Reduction.Function.MEAN ? v.terms() : 1;
        int n = v.results();
        int sharers = sharers(v);
        long groups = Launch.ceilDiv(n, GROUP / sharers);
        long wanted = Math.min(Launch.ceilDiv(v.terms(), (long) sharers * MANY), Launch.ceilDiv(BUSY, groups));
        int piece = (int) Launch.ceilDiv(v.terms(), wanted);
        int pieces = (int) Launch.ceilDiv(v.terms(), piece);
        if (pieces == 1) {
            return Kernel.of(p -> List.of(launch("reduce", new int[] {p.at(op.x()), p.at(op.y())}, v, sharers, piece, maximum, divisor)));
        }
        ReductionView parts = new ReductionView(1, 1, 1, pieces, n);
        return Kernel.of(p -> List.of(launch("reducePieces", new int[] {p.at(op.x()), p.scratch()}, v, sharers, piece, maximum, 1),
                launch("reduceParts", new int[] {p.scratch(), p.at(op.y())}, parts, sharers(parts), pieces, maximum, divisor)))
                .withScratch((long) pieces * n);
    }

    /** Work items that share a result: a power of two. */
    private static int sharers(ReductionView v) {
        int columns = Math.min(COLUMNS, powerOfTwo(v.k2()));
        return Math.min(GROUP / columns, powerOfTwo(Math.max(1, v.terms() / FEW)));
    }

    /** The largest that is not above. */
    private static int powerOfTwo(int most) {
        return Integer.highestOneBit(most);
    }

    private static Launch launch(String kernel, int[] at, ReductionView v, int sharers, int piece, int maximum, int divisor) {
        return Launch.groups(kernel, at, Launch.ceilDiv(v.results(), GROUP / sharers), (int) Launch.ceilDiv(v.terms(), piece), 1, GROUP,
                (g, id, c, m, places) -> g.task(id, Reductions::reduce, c, m, places, v.results(), v.r0(), v.k1(), v.r1(), v.k2(), sharers, piece, maximum,
                        divisor));
    }

    /**
     * Group (x, y) has piece y of the terms of 128 / sharers results. Items side by side have results side by side where those lie so in x, and otherwise
     * terms of one result. x is read once; local memory 512 bytes.
     *
     * <p>at: x [k0, r0, k1, r1, k2], results [pieces][k0, k1, k2]
     *
     * @param n results
     * @param maximum 1, or 0 for sums
     * @param divisor of the results
     */
    static void reduce(KernelContext c, FloatArray m, IntArray at, int n, int r0, int k1, int r1, int k2, int sharers, int piece, int maximum, int divisor) {
        float[] partial = c.allocateFloatLocalArray(GROUP);
        int columns = GROUP / sharers;
        int item = c.localIdx;
        int share = k2 > 1 ? item / columns : item % sharers;
        int column = k2 > 1 ? item % columns : item / sharers;
        int apart = k2 > 1 ? columns : 1;
        int i = c.groupIdx * columns + column;
        int begin = c.groupIdy * piece;
        int end = Math.min(r0 * r1, begin + piece);
        float value = 0;
        if (i < n) {
            int from = at.get(0) + i / k2 / k1 * (r0 * k1 * r1 * k2) + i / k2 % k1 * (r1 * k2) + i % k2;
            int first = Math.min(begin + share, end - 1);
            if (maximum == 1) {
                value = m.get(from + first / r1 * (k1 * r1 * k2) + first % r1 * k2);
            }
            for (int t = begin + share; t < end; t += sharers) {
                float x = m.get(from + t / r1 * (k1 * r1 * k2) + t % r1 * k2);
                value = maximum == 1 ? Functions.larger(value, x) : value + x;
            }
        }
        partial[item] = value;
        for (int half = sharers / 2; half > 0; half = half / 2) {
            c.localBarrier();
            if (share < half) {
                float other = partial[item + half * apart];
                partial[item] = maximum == 1 ? Functions.larger(partial[item], other) : partial[item] + other;
            }
        }
        if (share == 0 & i < n) {
            m.set(at.get(1) + c.groupIdy * n + i, partial[item] / divisor);
        }
    }
}
