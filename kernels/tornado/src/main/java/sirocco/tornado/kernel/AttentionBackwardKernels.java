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

/**
 * Gradients of attention (Dao et al. 2022, algorithm 4), by tiles of the score matrix ({@link AttentionTile}). With S = q kᵀ / √d,
 * P = exp(S − logSumExp), D = the sums of dy∘y over a row's channels and dS = P∘(dy vᵀ − D):
 *
 * <pre>
 *                rows     columns   scores    result = their tile · panel
 *     QUERIES    queries  keys      dS        dq = dS k / √d
 *     KEYS       keys     queries   dSᵀ       dk = dSᵀ q / √d
 *     VALUES     keys     queries   Pᵀ        dv = Pᵀ dy
 * </pre>
 *
 * <p>Each is a launch of its own: one for dk and dv together would save an eighth of the operations, and need twice the registers for sums. Every sum
 * has one owner, so its order is fixed.
 */
final class AttentionBackwardKernels {
    static final int QUERIES = 0;
    static final int KEYS = 1;
    static final int VALUES = 2;

    /** Rows of a work group of {@link #rowSums}. */
    static final int ROWS = 16;

    private static final int LANES = ITEMS / ROWS;

    private AttentionBackwardKernels() { }

    /**
     * rowSums [images, heads, length] = D. at: y, dy, rowSums.
     *
     * <p>An item: every 16th channel of a row. Local memory 1 KiB. Traffic: one read of y and dy; bound by memory bandwidth.
     *
     * @param rows images · heads · length
     */
    static void rowSums(KernelContext c, FloatArray m, IntArray at, int rows, int length, int channels, int heads) {
        float[] terms = c.allocateFloatLocalArray(ITEMS);
        int d = channels / heads;
        int lane = c.localIdx % LANES;
        int row = c.groupIdx * ROWS + c.localIdx / LANES;
        float sum = 0;
        if (row < rows) {
            int image = row / length / heads;
            int head = row / length % heads;
            int from = (image * length + row % length) * channels + head * d;
            for (int e = lane; e < d; e += LANES) {
                sum += m.get(at.get(0) + from + e) * m.get(at.get(1) + from + e);
            }
        }
        terms[c.localIdx] = sum;
        c.localBarrier();
        for (int n = LANES / 2; n > 0; n = n / 2) {
            if (lane < n) {
                terms[c.localIdx] += terms[c.localIdx + n];
            }
            c.localBarrier();
        }
        if (lane == 0 && row < rows) {
            m.set(at.get(2) + row, terms[c.localIdx]);
        }
    }

    /**
     * One of dq, dk, dv. Groups are (tiles of 64 rows, heads, images). at: rows', then columns', factors of S; rows', then columns', factors of
     * dy vᵀ; panel, logSumExp, rowSums, result.
     *
     * <p>Sums stay in registers where a head has 64 channels or fewer; of a wider one each 64 channels wait in the result for the next tile.
     *
     * <p>Work per item: of each tile 16 elements of one product or two, and 16 sums for each 64 channels. Local memory 25 KiB; 8 reads for 16
     * multiply-adds. Traffic: a group reads its rows, and of all columns two tensors for dv, three for dq and dk, from the last-level cache after the first
     * group; of heads wider than 64 it reads and writes the result once a tile, too. Bound by float32 arithmetic and local memory.
     */
    static void gradient(KernelContext c, FloatArray m, IntArray at, int pass, int length, int channels, int heads) {
        float[] scores = c.allocateFloatLocalArray(WIDTH * SCORES_PITCH);
        float[] left = c.allocateFloatLocalArray(WIDTH * PITCH);
        float[] right = c.allocateFloatLocalArray(WIDTH * PITCH);
        float[] s = new float[RESULTS];
        float[] o = new float[RESULTS];

        int zero = AttentionTile.zero(c);
        int d = channels / heads;
        int item = c.localIdx;
        int x = item & SIDE - 1;
        int y = item / SIDE;
        int row0 = c.groupIdx * WIDTH;
        int head = c.groupIdz * length * channels + c.groupIdy * d;
        int line = (c.groupIdz * heads + c.groupIdy) * length;
        float scale = 1 / TornadoMath.sqrt((float) d);

        for (int column0 = zero; column0 < length; column0 += WIDTH) {
            for (int product = zero; product < (pass == VALUES ? 1 : 2); product++) {
                for (int i = 0; i < RESULTS; i++) {
                    s[i] = 0;
                }
                for (int depth = zero; depth < d; depth += DEPTH) {
                    c.localBarrier(); // nobody reads what is written now
                    for (int i = 0; i < 4; i++) {
                        int row = y + SIDE * i;
                        int channel = depth + x;
                        left[row * PITCH + x] = AttentionTile.element(m, at.get(2 * product) + head, row0 + row, length, channel, d, channels);
                        right[row * PITCH + x] = AttentionTile.element(m, at.get(2 * product + 1) + head, column0 + row, length, channel, d, channels);
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
                // An item's scores are its own until the next barrier.
                for (int i = 0; i < 4; i++) {
                    for (int j = 0; j < 4; j++) {
                        int own = (y + SIDE * i) * SCORES_PITCH + x + SIDE * j;
                        if (product == 0) {
                            scores[own] = s[4 * i + j];
                        } else {
                            int query = Math.min(length - 1, pass == QUERIES ? row0 + y + SIDE * i : column0 + x + SIDE * j);
                            scores[own] *= (s[4 * i + j] - m.get(at.get(6) + line + query)) * scale;
                        }
                    }
                }
                for (int e = zero; e < RESULTS && product == 0; e++) {
                    int row = y + SIDE * (e / 4);
                    int column = x + SIDE * (e & 3);
                    int own = row * SCORES_PITCH + column;
                    int query = pass == QUERIES ? row0 + row : column0 + column;
                    scores[own] = row0 + row < length && column0 + column < length
                            ? TornadoMath.exp(scores[own] * scale - m.get(at.get(5) + line + query)) : 0;
                }
            }

            for (int channel0 = zero; channel0 < d; channel0 += WIDTH) {
                int to = at.get(7) + head + channel0;
                for (int i = 0; i < 4; i++) {
                    for (int j = 0; j < 4; j++) {
                        int row = y + SIDE * i;
                        int channel = x + SIDE * j;
                        float before = o[4 * i + j];
                        if (d > WIDTH && column0 > 0 && row0 + row < length && channel0 + channel < d) {
                            before = m.get(to + (row0 + row) * channels + channel);
                        }
                        o[4 * i + j] = column0 > 0 ? before : 0;
                    }
                }
                for (int slice = zero; slice < Math.min(WIDTH, length - column0); slice += DEPTH) {
                    c.localBarrier();
                    for (int i = 0; i < 4; i++) {
                        int column = item / WIDTH + 4 * i;
                        int channel = item & WIDTH - 1;
                        right[column * WIDTH + channel] = AttentionTile.element(m, at.get(4) + head, column0 + slice + column, length, channel0 + channel, d,
                                channels);
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
                if (d > WIDTH || column0 + WIDTH >= length) {
                    for (int i = 0; i < 4; i++) {
                        for (int j = 0; j < 4; j++) {
                            int row = y + SIDE * i;
                            int channel = x + SIDE * j;
                            if (row0 + row < length && channel0 + channel < d) {
                                m.set(to + (row0 + row) * channels + channel, o[4 * i + j]);
                            }
                        }
                    }
                }
            }
        }
    }
}
