package sirocco.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Gradients of group normalisation, with SiLU. With x̂ = (x − mean)·rstd, z = gamma·x̂ + beta and dz the gradient with respect to z:
 * dBeta += Σ dz, dGamma += Σ dz·x̂, dx = rstd·(gamma·dz − mean of gamma·dz − x̂·mean of gamma·dz·x̂). Sums over pixels of every piece of a slab
 * ({@link GroupSlab}) come first; then one kernel adds them over images and pieces, another over the channels of a group. Bound by memory bandwidth.
 */
final class GroupNormBackwardKernels {
    /** Channels of a work group of {@link #parameters}. */
    static final int CHANNELS = 32;

    private static final int ROWS = GroupSlab.ITEMS / CHANNELS;

    private GroupNormBackwardKernels() { }

    /** The gradient with respect to z, from that with respect to y. */
    private static float slope(float dy, float z, int silu) {
        if (silu == 0) {
            return dy;
        }
        float sigma = 1 / (1 + TornadoMath.exp(-z));
        return dy * sigma * (1 + z * (1 - sigma));
    }

    /**
     * parts [images, pieces, 2, channels] = Σ dz, Σ dz·x̂ over a piece's pixels. at: x, stats, gamma, beta, dy, parts.
     *
     * <p>An item: 8 pixels or more of a channel. Local memory 2 KiB. Traffic: one read of x and dy.
     */
    static void sums(KernelContext c, FloatArray m, IntArray at, int pixels, int channels, int groups, int slabGroups, int piece, int silu) {
        float[] plain = c.allocateFloatLocalArray(GroupSlab.ITEMS);
        float[] scaled = c.allocateFloatLocalArray(GroupSlab.ITEMS);
        // The item's place in the piece, and in its group of channels.
        int groupWidth = channels / groups;
        int lanes = GroupSlab.lanes(slabGroups, groupWidth);
        int rows = GroupSlab.rows(lanes);
        int lane = c.localIdx % lanes;
        int row = c.localIdx / lanes;
        int width = Math.min(lanes, groupWidth);
        int group = c.groupIdx * slabGroups + lane / groupWidth;
        int begin = c.groupIdy * piece;
        int end = Math.min(pixels, begin + piece);
        int pieces = (pixels + piece - 1) / piece;
        int image = c.groupIdz * pixels * channels;
        int stats = at.get(1) + 2 * (c.groupIdz * groups + group);

        for (int step = 0; step < groupWidth; step += width) {
            int e = step + lane % groupWidth;
            int channel = group * groupWidth + e;
            boolean works = row < rows && group < groups && e < groupWidth;
            float sum = 0;
            float product = 0;
            if (works) {
                float mean = m.get(stats);
                float scale = m.get(stats + 1);
                float gamma = m.get(at.get(2) + channel);
                float beta = m.get(at.get(3) + channel);
                int fromX = at.get(0) + image + channel;
                int fromDy = at.get(4) + image + channel;
                for (int p = begin + row; p < end; p += rows) {
                    float normal = (m.get(fromX + p * channels) - mean) * scale;
                    float dz = slope(m.get(fromDy + p * channels), normal * gamma + beta, silu);
                    sum += dz;
                    product += dz * normal;
                }
            }
            plain[c.localIdx] = sum;
            scaled[c.localIdx] = product;
            c.localBarrier();
            for (int n = rows; n > 1; n = (n + 1) / 2) {
                if (row + (n + 1) / 2 < n) {
                    plain[c.localIdx] += plain[c.localIdx + (n + 1) / 2 * lanes];
                    scaled[c.localIdx] += scaled[c.localIdx + (n + 1) / 2 * lanes];
                }
                c.localBarrier();
            }
            if (row == 0 && works) {
                int to = at.get(5) + 2 * (c.groupIdz * pieces + c.groupIdy) * channels + channel;
                m.set(to, plain[c.localIdx]);
                m.set(to + channels, scaled[c.localIdx]);
            }
            c.localBarrier();
        }
    }

