package sirocco.tornado.kernel;

import java.util.List;
import sirocco.api.DType;
import sirocco.api.Movement;
import sirocco.api.Shape;
import sirocco.gpu.Box;
import sirocco.gpu.CommonCases;
import sirocco.gpu.FaultMessages;
import sirocco.gpu.Strides;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Ops that move elements: {@link Fours} of the result a work item, each read and written once; no local memory. */
final class Moves {
    private Moves() { }

    static Kernel of(Movement.Concat op) {
        int n = (int) op.y().shape().elements();
        int inner = Strides.of(op.y().shape(), op.axis());
        int ca = op.a().shape().size(op.axis()) * inner;
        int cb = op.b().shape().size(op.axis()) * inner;
        return Kernel.of(p -> List.of(Launch.fours("concat", new int[] {p.at(op.a()), p.at(op.b()), p.at(op.y())}, n,
                (g, id, c, m, at) -> g.task(id, Moves::concat, c, m, at, n, ca, cb))));
    }

    /** at: a [pixels, ca], b [pixels, cb], y; of other axes than channels, that axis and those behind it count as channels */
    static void concat(KernelContext c, FloatArray m, IntArray at, int n, int ca, int cb) {
        int fromA = at.get(0);
        int fromB = at.get(1);
        int to = at.get(2);
        int first = Fours.first(c);
        float[] y = new float[Fours.EACH];
        for (int j = 0; j < Fours.EACH; j++) {
            int i = Fours.read(first, j, n);
            int pixel = i / (ca + cb);
            int channel = i - pixel * (ca + cb);
            int from = fromB + pixel * cb + channel - ca;
            if (channel < ca) {
                from = fromA + pixel * ca + channel;
            }
            y[j] = m.get(from);
        }
        Fours.store(m, to, first, n, y);
    }

    static Kernel of(Movement.Slice op) {
        int n = (int) op.y().shape().elements();
        int inner = Strides.of(op.x().shape(), op.axis());
        int cx = op.x().shape().size(op.axis()) * inner;
        int cy = op.y().shape().size(op.axis()) * inner;
        return Kernel.of(p -> List.of(Launch.fours("slice", new int[] {p.at(op.x()) + op.from() * inner, p.at(op.y())}, n,
                (g, id, c, m, at) -> g.task(id, Moves::slice, c, m, at, n, cx, cy))));
    }

    /** at: x [pixels, cx] from its first channel on, y [pixels, cy]; other axes as in {@link #concat} */
    static void slice(KernelContext c, FloatArray m, IntArray at, int n, int cx, int cy) {
        int from = at.get(0);
        int to = at.get(1);
        int first = Fours.first(c);
        float[] y = new float[Fours.EACH];
        for (int j = 0; j < Fours.EACH; j++) {
            int i = Fours.read(first, j, n);
            int pixel = i / cy;
            y[j] = m.get(from + pixel * cx + i - pixel * cy);
        }
        Fours.store(m, to, first, n, y);
    }

    static Kernel of(Movement.Upsample op) {
        Shape s = op.x().shape();
        int n = (int) op.y().shape().elements();
        return Kernel.of(p -> List.of(Launch.fours("upsampleNearest", new int[] {p.at(op.x()), p.at(op.y())}, n,
                (g, id, c, m, at) -> g.task(id, Moves::upsampleNearest, c, m, at, n, s.h(), s.w(), s.c()))));
    }

    /** at: x [n,h,w,channels], y [n,2h,2w,channels] */
    static void upsampleNearest(KernelContext c, FloatArray m, IntArray at, int n, int h, int w, int channels) {
        int from = at.get(0);
        int to = at.get(1);
        int first = Fours.first(c);
        float[] y = new float[Fours.EACH];
        for (int j = 0; j < Fours.EACH; j++) {
            int i = Fours.read(first, j, n);
            int pixel = i / channels;
            int row = pixel / (2 * w);
            int image = row / (2 * h);
            int source = (image * h + (row - image * 2 * h) / 2) * w + (pixel - row * 2 * w) / 2;
            y[j] = m.get(from + source * channels + i - pixel * channels);
        }
        Fours.store(m, to, first, n, y);
    }

