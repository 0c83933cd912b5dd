package sirocco.cpu.attention;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import sirocco.cpu.math.Exponentials;

/**
 * Row-wise functions of a tile of scores. Each loop over a row is a method of its own: compiled by itself, it is small enough for the compiler to keep every
 * vector in a register.
 */
final class Softmax {
    private Softmax() { }

    /**
     * Writes {@code value} to the columns beyond the chunk's keys, which only fill up its last block.
     *
     * @param s score (i, j) of key block b at {@code tile + rowStep·i + blockStep·b + j}
     */
    static void fill(float[] s, int tile, int rowStep, int blockStep, int rows, int keys, float value) {
        if (keys % BLOCK == 0) {
            return;
        }
        for (int i = 0; i < rows; i++) {
            int row = tile + i * rowStep + keys / BLOCK * blockStep;
            Arrays.fill(s, row + keys % BLOCK, row + BLOCK, value);
        }
    }

    /**
     * Makes a chunk's scores exponentials of their distance from the largest score so far, adds these up, and scales what earlier chunks have added up to
     * where that has grown (Milakov and Gimelshein 2018, algorithm 3).
     *
     * @param s a tile of scores, row i at {@code tile + rowStep·i}
     * @param max where the largest score of each row so far is; −∞ before the first chunk
     * @param sums where 16 partial sums of each row so far are; 0 before the first chunk
     * @param out where the rows' products so far are, row i of channel block b at {@code out + 16·i + step·b}
     */
    static void forward(float[] s, int tile, int rowStep, int rows, int blocks, int max, int sums, int out, int step, int channelBlocks) {
        for (int i = 0; i < rows; i++) {
            int row = tile + i * rowStep;
            float before = s[max + i];
            float now = max(s, row, blocks * BLOCK, before);
            if (now != before) {
                s[max + i] = now;
                if (before != Float.NEGATIVE_INFINITY) {
                    float factor = (float) Math.exp(before - now);
                    scale(s, sums + i * BLOCK, 0, 1, factor);
                    scale(s, out + i * BLOCK, step, channelBlocks, factor);
                }
            }
            Exponentials.shifted(s, row, BLOCK, blocks, now, sums + i * BLOCK);
        }
    }

    /** Divides the rows' products by their sums, and writes the logarithm of each row's sum of exponentials of scores. */
    static void finish(float[] s, int rows, int max, int sums, int out, int step, int channelBlocks, float[] logs, int logsAt) {
        for (int i = 0; i < rows; i++) {
            float sum = sum(s, sums + i * BLOCK);
            logs[logsAt + i] = s[max + i] + (float) Math.log(sum);
            scale(s, out + i * BLOCK, step, channelBlocks, 1 / sum);
        }
    }

    /**
     * The gradient of the scores from that of their softmax: dS = P ∘ (dP − D), in dP's place and by rows.
     *
     * @param p, dp tiles of keys by columns, row i of key block b at {@code 16·i + step·b}
     * @param d where D_i = Σ dy_i y_i of each row is
     * @param byRows receives row i at {@code byRows + rowStep·i}
     */
    static void backward(float[] work, int p, int dp, int step, int rows, int blocks, float[] d, int dAt, int byRows, int rowStep) {
        for (int i = 0; i < rows; i++) {
            backward(work, p + i * BLOCK, dp + i * BLOCK, step, blocks, d[dAt + i], byRows + i * rowStep);
        }
    }

    private static void backward(float[] work, int p, int dp, int step, int blocks, float d, int row) {
        for (int b = 0; b < blocks; b++) {
            for (int v = 0; v < BLOCK; v += LANES) {
                FloatVector ds = FloatVector.fromArray(F, work, dp + b * step + v).sub(d).mul(FloatVector.fromArray(F, work, p + b * step + v));
                ds.intoArray(work, dp + b * step + v);
                ds.intoArray(work, row + b * BLOCK + v);
            }
        }
    }

    /** Σ a·b of one row of two tiles of channels. */
    static float dot(float[] work, int a, int b, int step, int blocks, int lanes) {
        FloatVector sum = FloatVector.zero(F);
        for (int n = 0; n < blocks; n++) {
            for (int v = 0; v < BLOCK; v += LANES) {
                sum = FloatVector.fromArray(F, work, a + n * step + v).fma(FloatVector.fromArray(F, work, b + n * step + v), sum);
            }
        }
        sum.intoArray(work, lanes);
        return sum(work, lanes);
    }

    /** The largest of one row and {@code least}. NaN counts for nothing here, and comes out of the exponential. */
    private static float max(float[] s, int row, int n, float least) {
        FloatVector even = FloatVector.broadcast(F, least);
        FloatVector odd = even;
        int i = 0;
        for (; i + 2 * LANES <= n; i += 2 * LANES) {
            FloatVector a = FloatVector.fromArray(F, s, row + i);
            FloatVector b = FloatVector.fromArray(F, s, row + i + LANES);
            even = even.blend(a, a.compare(VectorOperators.GT, even));
            odd = odd.blend(b, b.compare(VectorOperators.GT, odd));
        }
        for (; i < n; i += LANES) {
            FloatVector a = FloatVector.fromArray(F, s, row + i);
            even = even.blend(a, a.compare(VectorOperators.GT, even));
        }
        return even.max(odd).reduceLanes(VectorOperators.MAX);
    }

    private static void scale(float[] s, int row, int step, int blocks, float factor) {
        for (int b = 0; b < blocks; b++) {
            for (int v = 0; v < BLOCK; v += LANES) {
                int at = row + b * step + v;
                FloatVector.fromArray(F, s, at).mul(factor).intoArray(s, at);
            }
        }
    }

    /** a[to …] += a[from …]. */
    static void add(float[] a, int to, int from, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(F, a, to + i).add(FloatVector.fromArray(F, a, from + i)).intoArray(a, to + i);
        }
    }

    /** The sum of a vector's lanes, by halves: {@code reduceLanes(ADD)} has an order of its own, which changes when the compiler takes over. */
    private static float sum(float[] a, int lanes) {
        for (int half = LANES / 2; half > 0; half /= 2) {
            for (int i = lanes; i < lanes + half; i++) {
                a[i] += a[i + half];
            }
        }
        return a[lanes];
    }
}
