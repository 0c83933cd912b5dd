package sirocco.tornado.kernel;

import java.util.List;
import sirocco.api.Op;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Ops that compute each element from those at the same place: one element a work item, each read and written once. */
final class Pointwise {
    private Pointwise() { }

    static Kernel of(Op.Silu op) {
        int n = (int) op.y().shape().elements();
        return Kernel.of(p -> List.of(Launch.items("silu", new int[] {p.at(op.x()), p.at(op.y())}, n,
                (g, id, c, m, at) -> g.task(id, Pointwise::silu, c, m, at, n))));
    }

    /** at: x, y */
    static void silu(KernelContext c, FloatArray m, IntArray at, int n) {
        int i = c.globalIdx;
        if (i < n) {
            float x = m.get(at.get(0) + i);
            m.set(at.get(1) + i, x / (1 + TornadoMath.exp(-x)));
        }
    }

    static Kernel of(Op.SiluBackward op) {
        int n = (int) op.dx().shape().elements();
        return Kernel.of(p -> List.of(Launch.items("siluBackward", new int[] {p.at(op.x()), p.at(op.dy()), p.at(op.dx())}, n,
                (g, id, c, m, at) -> g.task(id, Pointwise::siluBackward, c, m, at, n))));
    }

    /** at: x, dy, dx */
    static void siluBackward(KernelContext c, FloatArray m, IntArray at, int n) {
        int i = c.globalIdx;
        if (i < n) {
            float x = m.get(at.get(0) + i);
            float sigma = 1 / (1 + TornadoMath.exp(-x));
            m.set(at.get(2) + i, m.get(at.get(1) + i) * sigma * (1 + x * (1 - sigma)));
        }
    }

    static Kernel of(Op.Add op) {
        int n = (int) op.y().shape().elements();
        return Kernel.of(p -> List.of(Launch.items("add", new int[] {p.at(op.a()), p.at(op.b()), p.at(op.y())}, n,
                (g, id, c, m, at) -> g.task(id, Pointwise::add, c, m, at, n))));
    }

    /** at: a, b, y */
    static void add(KernelContext c, FloatArray m, IntArray at, int n) {
        int i = c.globalIdx;
        if (i < n) {
            m.set(at.get(2) + i, m.get(at.get(0) + i) + m.get(at.get(1) + i));
        }
    }

    static Kernel of(Op.Guidance op) {
        int n = (int) op.y().shape().elements();
        return Kernel.of(p -> List.of(Launch.items("guidance", new int[] {p.at(op.x()), p.at(op.scale()), p.at(op.y())}, n,
                (g, id, c, m, at) -> g.task(id, Pointwise::guidance, c, m, at, n))));
    }

    /** at: x = [conditional; unconditional], scale, y */
    static void guidance(KernelContext c, FloatArray m, IntArray at, int n) {
        int i = c.globalIdx;
        if (i < n) {
            float conditional = m.get(at.get(0) + i);
            float unconditional = m.get(at.get(0) + n + i);
            m.set(at.get(2) + i, unconditional + m.get(at.get(1)) * (conditional - unconditional));
        }
    }
}