    static Kernel of(Movement.UpsampleBackward op) {
        Shape s = op.dx().shape();
        int n = (int) s.elements();
        return Kernel.of(p -> List.of(Launch.fours("upsampleBackward", new int[] {p.at(op.dy()), p.at(op.dx())}, n,
                (g, id, c, m, at) -> g.task(id, Moves::upsampleBackward, c, m, at, n, s.w(), s.c()))));
    }

    /** at: dy [n,2h,2w,channels], dx [n,h,w,channels]: row i of dx is made of rows 2i and 2i + 1 of dy, whatever the image. */
    static void upsampleBackward(KernelContext c, FloatArray m, IntArray at, int n, int w, int channels) {
        int from = at.get(0);
        int to = at.get(1);
        int first = Fours.first(c);
        float[] dx = new float[Fours.EACH];
        for (int j = 0; j < Fours.EACH; j++) {
            int i = Fours.read(first, j, n);
            int pixel = i / channels;
            int row = pixel / w;
            int upper = from + (row * 4 * w + (pixel - row * w) * 2) * channels + i - pixel * channels;
            int lower = upper + 2 * w * channels;
            dx[j] = (m.get(upper) + m.get(upper + channels)) + (m.get(lower) + m.get(lower + channels));
        }
        Fours.store(m, to, first, n, dx);
    }

    static Kernel of(Movement.Repeat op) {
        if (!CommonCases.repeatsBatch(op)) {
            return Boxes.of(Box.of(op), op.x(), op.y());
        }
        int n = (int) op.x().shape().elements();
        if (op.x().dtype() == DType.I32) {
            return Kernel.of(p -> List.of(Launch.items("repeatWords", new int[] {p.at(op.x()), p.at(op.y())}, n,
                    (g, id, c, m, w, at) -> g.task(id, Moves::repeatWords, c, m, w, at, n))));
        }
        return Kernel.of(p -> List.of(Launch.fours("repeat", new int[] {p.at(op.x()), p.at(op.y())}, n,
                (g, id, c, m, at) -> g.task(id, Moves::repeat, c, m, at, n))));
    }

    /** at: x, y = [x; x] */
    static void repeat(KernelContext c, FloatArray m, IntArray at, int n) {
        int from = at.get(0);
        int to = at.get(1);
        int first = Fours.first(c);
        float[] x = new float[Fours.EACH];
        Fours.load(x, m, from, first, n);
        Fours.store(m, to, first, n, x);
        Fours.store(m, to + n, first, n, x);
    }

    /** The same of I32, of which there are few: one a work item. */
    static void repeatWords(KernelContext c, FloatArray m, IntArray w, IntArray at, int n) {
        int i = c.globalIdx;
        if (i < n) {
            int x = w.get(at.get(0) + i);
            int to = at.get(1);
            w.set(to + i, x);
            w.set(to + n + i, x);
        }
    }

    static Kernel of(Movement.GatherImages op) {
        int each = (int) op.images().shape().imageElements();
        int n = (int) op.images().shape().elements();
        int size = op.dataset().shape().n();
        return Kernel.of(p -> List.of(Launch.items("gatherImages", new int[] {p.at(op.dataset()), p.at(op.ids()), p.at(op.images()), p.fault(), p.faultCode()},
                Launch.ceilDiv(n, 4), (g, id, c, m, w, at) -> g.task(id, Moves::gatherImages, c, m, w, at, n, each, size))))
                .withFault(FaultMessages.imageOutside(op.dataset()));
    }

    /**
     * A work item makes a word of four bytes, which need not be of one image. It reads a word for each byte, from the cache mostly, and writes one.
     *
     * <p>at: dataset U8 [size, each], ids, images U8, fault, code
     */
    static void gatherImages(KernelContext c, FloatArray m, IntArray w, IntArray at, int n, int each, int size) {
        int dataset = at.get(0);
        int ids = at.get(1);
        int word = c.globalIdx;
        if (4 * word < n) {
            int bytes = 0;
            for (int b = 0; b < 4; b++) {
                int element = TornadoMath.min(4 * word + b, n - 1); // what fills up the last word is never looked at
                int image = element / each;
                int id = w.get(ids + image);
                if (id < 0 || id >= size) {
                    Faults.report(w, at.get(3), at.get(4), id);
                    id = 0;
                }
                int from = id * each + element - image * each;
                bytes = bytes | (w.get(dataset + from / 4) >> 8 * (from & 3) & 0xFF) << 8 * b;
            }
            w.set(at.get(2) + word, bytes);
        }
    }
}
