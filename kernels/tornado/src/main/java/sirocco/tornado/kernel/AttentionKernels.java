package sirocco.tornado.kernel;

import static sirocco.tornado.kernel.AttentionTile.DEPTH;
import static sirocco.tornado.kernel.AttentionTile.ITEMS;
import static sirocco.tornado.kernel.AttentionTile.PITCH;
import static sirocco.tornado.kernel.AttentionTile.RESULTS;
import static sirocco.tornado.kernel.AttentionTile.SCORES_PITCH;
import static sirocco.tornado.kernel.AttentionTile.SIDE;
import static sirocco.tornado.kernel.AttentionTile.WIDTH;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** y = softmax(q kᵀ / √d) v for each head, by tiles of the score matrix ({@link AttentionTile}; Dao et al. 2022). */
final class AttentionKernels {
    /** Work items that share a row of the softmax, and columns of each. */
    private static final int SHARERS = ITEMS / WIDTH;
    private static final int SHARE = WIDTH / SHARERS;

    private AttentionKernels() { }

    /**
     * y, and logSumExp [images, heads, length]. Groups are (tiles of 64 queries, heads, images). at: q, k, v, y, logSumExp.
     *
     * <p>Tiles of keys and values come by, with the softmax of those so far (Milakov &amp; Gimelshein 2018): sums are rescaled when a row's maximum grows.
     * They stay in registers where a head has 64 channels or fewer; of a wider one each 64 channels wait in y for the next tile.
     *
     * <p>Work per item: of each tile 16 scores and 16 sums for each 64 channels. Local memory 28 KiB; 8 reads for 16 multiply-adds. Traffic: a group reads
     * its queries, all keys and all values, the latter two from the last-level cache after the first group; of heads wider than 64 it reads and writes y once
     * a tile, too. 128 operations for each element of k and v: bound by float32 arithmetic and local memory.
     */
    static void forward(KernelContext c, FloatArray m, IntArray at, int length, int channels, int heads) {
        float[] scores = c.allocateFloatLocalArray(WIDTH * SCORES_PITCH);
        float[] left = c.allocateFloatLocalArray(WIDTH * PITCH);
        float[] right = c.allocateFloatLocalArray(WIDTH * PITCH);
        float[] maxima = c.allocateFloatLocalArray(ITEMS);
        float[] sums = c.allocateFloatLocalArray(ITEMS);
        float[] factors = c.allocateFloatLocalArray(WIDTH);
        float[] totals = c.allocateFloatLocalArray(WIDTH);
        float[] s = new float[RESULTS];
        float[] o = new float[RESULTS];

        int zero = AttentionTile.zero(c);
        int d = channels / heads;
        int item = c.localIdx;
        int x = item & SIDE - 1;
        int y = item / SIDE;
        int row0 = c.groupIdx * WIDTH;
        int head = c.groupIdz * length * channels + c.groupIdy * d;
        int own = item / SHARERS; // the row of the softmax
        int part = item % SHARERS * SHARE;
        float scale = 1 / TornadoMath.sqrt((float) d);
        float largest = -Float.MAX_VALUE;
        float total = 0;

        for (int key0 = zero; key0 < length; key0 += WIDTH) {
            for (int i = 0; i < RESULTS; i++) {
                s[i] = 0;
            }
            for (int depth = zero; depth < d; depth += DEPTH) {
                c.localBarrier(); // nobody reads what is written now
                for (int i = 0; i < 4; i++) {
                    int row = y + SIDE * i;
                    int channel = depth + x;
                    left[row * PITCH + x] = AttentionTile.element(m, at.get(0) + head, row0 + row, length, channel, d, channels);
                    right[row * PITCH + x] = AttentionTile.element(m, at.get(1) + head, key0 + row, length, channel, d, channels);
                }
                c.localBarrier();
                for (int e = zero; e < DEPTH; e++) {
                    for (int i = 0; i < 4; i++) {
                        for (int j = 0; j < 4; j++) {
                            s[4 * i + j] += left[(y + SIDE * i) * PITCH + e] * right[(x + SIDE * j) * PITCH + e];
                        }
                    }
                }
            }
            for (int i = 0; i < 4; i++) {
                for (int j = 0; j < 4; j++) {
                    scores[(y + SIDE * i) * SCORES_PITCH + x + SIDE * j] = s[4 * i + j] * scale;
                }
            }
            c.localBarrier();

            float top = largest;
            for (int j = zero; j < SHARE; j++) {
                float score = scores[own * SCORES_PITCH + part + j];
                top = key0 + part + j < length && score > top ? score : top;
            }
            maxima[item] = top;
            c.localBarrier();
            for (int j = 0; j < SHARERS; j++) {
                float other = maxima[own * SHARERS + j];
                top = other > top ? other : top;
            }
            float shrink = TornadoMath.exp(largest - top);
            largest = top;
            float sum = 0;
            for (int j = zero; j < SHARE; j++) {
                float weight = key0 + part + j < length ? TornadoMath.exp(scores[own * SCORES_PITCH + part + j] - top) : 0;
                scores[own * SCORES_PITCH + part + j] = weight;
                sum += weight;
            }
            sums[item] = sum;
            if (part == 0) {
                factors[own] = shrink;
            }
            c.localBarrier();
            total *= shrink;
            for (int j = 0; j < SHARERS; j++) {
                total += sums[own * SHARERS + j];
            }
            if (part == 0) {
                totals[own] = total;
            }

            for (int channel0 = zero; channel0 < d; channel0 += WIDTH) {
                int to = at.get(3) + head + channel0;
                for (int i = 0; i < 4; i++) {
                    int row = y + SIDE * i;
                    float factor = factors[row];
                    for (int j = 0; j < 4; j++) {
                        int channel = x + SIDE * j;
                        float before = o[4 * i + j];
                        if (d > WIDTH && key0 > 0 && row0 + row < length && channel0 + channel < d) {
                            before = m.get(to + (row0 + row) * channels + channel);
                        }
                        o[4 * i + j] = key0 > 0 ? before * factor : 0;
                    }
                }
                for (int slice = zero; slice < Math.min(WIDTH, length - key0); slice += DEPTH) {
                    c.localBarrier();
                    for (int i = 0; i < 4; i++) {
                        int key = item / WIDTH + 4 * i;
                        int channel = item & WIDTH - 1;
                        right[key * WIDTH + channel] = AttentionTile.element(m, at.get(2) + head, key0 + slice + key, length, channel0 + channel, d, channels);
                    }
                    c.localBarrier();
                    for (int e = zero; e < DEPTH; e++) {
                        for (int i = 0; i < 4; i++) {
                            for (int j = 0; j < 4; j++) {
                                o[4 * i + j] += scores[(y + SIDE * i) * SCORES_PITCH + slice + e] * right[e * WIDTH + x + SIDE * j];
                            }
                        }
                    }
                }
                boolean last = key0 + WIDTH >= length;
                if (d > WIDTH || last) {
                    for (int i = 0; i < 4; i++) {
                        int row = y + SIDE * i;
                        float divisor = last ? totals[row] : 1;
                        for (int j = 0; j < 4; j++) {
                            int channel = x + SIDE * j;
                            if (row0 + row < length && channel0 + channel < d) {
                                m.set(to + (row0 + row) * channels + channel, o[4 * i + j] / divisor);
                            }
                        }
                    }
                }
            }
        }
        if (part == 0 && row0 + own < length) {
            m.set(at.get(4) + (c.groupIdz * heads + c.groupIdy) * length + row0 + own, largest + TornadoMath.log(total));
        }
    }
}
