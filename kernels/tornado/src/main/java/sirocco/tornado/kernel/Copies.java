package sirocco.tornado.kernel;

import java.util.List;
import sirocco.api.DType;
import sirocco.api.Movement;
import sirocco.api.Value;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Copies in logical order, which are reshapes and assignments to states, and sums with states; no local memory. */
final class Copies {
    private Copies() { }

    static Kernel of(Movement.Reshape op) {
        return copy(op.x(), op.y());
    }

    static Kernel of(Movement.Assign op) {
        return copy(op.x(), op.into());
    }

    private static Kernel copy(Value x, Value y) {
        int n = (int) x.shape().elements();
        if (x.dtype() == DType.I32) {
            return Kernel.of(p -> List.of(Launch.items("copyWords", new int[] {p.at(x), p.at(y)}, n,
                    (g, id, c, m, w, at) -> g.task(id, Copies::copyWords, c, m, w, at, n))));
        }
        return Kernel.of(p -> List.of(Launch.fours("copyFloats", new int[] {p.at(x), p.at(y)}, n,
                (g, id, c, m, at) -> g.task(id, Copies::copyFloats, c, m, at, n))));
    }

    /** {@link Fours} a work item, each read and written once. at: x, y */
    static void copyFloats(KernelContext c, FloatArray m, IntArray at, int n) {
        int from = at.get(0);
        int to = at.get(1);
        int first = Fours.first(c);
        float[] x = new float[Fours.EACH];
        Fours.load(x, m, from, first, n);
        Fours.store(m, to, first, n, x);
    }

    /** The same of I32, of which there are few: one a work item. */
    static void copyWords(KernelContext c, FloatArray m, IntArray w, IntArray at, int n) {
        int i = c.globalIdx;
        if (i < n) {
            w.set(at.get(1) + i, w.get(at.get(0) + i));
        }
    }

    static Kernel of(Movement.Accumulate op) {
        int n = (int) op.x().shape().elements();
        return Kernel.of(p -> List.of(Launch.items("accumulate", new int[] {p.at(op.x()), p.at(op.into())}, n,
                (g, id, c, m, at) -> g.task(id, Copies::accumulate, c, m, at, n))));
    }

    /** One element a work item: two reads, one write. at: x, into */
    static void accumulate(KernelContext c, FloatArray m, IntArray at, int n) {
        int i = c.globalIdx;
        if (i < n) {
            int to = at.get(1) + i;
            m.set(to, m.get(to) + m.get(at.get(0) + i));
        }
    }
}
