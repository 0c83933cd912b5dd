package sirocco.tornado.kernel;

import static sirocco.tornado.kernel.AttentionBackwardKernels.KEYS;
import static sirocco.tornado.kernel.AttentionBackwardKernels.QUERIES;
import static sirocco.tornado.kernel.Fragments.A_BYTES;
import static sirocco.tornado.kernel.Fragments.B_BYTES;
import static sirocco.tornado.kernel.Fragments.B_WORDS;
import static sirocco.tornado.kernel.Fragments.HEADER;
import static sirocco.tornado.kernel.Fragments.PITCH;
import static sirocco.tornado.kernel.Fragments.STEPS;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Attention and its gradients on tensor cores, by tiles of 64 × 64 of the score matrix (Dao et al. 2022): operands are rounded to bf16 on their way
 * into local memory, weights and their gradients too; sums and the softmax are float32's. With the names of {@link AttentionBackwardKernels}:
 *
 * <pre>
 *                    rows     columns   scores    result = their tile · panel
 *     QUERIES        queries  keys      dS        dq = dS k / √d
 *     KEYS           keys     queries   dSᵀ       dk = dSᵀ q / √d
 *     VALUES         keys     queries   Pᵀ        dv = Pᵀ dy
 *     OUTPUT         queries  keys      P         y = P v
 *     LOG_SUM_EXP    queries  keys      S         the logarithms of the rows' sums of exponentials
 * </pre>
 *
 * <p>There is no way to scale sums that are in fragments, as a softmax on the way would have to. So the forward pass is LOG_SUM_EXP, then OUTPUT
 * with P = exp(S − logSumExp), as the gradients compute it: half as many products again, for sums that never leave registers. Scores get from
 * fragments to what computes with them through local memory ({@link Fragments}).
 */
final class TensorAttention {
    static final int OUTPUT = 3;
    static final int LOG_SUM_EXP = 4;

    /** Work items of a group: 8 warps, as 2 × 4, each with 32 × 16 of the scores, and 32 rows and every fourth 8 channels of the result. */
    static final int GROUP = AttentionTile.ITEMS;
    /** Channels of the result that a group has in fragments; a wider head's are divided among groups, which compute the same scores. */
    static final int CHANNELS = 256;

    private static final int WIDTH = AttentionTile.WIDTH;
    /** Words of 16 steps of the depth of a tile that is 64 wide, and of a panel. */
    private static final int WORDS = WIDTH * STEPS / 2;
    private static final int PANEL_WORDS = CHANNELS * STEPS / 2;
    /** Columns of a slice of the panel. */
    private static final int SLICE = 32;
    /** Work items that share a row of LOG_SUM_EXP: 4. */
    private static final int SHARERS = GROUP / WIDTH;
    private static final int SHARE = WIDTH / SHARERS;

    private TensorAttention() { }

    /** Whether a row and a channel are there; true where the shape leaves no doubt. */
    private static boolean inside(int row, int rows, int channel, int d) {
        return (rows % WIDTH == 0 | row < rows) & (d % WIDTH == 0 | channel < d);
    }

