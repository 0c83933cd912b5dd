package sirocco.tornado.kernel;

import java.util.List;
import sirocco.api.Op;
import sirocco.api.Shape;
import sirocco.api.Value;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Sums, in an order that depends on shapes only: each group sums a chunk and leaves it in scratch, then one group sums those. */
final class Sums {
    static final int GROUP = 128;
    /** Elements of a group. */
    private static final int CHUNK = 4096;
    /** Channels that a group of {@link #sumPixels} has, and the items that share each. */
    private static final int COLUMNS = 32;
    private static final int SHARERS = GROUP / COLUMNS;

    private Sums() { }

    // ---- pixels of an image ----------------------------------------------------------------------------------------------------

    static Kernel of(Op.SumPixels op) {
        Shape s = op.x().shape();
        int pixels = s.h() * s.w();
        return Kernel.of(p -> List.of(Launch.groups("sumPixels", new int[] {p.at(op.x()), p.at(op.y())}, Launch.ceilDiv(s.c(), COLUMNS), s.n(), 1, GROUP,
                (g, id, c, m, at) -> g.task(id, Sums::sumPixels, c, m, at, pixels, s.c()))));
    }

    /** Group (x, y) has 32 channels of image y; 4 items share the pixels of each. Local memory 512 bytes; x is read once. at: x [n, pixels, channels], y */
    static void sumPixels(KernelContext c, FloatArray m, IntArray at, int pixels, int channels) {
        float[] partial = c.allocateFloatLocalArray(GROUP);
        int item = c.localIdx;
        int image = c.groupIdy;
        int share = item / COLUMNS;
        int channel = c.groupIdx * COLUMNS + item - share * COLUMNS;
        float sum = 0;
        if (channel < channels) {
            for (int pixel = share; pixel < pixels; pixel += SHARERS) {
                sum += m.get(at.get(0) + (image * pixels + pixel) * channels + channel);
            }
        }
        partial[item] = sum;
        c.localBarrier();
        if (share == 0) {
            if (channel < channels) {
                m.set(at.get(1) + image * channels + channel, (partial[item] + partial[item + COLUMNS]) + (partial[item + 2 * COLUMNS] + partial[item + 3 * COLUMNS]));
            }
        }
    }

    // ---- the loss --------------------------------------------------------------------------------------------------------------

    static Kernel of(Op.MseLoss op) {
        Shape s = op.prediction().shape();
        int n = (int) s.elements();
        int each = (int) s.imageElements();
        int chunks = (int) Launch.ceilDiv(n, CHUNK);
        return Kernel.of(p -> List.of(
                Launch.groups("mseLoss", new int[] {p.at(op.prediction()), p.at(op.target()), p.at(op.weight()), p.scratch()}, chunks, 1, 1, GROUP,
                        (g, id, c, m, at) -> g.task(id, Sums::mseLoss, c, m, at, n, each)),
                Launch.groups("meanOfParts", new int[] {p.scratch(), p.at(op.loss())}, 1, 1, 1, GROUP,
                        (g, id, c, m, at) -> g.task(id, Sums::meanOfParts, c, m, at, chunks, n)))).withScratch(chunks);
    }

    /** Group x has a chunk of 4096 elements. Local memory 512 bytes; both operands are read once. at: prediction, target, weight or −1, parts */
    static void mseLoss(KernelContext c, FloatArray m, IntArray at, int n, int each) {
        float[] partial = c.allocateFloatLocalArray(GROUP);
        int item = c.localIdx;
        int chunk = c.groupIdx;
        float sum = 0;
        for (int j = item; j < CHUNK; j += GROUP) {
            int i = chunk * CHUNK + j;
            if (i < n) {
                float difference = m.get(at.get(0) + i) - m.get(at.get(1) + i);
                float weight = 1;
                if (at.get(2) >= 0) {
                    weight = m.get(at.get(2) + i / each);
                }
                sum += weight * difference * difference;
            }
        }
        partial[item] = sum;
        for (int half = GROUP / 2; half > 0; half = half / 2) {
            c.localBarrier();
            if (item < half) {
                partial[item] = partial[item] + partial[item + half];
            }
        }
        if (item == 0) {
            m.set(at.get(3) + chunk, partial[0]);
        }
    }

    /** at: parts, mean */
    static void meanOfParts(KernelContext c, FloatArray m, IntArray at, int parts, int n) {
        float[] partial = c.allocateFloatLocalArray(GROUP);
        int item = c.localIdx;
        float sum = 0;
        for (int j = item; j < parts; j += GROUP) {
            sum += m.get(at.get(0) + j);
        }
        partial[item] = sum;
        for (int half = GROUP / 2; half > 0; half = half / 2) {
            c.localBarrier();
            if (item < half) {
                partial[item] = partial[item] + partial[item + half];
            }
        }
        if (item == 0) {
            m.set(at.get(1), partial[0] / n);
        }
    }