    /**
     * dBeta and dGamma [channels] += the sums over images and pieces. at: parts, dGamma, dBeta.
     *
     * <p>An item: an eighth of a channel's parts. Local memory 2 KiB. Traffic: one read of the parts.
     *
     * @param count images · pieces
     */
    static void parameters(KernelContext c, FloatArray m, IntArray at, int channels, int count) {
        float[] plain = c.allocateFloatLocalArray(GroupSlab.ITEMS);
        float[] scaled = c.allocateFloatLocalArray(GroupSlab.ITEMS);
        int channel = c.groupIdx * CHANNELS + c.localIdx % CHANNELS;
        int row = c.localIdx / CHANNELS;
        float sum = 0;
        float product = 0;
        if (channel < channels) {
            int from = at.get(0) + channel;
            for (int i = row; i < count; i += ROWS) {
                sum += m.get(from + 2 * i * channels);
                product += m.get(from + (2 * i + 1) * channels);
            }
        }
        plain[c.localIdx] = sum;
        scaled[c.localIdx] = product;
        c.localBarrier();
        for (int n = ROWS / 2; n > 0; n = n / 2) {
            if (row < n) {
                plain[c.localIdx] += plain[c.localIdx + n * CHANNELS];
                scaled[c.localIdx] += scaled[c.localIdx + n * CHANNELS];
            }
            c.localBarrier();
        }
        if (row == 0 && channel < channels) {
            m.set(at.get(1) + channel, m.get(at.get(1) + channel) + scaled[c.localIdx]);
            m.set(at.get(2) + channel, m.get(at.get(2) + channel) + plain[c.localIdx]);
        }
    }

    /**
     * dx. at: x, stats, gamma, beta, dy, parts, addend, dx.
     *
     * <p>An item: the pixels that it summed, four read before the first is written, as in {@link Fours}. Local memory 2 KiB. Traffic: one read of x and dy,
     * from the last-level cache where they fit there, and of the addend, one write of dx, and the parts of the slab's groups.
     */
    static void apply(KernelContext c, FloatArray m, IntArray at, int pixels, int channels, int groups, int slabGroups, int piece, int silu) {
        float[] plain = c.allocateFloatLocalArray(GroupSlab.ITEMS);
        float[] scaled = c.allocateFloatLocalArray(GroupSlab.ITEMS);
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

        // Sums over the group's channels and pieces.
        int pieces = (pixels + piece - 1) / piece;
        float sum = 0;
        float product = 0;
        for (int i = own; i < pieces * groupWidth && own < items; i += items) {
            int channel = group * groupWidth + i % groupWidth;
            int from = at.get(5) + 2 * (c.groupIdz * pieces + i / groupWidth) * channels + channel;
            float gamma = m.get(at.get(2) + channel);
            sum += gamma * m.get(from);
            product += gamma * m.get(from + channels);
        }
        if (own < items) {
            plain[first + own] = sum;
            scaled[first + own] = product;
        }
        c.localBarrier();
        for (int n = items; n > 1; n = (n + 1) / 2) {
            if (own + (n + 1) / 2 < n) {
                plain[first + own] += plain[first + own + (n + 1) / 2];
                scaled[first + own] += scaled[first + own + (n + 1) / 2];
            }
            c.localBarrier();
        }

        // The item's pixels.
        if (own < items) {
            float count = (float) pixels * groupWidth;
            float mean0 = plain[first] / count;
            float mean1 = scaled[first] / count;
            int image = c.groupIdz * pixels * channels;
            int stats = at.get(1) + 2 * (c.groupIdz * groups + group);
            float mean = m.get(stats);
            float scale = m.get(stats + 1);
            int fromX = at.get(0);
            int fromDy = at.get(4);
            int addend = at.get(6);
            int to = at.get(7) + image;
            float[] x = new float[Fours.EACH];
            float[] dy = new float[Fours.EACH];
            float[] added = new float[Fours.EACH];
            for (int e = lane % groupWidth; e < groupWidth; e += width) {
                int channel = group * groupWidth + e;
                float gamma = m.get(at.get(2) + channel);
                float beta = m.get(at.get(3) + channel);
                for (int p = begin + row; p < end; p += Fours.EACH * rows) {
                    for (int j = 0; j < Fours.EACH; j++) {
                        int i = image + Math.min(p + j * rows, end - 1) * channels + channel;
                        x[j] = m.get(fromX + i);
                        dy[j] = m.get(fromDy + i);
                        added[j] = Gather.added(m, addend, i);
                    }
                    for (int j = 0; j < Fours.EACH; j++) {
                        if (p + j * rows < end) {
                            float normal = (x[j] - mean) * scale;
                            float dz = slope(dy[j], normal * gamma + beta, silu);
                            m.set(to + (p + j * rows) * channels + channel, scale * (gamma * dz - mean0 - normal * mean1) + added[j]);
                        }
                    }
                }
            }
        }
    }
}