    /**
     * One of the results. Groups are (tiles of 64 rows for each 256 channels of the result, heads, images). at: rows', then columns', factors of S;
     * rows', then columns', factors of dy vᵀ; panel, logSumExp, rowSums, result; −1 for what the pass has not.
     *
     * <p>Work per item: of each tile, 16 elements of one product or two, and 8 of a warp's mma for 64 channels of each; for 64 channels of the result
     * 16 elements of the panel, and 8 of a warp's mma. Local memory 43 KiB; 512 + 256 bytes read for 2 mma. Traffic: a group reads its rows once a
     * tile, and all columns, from the last-level cache after the first group. 64 multiply-adds for each number read: bound by that and by
     * the rounding.
     */
    static void product(KernelContext c, FloatArray m, IntArray at, int pass, int length, int channels, int heads) {
        int[] a = c.allocateIntLocalArray(4 * WORDS);
        int[] b = c.allocateIntLocalArray(2 * PANEL_WORDS);
        float[] scores = c.allocateFloatLocalArray(Fragments.RESULTS);
        float[] lines = c.allocateFloatLocalArray(2 * WIDTH);
        FloatArray target = (FloatArray) (Object) scores; // here and not in a method, where TornadoVM would know better
        float[] p = new float[16];
        int zero = AttentionTile.zero(c);
        int d = channels / heads;
        int item = c.localIdx;
        int tiles = (length + WIDTH - 1) / WIDTH;
        int row0 = c.groupIdx % tiles * WIDTH;
        int channel0 = c.groupIdx / tiles * CHANNELS;
        int head = c.groupIdz * length * channels + c.groupIdy * d;
        int line = (c.groupIdz * heads + c.groupIdy) * length;
        float scale = 1 / TornadoMath.sqrt((float) d);
        int warpRow = item / 128 * 32;
        int warpColumn = item / 32 & 3;
        // Of a tile with pairs along the depth, and of one with pairs of columns: 32 items side by side write to different banks.
        int aRow = item / 8;
        int aColumn = 2 * (item & 7);
        int bColumn = 2 * (item / 8 & 3);
        int bDepth = (item & 7) + item / 32 * 8;
        int own = item / SHARERS; // the row of LOG_SUM_EXP
        int part = item & SHARERS - 1;
        float largest = -Float.MAX_VALUE;
        float total = 0;

        float[] o00 = c.mmaFragment(0.0f);
        float[] o01 = c.mmaFragment(0.0f);
        float[] o02 = c.mmaFragment(0.0f);
        float[] o03 = c.mmaFragment(0.0f);
        float[] o04 = c.mmaFragment(0.0f);
        float[] o05 = c.mmaFragment(0.0f);
        float[] o06 = c.mmaFragment(0.0f);
        float[] o07 = c.mmaFragment(0.0f);
        float[] o10 = c.mmaFragment(0.0f);
        float[] o11 = c.mmaFragment(0.0f);
        float[] o12 = c.mmaFragment(0.0f);
        float[] o13 = c.mmaFragment(0.0f);
        float[] o14 = c.mmaFragment(0.0f);
        float[] o15 = c.mmaFragment(0.0f);
        float[] o16 = c.mmaFragment(0.0f);
        float[] o17 = c.mmaFragment(0.0f);

        for (int column0 = zero; column0 < length; column0 += WIDTH) {
            if (pass != LOG_SUM_EXP && item < WIDTH) {
                int query = Math.min(length - 1, (pass == QUERIES || pass == OUTPUT ? row0 : column0) + item);
                lines[item] = m.get(at.get(5) + line + query);
                lines[WIDTH + item] = pass == QUERIES || pass == KEYS ? m.get(at.get(6) + line + query) : 0;
            }
            for (int product = zero; product < (pass == QUERIES || pass == KEYS ? 2 : 1); product++) {
                float[] s00 = c.mmaFragment(0.0f);
                float[] s01 = c.mmaFragment(0.0f);
                float[] s10 = c.mmaFragment(0.0f);
                float[] s11 = c.mmaFragment(0.0f);
                for (int depth = zero; depth < d; depth += WIDTH) {
                    c.localBarrier(); // nobody reads what is written now
                    for (int i = 0; i < 8; i++) {
                        int row = row0 + aRow + 32 * (i & 1);
                        int channel = depth + aColumn + 16 * (i >> 1);
                        int from = at.get(2 * product) + head + row * channels + channel;
                        float low = Gather.element(m, inside(row, length, channel, d), from);
                        float high = Gather.element(m, inside(row, length, channel + 1, d), from + 1);
                        a[(i >> 1) * WORDS + 256 * (i & 1) + item] = Fragments.pair(low, high);
                    }
                    for (int i = 0; i < 8; i++) {
                        int column = column0 + bColumn + 8 * i;
                        int channel = depth + bDepth;
                        int from = at.get(2 * product + 1) + head + column * channels + channel;
                        float low = Gather.element(m, inside(column, length, channel, d), from);
                        float high = Gather.element(m, inside(column + 1, length, channel, d), from + channels);
                        b[item / 64 * WORDS + B_WORDS * i + (bDepth & 15) * 4 + (item / 8 & 3)] = Fragments.pair(low, high);
                    }
                    c.localBarrier(); // the slice is there
                    for (int step = 0; step < WIDTH / STEPS; step++) {
                        HalfFloat[] a0 = c.mmaLoadA(a, STEPS, 4 * WORDS * step + warpRow * 2 * STEPS);
                        HalfFloat[] a1 = c.mmaLoadA(a, STEPS, 4 * WORDS * step + warpRow * 2 * STEPS + A_BYTES);
                        HalfFloat[] b0 = c.mmaLoadB(b, STEPS, 4 * WORDS * step + 2 * warpColumn * B_BYTES);
                        HalfFloat[] b1 = c.mmaLoadB(b, STEPS, 4 * WORDS * step + 2 * warpColumn * B_BYTES + B_BYTES);
                        s00 = c.mmaBF16(a0, b0, s00, MMAShape.M16N8K16);
                        s01 = c.mmaBF16(a0, b1, s01, MMAShape.M16N8K16);
                        s10 = c.mmaBF16(a1, b0, s10, MMAShape.M16N8K16);
                        s11 = c.mmaBF16(a1, b1, s11, MMAShape.M16N8K16);
                    }
                }
                c.mmaStore(s00, target, warpRow, 16 * warpColumn, PITCH);
                c.mmaStore(s01, target, warpRow, 16 * warpColumn + 8, PITCH);
                c.mmaStore(s10, target, warpRow + 16, 16 * warpColumn, PITCH);
                c.mmaStore(s11, target, warpRow + 16, 16 * warpColumn + 8, PITCH);
                c.localBarrier(); // the tile is there, and everyone has multiplied the last slice

                for (int i = 0; i < 16 && pass != LOG_SUM_EXP; i++) {
                    int row = aRow + 32 * (i >> 1 & 1);
                    int column = aColumn + (i & 1) + 16 * (i >> 2);
                    float score = scores[HEADER + row * PITCH + column];
                    int query = pass == QUERIES || pass == OUTPUT ? row : column;
                    if (product == 0) {
                        p[i] = inside(row0 + row, length, 0, d) & inside(column0 + column, length, 0, d)
                                ? TornadoMath.exp(score * scale - lines[query]) : 0;
                    } else {
                        p[i] *= (score - lines[WIDTH + query]) * scale;
                    }
                }
            }

            if (pass == LOG_SUM_EXP) {
                float top = largest;
                for (int i = 0; i < SHARE; i++) {
                    int column = part + SHARERS * i;
                    p[i] = scores[HEADER + own * PITCH + column] * scale;
                    top = column0 + column < length && p[i] > top ? p[i] : top;
                }
                total *= TornadoMath.exp(largest - top);
                largest = top;
                for (int i = 0; i < SHARE; i++) {
                    total += column0 + part + SHARERS * i < length ? TornadoMath.exp(p[i] - top) : 0;
                }
            } else {
                for (int i = 0; i < 8; i++) {
                    a[(i >> 1) * WORDS + 256 * (i & 1) + item] = Fragments.pair(p[2 * i], p[2 * i + 1]);
                }
                for (int slice = 0; slice < WIDTH; slice += SLICE) { // written out: TornadoVM cannot hand a fragment from loop to loop
                    c.localBarrier(); // the weights are there; nobody reads what is written now
                    for (int block = zero; block < Math.min(CHANNELS, d - channel0); block += WIDTH) {
                        for (int i = 0; i < 4; i++) {
                            int step = (item / 4 & 7) + item / 64 * 8;
                            int word = (item & 3) + (item / 32 & 1) * 4 + 8 * i;
                            int column = column0 + slice + step;
                            int channel = channel0 + block + 2 * word;
                            int from = at.get(4) + head + column * channels + channel;
                            float low = Gather.element(m, inside(column, length, channel, d), from);
                            float high = Gather.element(m, inside(column, length, channel + 1, d), from + 1);
                            b[(step >> 4) * PANEL_WORDS + 8 * block + (word >> 2) * B_WORDS + (step & 15) * 4 + (word & 3)] = Fragments.pair(low, high);
                        }
                    }
                    c.localBarrier(); // the slice is there
                    for (int step = 0; step < SLICE / STEPS; step++) {
                        int rowBytes = 4 * WORDS * (slice / STEPS + step) + warpRow * 2 * STEPS;
                        int columnBytes = 4 * PANEL_WORDS * step + warpColumn * B_BYTES;
                        HalfFloat[] a0 = c.mmaLoadA(a, STEPS, rowBytes);
                        HalfFloat[] a1 = c.mmaLoadA(a, STEPS, rowBytes + A_BYTES);
                        HalfFloat[] b0 = c.mmaLoadB(b, STEPS, columnBytes);
                        HalfFloat[] b1 = c.mmaLoadB(b, STEPS, columnBytes + 4 * B_BYTES);
                        o00 = c.mmaBF16(a0, b0, o00, MMAShape.M16N8K16);
                        o10 = c.mmaBF16(a1, b0, o10, MMAShape.M16N8K16);
                        o01 = c.mmaBF16(a0, b1, o01, MMAShape.M16N8K16);
                        o11 = c.mmaBF16(a1, b1, o11, MMAShape.M16N8K16);
                        if (d > WIDTH) {
                            HalfFloat[] b2 = c.mmaLoadB(b, STEPS, columnBytes + 8 * B_BYTES);
                            HalfFloat[] b3 = c.mmaLoadB(b, STEPS, columnBytes + 12 * B_BYTES);
                            o02 = c.mmaBF16(a0, b2, o02, MMAShape.M16N8K16);
                            o12 = c.mmaBF16(a1, b2, o12, MMAShape.M16N8K16);
                            o03 = c.mmaBF16(a0, b3, o03, MMAShape.M16N8K16);
                            o13 = c.mmaBF16(a1, b3, o13, MMAShape.M16N8K16);
                        }
                        if (d > 2 * WIDTH) {
                            HalfFloat[] b4 = c.mmaLoadB(b, STEPS, columnBytes + 16 * B_BYTES);
                            HalfFloat[] b5 = c.mmaLoadB(b, STEPS, columnBytes + 20 * B_BYTES);
                            o04 = c.mmaBF16(a0, b4, o04, MMAShape.M16N8K16);
                            o14 = c.mmaBF16(a1, b4, o14, MMAShape.M16N8K16);
                            o05 = c.mmaBF16(a0, b5, o05, MMAShape.M16N8K16);
                            o15 = c.mmaBF16(a1, b5, o15, MMAShape.M16N8K16);
                        }
                        if (d > 3 * WIDTH) {
                            HalfFloat[] b6 = c.mmaLoadB(b, STEPS, columnBytes + 24 * B_BYTES);
                            HalfFloat[] b7 = c.mmaLoadB(b, STEPS, columnBytes + 28 * B_BYTES);
                            o06 = c.mmaBF16(a0, b6, o06, MMAShape.M16N8K16);
                            o16 = c.mmaBF16(a1, b6, o16, MMAShape.M16N8K16);
                            o07 = c.mmaBF16(a0, b7, o07, MMAShape.M16N8K16);
                            o17 = c.mmaBF16(a1, b7, o17, MMAShape.M16N8K16);
                        }
                    }
                }
            }
        }

        if (pass == LOG_SUM_EXP) {
            c.localBarrier(); // nobody reads what is written now
            scores[item] = largest;
            scores[GROUP + item] = total;
            c.localBarrier();
            if (part == 0 && row0 + own < length) {
                float top = Math.max(Math.max(largest, scores[item + 1]), Math.max(scores[item + 2], scores[item + 3]));
                float sum = 0;
                for (int i = 0; i < SHARERS; i++) {
                    sum += scores[GROUP + item + i] * TornadoMath.exp(scores[item + i] - top);
                }
                m.set(at.get(5) + line + row0 + own, top + TornadoMath.log(sum));
            }
        } else {
            for (int block = zero; block < Math.min(CHANNELS, d - channel0); block += WIDTH) {
                c.localBarrier(); // nobody reads what is written now
                int column = 8 * warpColumn;
                if (block == 0) {
                    c.mmaStore(o00, target, warpRow, column, PITCH);
                    c.mmaStore(o01, target, warpRow, column + 32, PITCH);
                    c.mmaStore(o10, target, warpRow + 16, column, PITCH);
                    c.mmaStore(o11, target, warpRow + 16, column + 32, PITCH);
                } else if (block == WIDTH) {
                    c.mmaStore(o02, target, warpRow, column, PITCH);
                    c.mmaStore(o03, target, warpRow, column + 32, PITCH);
                    c.mmaStore(o12, target, warpRow + 16, column, PITCH);
                    c.mmaStore(o13, target, warpRow + 16, column + 32, PITCH);
                } else if (block == 2 * WIDTH) {
                    c.mmaStore(o04, target, warpRow, column, PITCH);
                    c.mmaStore(o05, target, warpRow, column + 32, PITCH);
                    c.mmaStore(o14, target, warpRow + 16, column, PITCH);
                    c.mmaStore(o15, target, warpRow + 16, column + 32, PITCH);
                } else {
                    c.mmaStore(o06, target, warpRow, column, PITCH);
                    c.mmaStore(o07, target, warpRow, column + 32, PITCH);
                    c.mmaStore(o16, target, warpRow + 16, column, PITCH);
                    c.mmaStore(o17, target, warpRow + 16, column + 32, PITCH);
                }
                c.localBarrier();
                for (int i = 0; i < 16; i++) {
                    int row = item / WIDTH + 4 * i;
                    int channel = item & WIDTH - 1;
                    if (inside(row0 + row, length, channel0 + block + channel, d)) {
                        m.set(at.get(7) + head + (row0 + row) * channels + channel0 + block + channel, scores[HEADER + row * PITCH + channel]);
                    }
                }
            }
        }
    }
}
