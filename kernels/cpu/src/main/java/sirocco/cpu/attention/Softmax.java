package sirocco.cpu.attention;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.LANES;
import static sirocco.cpu.Simd.all;
import static sirocco.cpu.Simd.load;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import sirocco.cpu.Simd;
import sirocco.cpu.math.VectorMath;

/**
 * Row-wise functions of a tile of scores, [key block][row][16] with {@code step} floats from a block to the next. Each stays a method
 * of its own, small enough for the compiler to keep every vector in a register.
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

    /** The largest of one row. NaN if there is one. */
    static float max(float[] s, int row, int step, int blocks) {
        FloatVector max = all(Float.NEGATIVE_INFINITY);
        for (int b = 0; b < blocks; b++) {
            for (int v = 0; v < BLOCK; v += LANES) {
                max = max.max(load(s, row + b * step + v));
            }
        }
        return max.reduceLanes(VectorOperators.MAX);
    }

    /** Replaces each score of a row by e^(score − shift); returns their sum. */
    static float exp(float[] s, int row, int step, int blocks, float shift) {
        FloatVector sum = FloatVector.zero(Simd.F);
        for (int b = 0; b < blocks; b++) {
            for (int v = 0; v < BLOCK; v += LANES) {
                int at = row + b * step + v;
                FloatVector e = VectorMath.exp(load(s, at).sub(shift));
                e.intoArray(s, at);
                sum = sum.add(e);
            }
        }
        return Simd.sum(sum);
    }

    /** Multiplies a row by {@code factor}. */
    static void scale(float[] s, int row, int step, int blocks, float factor) {
        for (int b = 0; b < blocks; b++) {
            for (int v = 0; v < BLOCK; v += LANES) {
                int at = row + b * step + v;
                load(s, at).mul(factor).intoArray(s, at);
            }
        }
    }

    /** The gradient of the scores: ds ← p · (dp − D), with dp in {@code dp} and the result there. */
    static void backward(float[] p, float[] dp, int pRow, int dpRow, int step, int blocks, float d) {
        for (int b = 0; b < blocks; b++) {
            for (int v = 0; v < BLOCK; v += LANES) {
                int at = dpRow + b * step + v;
                load(dp, at).sub(d).mul(load(p, pRow + b * step + v)).intoArray(dp, at);
            }
        }
    }

    /** Σ a·b over one row of two tiles. */
    static float dot(float[] a, int aRow, float[] b, int bRow, int step, int blocks) {
        FloatVector sum = FloatVector.zero(Simd.F);
        for (int i = 0; i < blocks; i++) {
            for (int v = 0; v < BLOCK; v += LANES) {
                sum = load(a, aRow + i * step + v).fma(load(b, bRow + i * step + v), sum);
            }
        }
        return Simd.sum(sum);
    }
}
