package sirocco.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Group normalisation (Wu &amp; He 2018), with SiLU, over pieces of slabs ({@link GroupSlab}): one kernel measures mean and squared deviations of
 * every piece, the other merges them (Chan, Golub &amp; LeVeque 1983) and normalises. Bound by memory bandwidth.
 *
 * <p>Sums over a group's items are made by halves in local memory, always in the same order. The loop is written out each time: TornadoVM computes wrong
 * addresses where a method gets a local array from its caller.
 */
final class GroupNormKernels {
    private GroupNormKernels() { }

    /**
     * parts [images, pieces, groups, 2] = mean, sum of squared deviations from it. at: x, parts.
     *
     * <p>An item: 8 pixels or more of a channel, of which it sums the differences to the first of them, and their squares: so a large mean costs nothing.
     * Local memory 1 KiB. Traffic: one read of x.
     */
    static void measure(KernelContext c, FloatArray m, IntArray at, int pixels, int channels, int groups, int slabGroups, int piece) {
        float[] terms = c.allocateFloatLocalArray(GroupSlab.ITEMS);
        // The item's place in the piece, and in its group of channels.
        int groupWidth = channels / groups;
        int lanes = GroupSlab.lanes(slabGroups, groupWidth);
        int rows = GroupSlab.rows(lanes);
        int lane = c.localIdx % lanes;
        int row = c.localIdx / lanes;
        int width = Math.min(lanes, groupWidth);
        int items = rows * width;
        int group = c.groupIdx * slabGroups + lane / groupWidth;
        int first = lane / groupWidth * items;
        int own = row < rows && group < groups ? row * width + lane % groupWidth : items;
        int begin = c.groupIdy * piece;
        int end = Math.min(pixels, begin + piece);

        // The item's mean and squared deviations.
        float count = 0;
        float shift = 0;
        float mean = 0;
        float squares = 0;
        if (own < items && begin + row < end) {
            int from = at.get(0) + c.groupIdz * pixels * channels + group * groupWidth;
            float[] x = new float[Fours.EACH];
            float sum = 0;
            shift = m.get(from + (begin + row) * channels + lane % groupWidth);
            for (int e = lane % groupWidth; e < groupWidth; e += width) {
                for (int p = begin + row; p < end; p += Fours.EACH * rows) {
                    for (int j = 0; j < Fours.EACH; j++) {
                        x[j] = m.get(from + Math.min(p + j * rows, end - 1) * channels + e);
                    }
                    for (int j = 0; j < Fours.EACH; j++) {
                        float away = p + j * rows < end ? x[j] - shift : 0;
                        sum += away;
                        squares += away * away;
                    }
                }
            }
            count = (float) ((end - begin - row + rows - 1) / rows) * ((groupWidth - lane % groupWidth + width - 1) / width);
            mean = sum / count;
            squares -= mean * sum;
        }
        // The piece's mean.
        float total = (float) (end - begin) * groupWidth;
        if (own < items) {
            terms[first + own] = count / total * (shift + mean);
        }
        c.localBarrier();
        for (int n = items; n > 1; n = (n + 1) / 2) {
            if (own + (n + 1) / 2 < n) {
                terms[first + own] += terms[first + own + (n + 1) / 2];
            }
            c.localBarrier();
        }
        float merged = terms[first];
        c.localBarrier();

        // Its squared deviations.
        float away = shift + mean - merged;
        if (own < items) {
            terms[first + own] = squares + count * away * away;
        }
        c.localBarrier();
        for (int n = items; n > 1; n = (n + 1) / 2) {
            if (own + (n + 1) / 2 < n) {
                terms[first + own] += terms[first + own + (n + 1) / 2];
            }
            c.localBarrier();
        }

        if (own == 0) {
            int pieces = (pixels + piece - 1) / piece;
            int to = at.get(1) + 2 * ((c.groupIdz * pieces + c.groupIdy) * groups + group);
            m.set(to, merged);
            m.set(to + 1, terms[first]);
        }
    }

