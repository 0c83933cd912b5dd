package sirocco.cpu.norm;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;
import static sirocco.cpu.Simd.all;

import jdk.incubator.vector.FloatVector;
import sirocco.cpu.math.VectorMath;

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

    /** With d = x − mean: sums of dz = dy · silu'(z), and of dz · d, to out[0 …] and out[16 …]; dz to dx. */
    static void sumsSilu(float[] x, int i, int strideX, float[] dy, int j, int strideDy, float[] dx, int o, int strideDx,
            int rows, int pixels, float[] coefficients, int k, float[] out) {
        for (int lane = 0; lane < BLOCK; lane += LANES) {
            FloatVector mean = FloatVector.fromArray(F, coefficients, k + MEAN + lane);
            FloatVector factor = FloatVector.fromArray(F, coefficients, k + FACTOR + lane);
            FloatVector summand = FloatVector.fromArray(F, coefficients, k + SUMMAND + lane);
            FloatVector sum = FloatVector.zero(F);
            FloatVector product = sum;
            for (int row = 0; row < rows; row++) {
                for (int p = lane; p < pixels * BLOCK; p += BLOCK) {
                    FloatVector d = FloatVector.fromArray(F, x, i + row * strideX + p).sub(mean);
                    FloatVector z = d.fma(factor, summand);
                    FloatVector sigma = VectorMath.sigmoid(z);
                    FloatVector slope = z.fma(all(1f).sub(sigma), all(1f)).mul(sigma);
                    FloatVector dz = FloatVector.fromArray(F, dy, j + row * strideDy + p).mul(slope);
                    dz.intoArray(dx, o + row * strideDx + p);
                    sum = sum.add(dz);
                    product = dz.fma(d, product);
                }
            }
            sum.intoArray(out, lane);
            product.intoArray(out, BLOCK + lane);
        }
    }

    /** The same for dz = dy; writes nothing but the sums. */
    static void sums(float[] x, int i, int strideX, float[] dy, int j, int strideDy, int rows, int pixels,
            float[] coefficients, int k, float[] out) {
        for (int lane = 0; lane < BLOCK; lane += LANES) {
            FloatVector mean = FloatVector.fromArray(F, coefficients, k + MEAN + lane);
            FloatVector sum = FloatVector.zero(F);
            FloatVector product = sum;
            for (int row = 0; row < rows; row++) {
                for (int p = lane; p < pixels * BLOCK; p += BLOCK) {
                    FloatVector dz = FloatVector.fromArray(F, dy, j + row * strideDy + p);
                    sum = sum.add(dz);
                    product = dz.fma(FloatVector.fromArray(F, x, i + row * strideX + p).sub(mean), product);
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
