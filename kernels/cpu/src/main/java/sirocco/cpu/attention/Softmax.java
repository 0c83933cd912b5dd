package sirocco.cpu.attention;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import sirocco.cpu.math.Exponentials;

/**
 * Row-wise functions of a tile of scores, [key block][row][16] with {@code step} floats from a block to the next. Each is one loop over
 * the whole tile: compiled by itself, it is small enough for the compiler to keep every vector in a register, and large enough to be
 * left alone where it is called.
 */
final class Softmax {
    private Softmax() { }

    /** Scores of the keys that only fill up the last block: so low that they count for nothing, and change no maximum. */
    static void mask(float[] s, int tile, int rows, int step, int keys) {
        if (keys % BLOCK == 0) {
            return;
        }
        int last = tile + keys / BLOCK * step;
        for (int i = 0; i < rows; i++) {
            for (int j = keys % BLOCK; j < BLOCK; j++) {
                s[last + i * BLOCK + j] = Float.NEGATIVE_INFINITY;
            }
        }
    }

    /**
     * Makes each row of scores its softmax.
     *
     * @param sums receives the logarithm of each row's sum of exponentials, {@code sumsAt} the first one
     * @param lanes where 16 floats of {@code s} may be written over
     */
    static void forward(float[] s, int tile, int rows, int step, int blocks, float[] sums, int sumsAt, int lanes) {
        for (int i = 0; i < rows; i++) {
            int row = tile + i * BLOCK;
            float max = max(s, row, step, blocks);
            Exponentials.shifted(s, row, step, blocks, max, lanes);
            float sum = sum(s, lanes);
            sums[sumsAt + i] = max + (float) Math.log(sum);
            scale(s, row, step, blocks, 1 / sum);
        }
    }

    /** Makes each row of scores its softmax, given {@link #forward}'s {@code sums}. */
    static void again(float[] s, int tile, int rows, int step, int blocks, float[] sums, int sumsAt, int lanes) {
        for (int i = 0; i < rows; i++) {
            Exponentials.shifted(s, tile + i * BLOCK, step, blocks, sums[sumsAt + i], lanes);
        }
    }

    /**
     * The gradient of the scores from that of their softmax: dS = P ∘ (dP − D), D_i = Σ dy_i y_i, in dP's place.
     *
     * @param p, dp tiles of keys
     * @param dy, y tiles of channels
     */
    static void backward(float[] work, int p, int dp, int blocks, int dy, int y, int channelBlocks, int rows, int step,
            int lanes) {
        for (int i = 0; i < rows * BLOCK; i += BLOCK) {
            dot(work, dy + i, y + i, step, channelBlocks, lanes);
            float d = sum(work, lanes);
            for (int b = 0; b < blocks * step; b += step) {
                for (int v = 0; v < BLOCK; v += LANES) {
                    int at = dp + i + b + v;
                    FloatVector.fromArray(F, work, at).sub(d).mul(FloatVector.fromArray(F, work, p + i + b + v)).intoArray(work, at);
                }
            }
        }
    }

    /** The largest of one row. NaN if there is one. */
    private static float max(float[] s, int row, int step, int blocks) {
        FloatVector max = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        for (int b = 0; b < blocks; b++) {
            for (int v = 0; v < BLOCK; v += LANES) {
                max = max.max(FloatVector.fromArray(F, s, row + b * step + v));
            }
        }
        return max.reduceLanes(VectorOperators.MAX);
    }

    private static void scale(float[] s, int row, int step, int blocks, float factor) {
        for (int b = 0; b < blocks; b++) {
            for (int v = 0; v < BLOCK; v += LANES) {
                int at = row + b * step + v;
                FloatVector.fromArray(F, s, at).mul(factor).intoArray(s, at);
            }
        }
    }

    /** Leaves Σ a·b over one row of two tiles in lanes. */
    private static void dot(float[] work, int a, int b, int step, int blocks, int lanes) {
        FloatVector sum = FloatVector.zero(F);
        for (int i = 0; i < blocks * step; i += step) {
            for (int v = 0; v < BLOCK; v += LANES) {
                sum = FloatVector.fromArray(F, work, a + i + v).fma(FloatVector.fromArray(F, work, b + i + v), sum);
            }
        }
        sum.intoArray(work, lanes);
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
