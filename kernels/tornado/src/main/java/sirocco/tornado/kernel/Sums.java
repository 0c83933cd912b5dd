package sirocco.tornado.kernel;

import java.util.List;
import sirocco.api.Loss;
import sirocco.api.Optimizer;
import sirocco.api.Reduction;
import sirocco.api.Shape;
import sirocco.gpu.Chunks;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Sums, in an order that depends on shapes only: each group sums a piece and leaves it in scratch, then those are added.
 *
 * <p>Sums over a group's items are made by halves in local memory, 512 bytes. The loop is written out each time: TornadoVM computes wrong addresses
 * where a method gets a local array from its caller.
 */
final class Sums {
    static final int GROUP = 128;
    /** Channels that a group of {@link #sumPixels} has, and the items that share each. */
    private static final int COLUMNS = 32;
    private static final int SHARERS = GROUP / COLUMNS;
    /** Pixels of an item, below which a second launch costs more than it brings; groups that keep a large GPU busy. */
    private static final int PIXELS = 16;
    private static final int BUSY = 1024;

    private Sums() { }

    // ---- pixels of an image ----------------------------------------------------------------------------------------------------

    /** @param op sums pixels ({@link sirocco.gpu.CommonCases}) */
    static Kernel of(Reduction.Reduce op) {
        Shape s = op.x().shape();
        int pixels = s.h() * s.w();
        long groups = Launch.ceilDiv(s.c(), COLUMNS) * s.n();
        int slice = (int) Launch.ceilDiv(pixels, Math.min(Launch.ceilDiv(pixels, SHARERS * PIXELS), Launch.ceilDiv(BUSY, groups)));
        int slices = (int) Launch.ceilDiv(pixels, slice);
        int elements = s.n() * s.c();
        return Kernel.of(p -> {
            Launch sums = Launch.groups("sumPixels", new int[] {p.at(op.x()), slices == 1 ? p.at(op.y()) : p.scratch()}, Launch.ceilDiv(s.c(), COLUMNS),
                    s.n(), slices, GROUP, (g, id, c, m, at) -> g.task(id, Sums::sumPixels, c, m, at, s.n(), pixels, s.c(), slice));
            return slices == 1 ? List.of(sums)
                    : List.of(sums, Parts.sum("sumPixelsSumParts", new int[] {p.scratch(), p.at(op.y()), -1, -1, -1}, slices, elements, s.c(), s.c()));
        }).withScratch(slices == 1 ? 0 : (long) slices * elements);
    }

    /**
     * Group (x, y, z) has 32 channels of slice z of image y; 4 items share the pixels of each. x is read once.
     *
     * <p>at: x [images, pixels, channels], sums [slices, images, channels]
     */
    static void sumPixels(KernelContext c, FloatArray m, IntArray at, int images, int pixels, int channels, int slice) {
        float[] partial = c.allocateFloatLocalArray(GROUP);
        int item = c.localIdx;
        int image = c.groupIdy;
        int share = item / COLUMNS;
        int channel = c.groupIdx * COLUMNS + item - share * COLUMNS;
        int begin = c.groupIdz * slice;
        int end = Math.min(pixels, begin + slice);
        float sum = 0;
        if (channel < channels) {
            int from = at.get(0) + image * pixels * channels + channel;
            for (int pixel = begin + share; pixel < end; pixel += SHARERS) {
                sum += m.get(from + pixel * channels);
            }
        }
        partial[item] = sum;
        c.localBarrier();
        if (share == 0) {
            if (channel < channels) {
                m.set(at.get(1) + (c.groupIdz * images + image) * channels + channel,
                        (partial[item] + partial[item + COLUMNS]) + (partial[item + 2 * COLUMNS] + partial[item + 3 * COLUMNS]));
            }
        }
    }

    // ---- the loss --------------------------------------------------------------------------------------------------------------

    static Kernel of(Loss.MseLoss op) {
        Shape s = op.prediction().shape();
        int n = (int) s.elements();
        int each = (int) s.imageElements();
        int chunks = (int) Launch.ceilDiv(n, Chunks.SIZE);
        return Kernel.of(p -> List.of(
                Launch.groups("mseLoss", new int[] {p.at(op.prediction()), p.at(op.target()), p.at(op.weight()), p.scratch()}, chunks, 1, 1, GROUP,
                        (g, id, c, m, at) -> g.task(id, Sums::mseLoss, c, m, at, n, each)),
                mean("meanOfParts", new int[] {p.scratch(), p.at(op.loss())}, chunks, n))).withScratch(chunks);
    }

