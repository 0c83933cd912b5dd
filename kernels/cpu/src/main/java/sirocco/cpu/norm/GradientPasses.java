package sirocco.cpu.norm;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;

/** The inner loops of {@link GroupNormBackward}. */
final class GradientPasses {
    /** mean of the channel's group. */
    static final int MEAN = 0;
    /** gamma · rstd. */
    static final int FACTOR = BLOCK;
    /** beta. */
    static final int SUMMAND = 2 * BLOCK;
    /** What (x − mean) is multiplied by in dx. */
    static final int SLOPE = 3 * BLOCK;
    /** The summand of dx. */
    static final int CONSTANT = 4 * BLOCK;
    /** Floats a plane. */
    static final int COEFFICIENTS = 5 * BLOCK;

    private GradientPasses() { }

    /** z = factor · (x − mean) + summand. */
    static void normalize(float[] x, int i, float[] z, int o, int pixels, float[] coefficients, int k) {
        for (int lane = 0; lane < BLOCK; lane += LANES) {
            FloatVector mean = FloatVector.fromArray(F, coefficients, k + MEAN + lane);
            FloatVector factor = FloatVector.fromArray(F, coefficients, k + FACTOR + lane);
            FloatVector summand = FloatVector.fromArray(F, coefficients, k + SUMMAND + lane);
            for (int p = lane; p < pixels * BLOCK; p += BLOCK) {
                FloatVector.fromArray(F, x, i + p).sub(mean).fma(factor, summand).intoArray(z, o + p);
            }
        }
    }

    /** The sums of dz, and of dz · (x − mean), to out[0 …] and out[16 …]. */
    static void sums(float[] x, int i, int strideX, float[] dz, int j, int strideDz, int rows, int pixels,
            float[] coefficients, int k, float[] out) {
        for (int lane = 0; lane < BLOCK; lane += LANES) {
            FloatVector mean = FloatVector.fromArray(F, coefficients, k + MEAN + lane);
            FloatVector sum = FloatVector.zero(F);
            FloatVector product = sum;
            for (int row = 0; row < rows; row++) {
                for (int p = lane; p < pixels * BLOCK; p += BLOCK) {
                    FloatVector gradient = FloatVector.fromArray(F, dz, j + row * strideDz + p);
                    sum = sum.add(gradient);
                    product = gradient.fma(FloatVector.fromArray(F, x, i + row * strideX + p).sub(mean), product);
                }
            }
            sum.intoArray(out, lane);
            product.intoArray(out, BLOCK + lane);
        }
    }

    /** dx = factor · dz + slope · (x − mean) + constant. */
    static void apply(float[] x, int i, float[] dz, int j, float[] dx, int o, int pixels, float[] coefficients, int k) {
        for (int lane = 0; lane < BLOCK; lane += LANES) {
            FloatVector mean = FloatVector.fromArray(F, coefficients, k + MEAN + lane);
            FloatVector factor = FloatVector.fromArray(F, coefficients, k + FACTOR + lane);
            FloatVector slope = FloatVector.fromArray(F, coefficients, k + SLOPE + lane);
            FloatVector constant = FloatVector.fromArray(F, coefficients, k + CONSTANT + lane);
            for (int p = lane; p < pixels * BLOCK; p += BLOCK) {
                FloatVector rest = FloatVector.fromArray(F, x, i + p).sub(mean).fma(slope, constant);
                FloatVector.fromArray(F, dz, j + p).fma(factor, rest).intoArray(dx, o + p);
            }
        }
    }

    /** The same plus addend. */
    static void applyAdding(float[] x, int i, float[] dz, int j, float[] addend, int a, float[] dx, int o, int pixels,
            float[] coefficients, int k) {
        for (int lane = 0; lane < BLOCK; lane += LANES) {
            FloatVector mean = FloatVector.fromArray(F, coefficients, k + MEAN + lane);
            FloatVector factor = FloatVector.fromArray(F, coefficients, k + FACTOR + lane);
            FloatVector slope = FloatVector.fromArray(F, coefficients, k + SLOPE + lane);
            FloatVector constant = FloatVector.fromArray(F, coefficients, k + CONSTANT + lane);
            for (int p = lane; p < pixels * BLOCK; p += BLOCK) {
                FloatVector rest = FloatVector.fromArray(F, x, i + p).sub(mean).fma(slope, constant);
                FloatVector.fromArray(F, dz, j + p).fma(factor, rest).add(FloatVector.fromArray(F, addend, a + p)).intoArray(dx, o + p);
            }
        }
    }
}
