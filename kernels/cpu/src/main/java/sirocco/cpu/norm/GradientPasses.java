package sirocco.cpu.norm;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** The inner loops of {@link GroupNormBackward}. The exponential is written out for the reason given at {@link sirocco.cpu.math.Sigmoids}. */
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

    private static final float ROUND = 0x1.8p23f;
    private static final float LOG2_E = 1.44269504f;
    private static final float LN_2 = 0.693147182f;
    private static final float LN_2_REST = -1.90465430e-9f;

    private GradientPasses() { }

    /**
     * dz = dy · s · (1 + z · (1 − s)), s = sigma(z), z = factor · (x − mean) + summand, as exact as
     * {@link sirocco.cpu.math.Sigmoids#gradient}; and of this dz the sums of {@link #sums}.
     */
    static void siluSums(float[] x, int i, int strideX, float[] dy, int j, int strideDy, float[] dz, int o, int strideDz,
            int rows, int pixels, float[] coefficients, int k, float[] out) {
        FloatVector one = FloatVector.broadcast(F, 1f);
        FloatVector low = FloatVector.broadcast(F, -87f);
        FloatVector high = FloatVector.broadcast(F, 88f);
        FloatVector round = FloatVector.broadcast(F, ROUND);
        for (int lane = 0; lane < BLOCK; lane += LANES) {
            FloatVector mean = FloatVector.fromArray(F, coefficients, k + MEAN + lane);
            FloatVector factor = FloatVector.fromArray(F, coefficients, k + FACTOR + lane);
            FloatVector summand = FloatVector.fromArray(F, coefficients, k + SUMMAND + lane);
            FloatVector sum = FloatVector.zero(F);
            FloatVector product = sum;
            for (int row = 0; row < rows; row++) {
                int fromX = i + row * strideX;
                int fromDy = j + row * strideDy;
                int to = o + row * strideDz;
                for (int p = lane; p < pixels * BLOCK; p += BLOCK) {
                    FloatVector d = FloatVector.fromArray(F, x, fromX + p).sub(mean);
                    FloatVector z = d.fma(factor, summand);
                    FloatVector t = z.neg();
                    t = t.blend(low, t.compare(VectorOperators.LT, low));
                    t = t.blend(high, t.compare(VectorOperators.GT, high));
                    FloatVector shifted = t.fma(FloatVector.broadcast(F, LOG2_E), round);
                    FloatVector n = shifted.sub(round);
                    FloatVector f = n.fma(FloatVector.broadcast(F, -LN_2_REST), n.fma(FloatVector.broadcast(F, -LN_2), t));
                    FloatVector q = FloatVector.broadcast(F, 0.0013814464f).fma(f, FloatVector.broadcast(F, 0.008368781f));
                    q = q.fma(f, FloatVector.broadcast(F, 0.041668393f)).fma(f, FloatVector.broadcast(F, 0.1666652f));
                    q = q.fma(f, FloatVector.broadcast(F, 0.49999994f)).fma(f.mul(f), f.add(one));
                    q = q.reinterpretAsInts().add(shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23)).reinterpretAsFloats();
                    FloatVector sigma = one.div(q.add(one));
                    FloatVector gradient = z.fma(one.sub(sigma), one).mul(sigma).mul(FloatVector.fromArray(F, dy, fromDy + p));
                    gradient.intoArray(dz, to + p);
                    sum = sum.add(gradient);
                    product = gradient.fma(d, product);
                }
            }
            sum.intoArray(out, lane);
            product.intoArray(out, BLOCK + lane);
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