    /** Group x has a chunk of 4096 elements, an item 32 of them; both operands are read once. at: prediction, target, weight or −1, parts */
    static void mseLoss(KernelContext c, FloatArray m, IntArray at, int n, int each) {
        float[] partial = c.allocateFloatLocalArray(GROUP);
        int item = c.localIdx;
        int chunk = c.groupIdx;
        int prediction = at.get(0);
        int target = at.get(1);
        int weights = at.get(2);
        float sum = 0;
        for (int j = item; j < Chunks.SIZE; j += GROUP) {
            int i = chunk * Chunks.SIZE + j;
            if (i < n) {
                float difference = m.get(prediction + i) - m.get(target + i);
                float weight = 1;
                if (weights >= 0) {
                    weight = m.get(weights + i / each);
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

    static Kernel of(Loss.MseLossBackward op) {
        Shape s = op.prediction().shape();
        int n = (int) s.elements();
        int each = (int) s.imageElements();
        return Kernel.of(p -> List.of(Launch.fours("mseLossBackward",
                new int[] {p.at(op.prediction()), p.at(op.target()), p.at(op.weight()), p.at(op.dPrediction())}, n,
                (g, id, c, m, at) -> g.task(id, Sums::mseLossBackward, c, m, at, n, each))));
    }

    /** {@link Fours} a work item: two reads and a write of each, and its image's weight. at: prediction, target, weight or −1, dPrediction */
    static void mseLossBackward(KernelContext c, FloatArray m, IntArray at, int n, int each) {
        int fromPrediction = at.get(0);
        int fromTarget = at.get(1);
        int weights = at.get(2);
        int to = at.get(3);
        int first = Fours.first(c);
        float[] prediction = new float[Fours.EACH];
        float[] target = new float[Fours.EACH];
        float[] weight = new float[Fours.EACH];
        Fours.load(prediction, m, fromPrediction, first, n);
        Fours.load(target, m, fromTarget, first, n);
        for (int j = 0; j < Fours.EACH; j++) {
            weight[j] = weights >= 0 ? Gather.added(m, weights, Fours.read(first, j, n) / each) : 1;
        }
        for (int j = 0; j < Fours.EACH; j++) {
            prediction[j] = 2 * weight[j] * (prediction[j] - target[j]) / n;
        }
        Fours.store(m, to, first, n, prediction);
    }

    // ---- many tensors ----------------------------------------------------------------------------------------------------------

    static Kernel of(Optimizer.GradientNorm op) {
        int chunks = Chunks.count(op.gradients());
        return Kernel.of(p -> List.of(
                Launch.groups("squares", Launch.chunks(p, new int[] {p.scratch()}, List.of(op.gradients())), chunks, 1, 1, GROUP,
                        (g, id, c, m, at) -> g.task(id, Sums::squares, c, m, at)),
                ofParts("rootOfParts", new int[] {p.scratch(), p.at(op.norm())}, chunks, 1, 1))).withScratch(chunks);
    }

    /** Group x has a chunk of a tensor, an item at most 32 elements; every element is read once. at: parts; then for each chunk its place and length */
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

    // ---- parts -----------------------------------------------------------------------------------------------------------------

    /** Launches {@link #ofParts}: their sum divided by n. at: as there */
    static Launch mean(String kernel, int[] at, int parts, int n) {
        return ofParts(kernel, at, parts, n, 0);
    }

    private static Launch ofParts(String kernel, int[] at, int parts, int n, int root) {
        return Launch.groups(kernel, at, 1, 1, 1, GROUP, (g, id, c, m, places) -> g.task(id, Sums::ofParts, c, m, places, parts, n, root));
    }

    /** Their sum divided by n, and the root of that if root is 1. One group: an item reads parts / 128, one number is written. at: parts, result */
    static void ofParts(KernelContext c, FloatArray m, IntArray at, int parts, int n, int root) {
        float[] partial = c.allocateFloatLocalArray(GROUP);
        int item = c.localIdx;
        int from = at.get(0);
        float sum = 0;
        for (int j = item; j < parts; j += GROUP) {
            sum += m.get(from + j);
        }
        partial[item] = sum;
        for (int half = GROUP / 2; half > 0; half = half / 2) {
            c.localBarrier();
            if (item < half) {
                partial[item] = partial[item] + partial[item + half];
            }
        }
        if (item == 0) {
            float mean = partial[0] / n;
            m.set(at.get(1), root == 1 ? TornadoMath.sqrt(mean) : mean);
        }
    }
}
