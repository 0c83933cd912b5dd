package sirocco.tornado.kernel;

import java.util.List;
import sirocco.api.Diffusion;
import sirocco.api.Pointwise;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Ops that compute each element from those at the same place: {@link Fours} a work item, each read and written once; no local memory. */
final class PointwiseKernels {
    private PointwiseKernels() { }

    static Kernel of(Pointwise.Unary op) {
        int n = (int) op.y().shape().elements();
        return Kernel.of(p -> List.of(Launch.fours("silu", new int[] {p.at(op.x()), p.at(op.y())}, n,
                (g, id, c, m, at) -> g.task(id, PointwiseKernels::silu, c, m, at, n))));
    }

    /** at: x, y */
    static void silu(KernelContext c, FloatArray m, IntArray at, int n) {
        int from = at.get(0);
        int to = at.get(1);
        int first = Fours.first(c);
        float[] x = new float[Fours.EACH];
        Fours.load(x, m, from, first, n);
        for (int j = 0; j < Fours.EACH; j++) {
            x[j] = x[j] / (1 + TornadoMath.exp(-x[j]));
        }
        Fours.store(m, to, first, n, x);
    }

    static Kernel of(Pointwise.UnaryBackward op) {
        int n = (int) op.dx().shape().elements();
        return Kernel.of(p -> List.of(Launch.fours("siluBackward", new int[] {p.at(op.x()), p.at(op.dy()), p.at(op.dx())}, n,
                (g, id, c, m, at) -> g.task(id, PointwiseKernels::siluBackward, c, m, at, n))));
    }

    /** at: x, dy, dx */
    static void siluBackward(KernelContext c, FloatArray m, IntArray at, int n) {
        int fromX = at.get(0);
        int fromDy = at.get(1);
        int to = at.get(2);
        int first = Fours.first(c);
        float[] x = new float[Fours.EACH];
        float[] dy = new float[Fours.EACH];
        Fours.load(x, m, fromX, first, n);
        Fours.load(dy, m, fromDy, first, n);
        for (int j = 0; j < Fours.EACH; j++) {
            float sigma = 1 / (1 + TornadoMath.exp(-x[j]));
            dy[j] = dy[j] * sigma * (1 + x[j] * (1 - sigma));
        }
        Fours.store(m, to, first, n, dy);
    }

    static Kernel of(Pointwise.Binary op) {
        int n = (int) op.y().shape().elements();
        return Kernel.of(p -> List.of(Launch.fours("add", new int[] {p.at(op.a()), p.at(op.b()), p.at(op.y())}, n,
                (g, id, c, m, at) -> g.task(id, PointwiseKernels::add, c, m, at, n))));
    }

    /** at: a, b, y */
    static void add(KernelContext c, FloatArray m, IntArray at, int n) {
        int fromA = at.get(0);
        int fromB = at.get(1);
        int to = at.get(2);
        int first = Fours.first(c);
        float[] a = new float[Fours.EACH];
        float[] b = new float[Fours.EACH];
        Fours.load(a, m, fromA, first, n);
        Fours.load(b, m, fromB, first, n);
        for (int j = 0; j < Fours.EACH; j++) {
            a[j] = a[j] + b[j];
        }
        Fours.store(m, to, first, n, a);
    }

    static Kernel of(Diffusion.Guidance op) {
        int n = (int) op.y().shape().elements();
        return Kernel.of(p -> List.of(Launch.fours("guidance", new int[] {p.at(op.x()), p.at(op.scale()), p.at(op.y())}, n,
                (g, id, c, m, at) -> g.task(id, PointwiseKernels::guidance, c, m, at, n))));
    }

    /** at: x = [conditional; unconditional], scale, y */
    static void guidance(KernelContext c, FloatArray m, IntArray at, int n) {
        int from = at.get(0);
        float scale = m.get(at.get(1));
        int to = at.get(2);
        int first = Fours.first(c);
        float[] conditional = new float[Fours.EACH];
        float[] unconditional = new float[Fours.EACH];
        Fours.load(conditional, m, from, first, n);
        Fours.load(unconditional, m, from + n, first, n);
        for (int j = 0; j < Fours.EACH; j++) {
            conditional[j] = unconditional[j] + scale * (conditional[j] - unconditional[j]);
        }
        Fours.store(m, to, first, n, conditional);
    }
}