    static Kernel of(Op.MseLossBackward op) {
        Shape s = op.prediction().shape();
        int n = (int) s.elements();
        int each = (int) s.imageElements();
        return Kernel.of(p -> List.of(Launch.items("mseLossBackward", new int[] {p.at(op.prediction()), p.at(op.target()), p.at(op.weight()), p.at(op.dPrediction())},
                n, (g, id, c, m, at) -> g.task(id, Sums::mseLossBackward, c, m, at, n, each))));
    }

    /** at: prediction, target, weight or −1, dPrediction */
    static void mseLossBackward(KernelContext c, FloatArray m, IntArray at, int n, int each) {
        int i = c.globalIdx;
        if (i < n) {
            float weight = 1;
            if (at.get(2) >= 0) {
                weight = m.get(at.get(2) + i / each);
            }
            m.set(at.get(3) + i, 2 * weight * (m.get(at.get(0) + i) - m.get(at.get(1) + i)) / n);
        }
    }

    // ---- many tensors ----------------------------------------------------------------------------------------------------------

    static Kernel of(Op.GradientNorm op) {
        int chunks = Chunks.count(op.gradients());
        return Kernel.of(p -> List.of(
                Launch.groups("squares", Chunks.table(p, new int[] {p.scratch()}, List.of(op.gradients())), chunks, 1, 1, GROUP,
                        (g, id, c, m, at) -> g.task(id, Sums::squares, c, m, at)),
                Launch.groups("rootOfParts", new int[] {p.scratch(), p.at(op.norm())}, 1, 1, 1, GROUP,
                        (g, id, c, m, at) -> g.task(id, Sums::rootOfParts, c, m, at, chunks)))).withScratch(chunks);
    }

    /** Group x has a chunk of a tensor. Local memory 512 bytes; every element is read once. at: parts; then for each chunk its place and length */
    static void squares(KernelContext c, FloatArray m, IntArray at) {
        float[] partial = c.allocateFloatLocalArray(GROUP);
        int item = c.localIdx;
        int chunk = c.groupIdx;
        int from = at.get(1 + 2 * chunk);
        int n = at.get(2 + 2 * chunk);
        float sum = 0;
        for (int j = item; j < n; j += GROUP) {
            float x = m.get(from + j);
            sum += x * x;
        }
        partial[item] = sum;
        for (int half = GROUP / 2; half > 0; half = half / 2) {
            c.localBarrier();
            if (item < half) {
                partial[item] = partial[item] + partial[item + half];
            }
        }
        if (item == 0) {
            m.set(at.get(0) + chunk, partial[0]);
        }
    }

    /** at: parts, root */
    static void rootOfParts(KernelContext c, FloatArray m, IntArray at, int parts) {
        float[] partial = c.allocateFloatLocalArray(GROUP);
        int item = c.localIdx;
        float sum = 0;
        for (int j = item; j < parts; j += GROUP) {
            sum += m.get(at.get(0) + j);
        }
        partial[item] = sum;
        for (int half = GROUP / 2; half > 0; half = half / 2) {
            c.localBarrier();
            if (item < half) {
                partial[item] = partial[item] + partial[item + half];
            }
        }
        if (item == 0) {
            m.set(at.get(1), TornadoMath.sqrt(partial[0]));
        }
    }

    /** Tables by which one launch goes over many tensors: for each chunk of one, its places in tensors that lie alike, then its length. */
    static final class Chunks {
        private Chunks() { }

        /** Groups. */
        static int count(List<Value> values) {
            return Math.toIntExact(values.stream().mapToLong(v -> Launch.ceilDiv(v.shape().elements(), CHUNK)).sum());
        }

        /**
         * @param before what the table begins with
         * @param lists run in parallel, shapes alike
         */
        static int[] table(Places p, int[] before, List<List<Value>> lists) {
            int[] table = new int[before.length + count(lists.getFirst()) * (lists.size() + 1)];
            System.arraycopy(before, 0, table, 0, before.length);
            int to = before.length;
            for (int tensor = 0; tensor < lists.getFirst().size(); tensor++) {
                int elements = (int) lists.getFirst().get(tensor).shape().elements();
                for (int done = 0; done < elements; done += CHUNK) {
                    for (List<Value> list : lists) {
                        table[to++] = p.at(list.get(tensor)) + done;
                    }
                    table[to++] = Math.min(CHUNK, elements - done);
                }
            }
            return table;
        }
    }
}
