package sirocco.tornado.kernel;

import java.util.List;
import sirocco.api.DType;
import sirocco.api.Op;
import sirocco.api.Shape;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Ops that move elements: one element of the result a work item, each read and written once. */
final class Moves {
    private Moves() { }

    static Kernel of(Op.Concat op) {
        int n = (int) op.y().shape().elements();
        int ca = op.a().shape().c();
        int cb = op.b().shape().c();
        return Kernel.of(p -> List.of(Launch.items("concat", new int[] {p.at(op.a()), p.at(op.b()), p.at(op.y())}, n,
                (g, id, c, m, at) -> g.task(id, Moves::concat, c, m, at, n, ca, cb))));
    }

    /** at: a [pixels, ca], b [pixels, cb], y */
    static void concat(KernelContext c, FloatArray m, IntArray at, int n, int ca, int cb) {
        int i = c.globalIdx;
        if (i < n) {
            int pixel = i / (ca + cb);
            int channel = i - pixel * (ca + cb);
            int from = at.get(1) + pixel * cb + channel - ca;
            if (channel < ca) {
                from = at.get(0) + pixel * ca + channel;
            }
            m.set(at.get(2) + i, m.get(from));
        }
    }

    static Kernel of(Op.Slice op) {
        int n = (int) op.y().shape().elements();
        int cx = op.x().shape().c();
        int cy = op.y().shape().c();
        return Kernel.of(p -> List.of(Launch.items("slice", new int[] {p.at(op.x()) + op.from(), p.at(op.y())}, n,
                (g, id, c, m, at) -> g.task(id, Moves::slice, c, m, at, n, cx, cy))));
    }

    /** at: x [pixels, cx] from its first channel on, y [pixels, cy] */
    static void slice(KernelContext c, FloatArray m, IntArray at, int n, int cx, int cy) {
        int i = c.globalIdx;
        if (i < n) {
            int pixel = i / cy;
            m.set(at.get(1) + i, m.get(at.get(0) + pixel * cx + i - pixel * cy));
        }
    }

    static Kernel of(Op.Upsample op) {
        Shape s = op.x().shape();
        int n = (int) op.y().shape().elements();
        return Kernel.of(p -> List.of(Launch.items("upsampleNearest", new int[] {p.at(op.x()), p.at(op.y())}, n,
                (g, id, c, m, at) -> g.task(id, Moves::upsampleNearest, c, m, at, n, s.h(), s.w(), s.c()))));
    }

    /** at: x [n,h,w,channels], y [n,2h,2w,channels] */
    static void upsampleNearest(KernelContext c, FloatArray m, IntArray at, int n, int h, int w, int channels) {
        int i = c.globalIdx;
        if (i < n) {
            int pixel = i / channels;
            int row = pixel / (2 * w);
            int image = row / (2 * h);
            int from = (image * h + (row - image * 2 * h) / 2) * w + (pixel - row * 2 * w) / 2;
            m.set(at.get(1) + i, m.get(at.get(0) + from * channels + i - pixel * channels));
        }
    }

    static Kernel of(Op.UpsampleBackward op) {
        Shape s = op.dx().shape();
        int n = (int) s.elements();
        return Kernel.of(p -> List.of(Launch.items("upsampleBackward", new int[] {p.at(op.dy()), p.at(op.dx())}, n,
                (g, id, c, m, at) -> g.task(id, Moves::upsampleBackward, c, m, at, n, s.w(), s.c()))));
    }

    /** at: dy [n,2h,2w,channels], dx [n,h,w,channels]: row i of dx is made of rows 2i and 2i + 1 of dy, whatever the image. */
    static void upsampleBackward(KernelContext c, FloatArray m, IntArray at, int n, int w, int channels) {
        int i = c.globalIdx;
        if (i < n) {
            int pixel = i / channels;
            int row = pixel / w;
            int upper = at.get(0) + (row * 4 * w + (pixel - row * w) * 2) * channels + i - pixel * channels;
            int lower = upper + 2 * w * channels;
            m.set(at.get(1) + i, (m.get(upper) + m.get(upper + channels)) + (m.get(lower) + m.get(lower + channels)));
        }
    }

    static Kernel of(Op.Repeat op) {
        int n = (int) op.x().shape().elements();
        if (op.x().dtype() == DType.I32) {
            return Kernel.of(p -> List.of(Launch.items("repeatWords", new int[] {p.at(op.x()), p.at(op.y())}, n,
                    (g, id, c, m, w, at) -> g.task(id, Moves::repeatWords, c, m, w, at, n))));
        }
        return Kernel.of(p -> List.of(Launch.items("repeat", new int[] {p.at(op.x()), p.at(op.y())}, n,
                (g, id, c, m, at) -> g.task(id, Moves::repeat, c, m, at, n))));
    }

    /** at: x, y = [x; x] */
    static void repeat(KernelContext c, FloatArray m, IntArray at, int n) {
        int i = c.globalIdx;
        if (i < n) {
            float x = m.get(at.get(0) + i);
            m.set(at.get(1) + i, x);
            m.set(at.get(1) + n + i, x);
        }
    }

    /** The same of I32. */
    static void repeatWords(KernelContext c, FloatArray m, IntArray w, IntArray at, int n) {
        int i = c.globalIdx;
        if (i < n) {
            int x = w.get(at.get(0) + i);
            w.set(at.get(1) + i, x);
            w.set(at.get(1) + n + i, x);
        }
    }

    static Kernel of(Op.GatherImages op) {
        int each = (int) op.images().shape().imageElements();
        int n = (int) op.images().shape().elements();
        int size = op.dataset().shape().n();
        return Kernel.of(p -> List.of(Launch.items("gatherImages", new int[] {p.at(op.dataset()), p.at(op.ids()), p.at(op.images()), p.fault(), p.faultCode()},
                Launch.ceilDiv(n, 4), (g, id, c, m, w, at) -> g.task(id, Moves::gatherImages, c, m, w, at, n, each, size))))
                .withFault(id -> "id " + id + " is not in the dataset, expected 0 to " + (size - 1));
    }

    /** A work item makes a word of four bytes, which need not be of one image. at: dataset U8 [size, each], ids, images U8, fault, code */
    static void gatherImages(KernelContext c, FloatArray m, IntArray w, IntArray at, int n, int each, int size) {
        int word = c.globalIdx;
        if (4 * word < n) {
            int bytes = 0;
            for (int b = 0; b < 4; b++) {
                int element = TornadoMath.min(4 * word + b, n - 1); // what fills up the last word is never looked at
                int image = element / each;
                int id = w.get(at.get(1) + image);
                if (id < 0 || id >= size) {
                    Diffusion.report(w, at.get(3), at.get(4), id);
                    id = 0;
                }
                int from = id * each + element - image * each;
                bytes = bytes | (w.get(at.get(0) + from / 4) >> 8 * (from & 3) & 0xFF) << 8 * b;
            }
            w.set(at.get(2) + word, bytes);
        }
    }
}