    /**
     * y, and stats [images, groups, 2] = mean, 1/√(variance + eps). at: x, gamma, beta, parts, y, stats.
     *
     * <p>An item: the pixels that it measured, four read before the first is written, as in {@link Fours}. Local memory 1 KiB. Traffic: one read of x, from
     * the last-level cache where it fits there, one write of y, and the parts of the slab's groups.
     */
    static void apply(KernelContext c, FloatArray m, IntArray at, int pixels, int channels, int groups, int slabGroups, int piece, float eps, int silu) {
        float[] terms = c.allocateFloatLocalArray(GroupSlab.ITEMS);
        // The item's place in the piece, and in its group of channels.
        int groupWidth = channels / groups;
        int lanes = GroupSlab.lanes(slabGroups, groupWidth);
        int rows = GroupSlab.rows(lanes);
        int lane = c.localIdx % lanes;
        int row = c.localIdx / lanes;
        int width = Math.min(lanes, groupWidth);
        int items = rows * width;
        int group = c.groupIdx * slabGroups + lane / groupWidth;
        int first = lane / groupWidth * items;
        int own = row < rows && group < groups ? row * width + lane % groupWidth : items;
        int begin = c.groupIdy * piece;
        int end = Math.min(pixels, begin + piece);

        // The group's mean.
        int pieces = (pixels + piece - 1) / piece;
        int parts = at.get(3) + 2 * (c.groupIdz * pieces * groups + group);
        float total = (float) pixels * groupWidth;
        float sum = 0;
        for (int p = own; p < pieces && own < items; p += items) {
            float count = (float) (Math.min(pixels, (p + 1) * piece) - p * piece) * groupWidth;
            sum += count / total * m.get(parts + 2 * p * groups);
        }
        if (own < items) {
            terms[first + own] = sum;
        }
        c.localBarrier();
        for (int n = items; n > 1; n = (n + 1) / 2) {
            if (own + (n + 1) / 2 < n) {
                terms[first + own] += terms[first + own + (n + 1) / 2];
            }
            c.localBarrier();
        }
        float mean = terms[first];
        c.localBarrier();

        // Its variance.
        float squares = 0;
        for (int p = own; p < pieces && own < items; p += items) {
            float count = (float) (Math.min(pixels, (p + 1) * piece) - p * piece) * groupWidth;
            float away = m.get(parts + 2 * p * groups) - mean;
            squares += m.get(parts + 2 * p * groups + 1) + count * away * away;
        }
        if (own < items) {
            terms[first + own] = squares;
        }
        c.localBarrier();
        for (int n = items; n > 1; n = (n + 1) / 2) {
            if (own + (n + 1) / 2 < n) {
                terms[first + own] += terms[first + own + (n + 1) / 2];
            }
            c.localBarrier();
        }
        float scale = 1 / TornadoMath.sqrt(terms[first] / total + eps);
        if (own == 0 && c.groupIdy == 0) {
            int to = at.get(5) + 2 * (c.groupIdz * groups + group);
            m.set(to, mean);
            m.set(to + 1, scale);
        }

        // The item's pixels.
        if (own < items) {
            int image = c.groupIdz * pixels * channels;
            float[] x = new float[Fours.EACH];
            for (int e = lane % groupWidth; e < groupWidth; e += width) {
                int channel = group * groupWidth + e;
                float slope = scale * m.get(at.get(1) + channel);
                float beta = m.get(at.get(2) + channel);
                int from = at.get(0) + image + channel;
                int to = at.get(4) + image + channel;
                for (int p = begin + row; p < end; p += Fours.EACH * rows) {
                    for (int j = 0; j < Fours.EACH; j++) {
                        x[j] = m.get(from + Math.min(p + j * rows, end - 1) * channels);
                    }
                    for (int j = 0; j < Fours.EACH; j++) {
                        if (p + j * rows < end) {
                            float z = (x[j] - mean) * slope + beta;
                            m.set(to + (p + j * rows) * channels, silu == 1 ? z / (1 + TornadoMath.exp(-z)) : z);
                        }
                    }
                }
            }
        }
    }
}
