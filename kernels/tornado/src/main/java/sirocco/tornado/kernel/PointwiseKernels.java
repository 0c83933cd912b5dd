package sirocco.tornado.kernel;

import java.util.List;
import sirocco.api.Diffusion;
import sirocco.api.Pointwise;
import sirocco.api.Shape;
import sirocco.gpu.Strides;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Ops that compute each element from those at the same place: {@link Fours} a work item, each read and written once; no local memory. */
final class PointwiseKernels {
    private PointwiseKernels() { }

    static Kernel of(Pointwise.Unary op) {
        int n = (int) op.y().shape().elements();
        int function = op.function().ordinal();
        return Kernel.of(p -> List.of(Launch.fours("unary", new int[] {p.at(op.x()), p.at(op.y())}, n,
                (g, id, c, m, at) -> g.task(id, PointwiseKernels::unary, c, m, at, n, function))));
    }

    /** at: x, y */
    static void unary(KernelContext c, FloatArray m, IntArray at, int n, int function) {
        int from = at.get(0);
        int to = at.get(1);
        int first = Fours.first(c);
        float[] x = new float[Fours.EACH];
        Fours.load(x, m, from, first, n);
        for (int j = 0; j < Fours.EACH; j++) {
            x[j] = Functions.of(function, x[j]);
        }
        Fours.store(m, to, first, n, x);
    }

    static Kernel of(Pointwise.UnaryBackward op) {
        int n = (int) op.dx().shape().elements();
        int function = op.function().ordinal();
        return Kernel.of(p -> List.of(Launch.fours("unaryBackward", new int[] {p.at(op.x()), p.at(op.dy()), p.at(op.dx())}, n,
                (g, id, c, m, at) -> g.task(id, PointwiseKernels::unaryBackward, c, m, at, n, function))));
    }

    /** at: x, dy, dx */
    static void unaryBackward(KernelContext c, FloatArray m, IntArray at, int n, int function) {
        int fromX = at.get(0);
        int fromDy = at.get(1);
        int to = at.get(2);
        int first = Fours.first(c);
        float[] x = new float[Fours.EACH];
        float[] dy = new float[Fours.EACH];
        Fours.load(x, m, fromX, first, n);
        Fours.load(dy, m, fromDy, first, n);
        for (int j = 0; j < Fours.EACH; j++) {
            dy[j] = dy[j] * Functions.slope(function, x[j]);
        }
        Fours.store(m, to, first, n, dy);
    }

    static Kernel of(Pointwise.Affine op) {
        int n = (int) op.y().shape().elements();
        float scale = (float) op.scale();
        float shift = (float) op.shift();
        return Kernel.of(p -> List.of(Launch.fours("affine", new int[] {p.at(op.x()), p.at(op.y())}, n,
                (g, id, c, m, at) -> g.task(id, PointwiseKernels::affine, c, m, at, n, scale, shift))));
    }

    /** at: x, y */
    static void affine(KernelContext c, FloatArray m, IntArray at, int n, float scale, float shift) {
        int from = at.get(0);
        int to = at.get(1);
        int first = Fours.first(c);
        float[] x = new float[Fours.EACH];
        Fours.load(x, m, from, first, n);
        for (int j = 0; j < Fours.EACH; j++) {
            x[j] = scale * x[j] + shift;
        }
        Fours.store(m, to, first, n, x);
    }

    static Kernel of(Pointwise.Binary op) {
        Shape y = op.y().shape();
        int n = (int) y.elements();
        int function = op.function().ordinal();
        if (!op.a().shape().equals(op.b().shape())) {
            int[] a = Strides.broadcast(op.a().shape(), y);
            int[] b = Strides.broadcast(op.b().shape(), y);
            return Kernel.of(p -> List.of(Launch.fours("broadcast", new int[] {p.at(op.a()), p.at(op.b()), p.at(op.y())}, n,
                    (g, id, c, m, at) -> g.task(id, PointwiseKernels::broadcast, c, m, at, n, function, y.h(), y.w(), y.c(), a[0], a[1], a[2], a[3], b[0], b[1],
                            b[2], b[3]))));
        }
        return Kernel.of(p -> List.of(Launch.fours("binary", new int[] {p.at(op.a()), p.at(op.b()), p.at(op.y())}, n,
                (g, id, c, m, at) -> g.task(id, PointwiseKernels::binary, c, m, at, n, function))));
    }

    /** at: a, b, y */
    static void binary(KernelContext c, FloatArray m, IntArray at, int n, int function) {
        int fromA = at.get(0);
        int fromB = at.get(1);
        int to = at.get(2);
        int first = Fours.first(c);
        float[] a = new float[Fours.EACH];
        float[] b = new float[Fours.EACH];
        Fours.load(a, m, fromA, first, n);
        Fours.load(b, m, fromB, first, n);
        for (int j = 0; j < Fours.EACH; j++) {
            a[j] = Functions.of(function, a[j], b[j]);
        }
        Fours.store(m, to, first, n, a);
    }

    /**
     * The same with operands of other shapes than y [·,h,w,channels], by their strides along y's axes. An operand's element is read once for each of y's that
     * it is in, from the cache mostly.
     *
     * <p>at: a, b, y
     */
    static void broadcast(KernelContext c, FloatArray m, IntArray at, int n, int function, int h, int w, int channels, int aN, int aH, int aW, int aC, int bN,
            int bH, int bW, int bC) {
        int fromA = at.get(0);
        int fromB = at.get(1);
        int to = at.get(2);
        int first = Fours.first(c);
        float[] a = new float[Fours.EACH];
        float[] b = new float[Fours.EACH];
        for (int j = 0; j < Fours.EACH; j++) {
            int i = Fours.read(first, j, n);
            int pixel = i / channels;
            int row = pixel / w;
            int image = row / h;
            int channel = i - pixel * channels;
            int column = pixel - row * w;
            int line = row - image * h;
            a[j] = m.get(fromA + image * aN + line * aH + column * aW + channel * aC);
            b[j] = m.get(fromB + image * bN + line * bH + column * bW + channel * bC);
        }
        for (int j = 0; j < Fours.EACH; j++) {
            a[j] = Functions.of(function, a[j], b[j]);
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
