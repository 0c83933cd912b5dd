package sirocco.cpu.norm;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The last pass of {@link GroupNorm}: a plane is read once and written once, rows and all in one call, since a row is often no more than 8 or
 * 16 vectors. The exponential is written out for the reason given at {@link sirocco.cpu.math.Sigmoids}.
 */
final class ForwardPasses {
    private static final float ROUND = 0x1.8p23f;
    private static final float LOG2_E = 1.44269504f;
    private static final float LN_2 = 0.693147182f;
    private static final float LN_2_REST = -1.90465430e-9f;

    private ForwardPasses() { }

    /** y = factor · x + summand. */
    static void affine(float[] x, int i, int strideX, float[] y, int j, int strideY, int rows, int pixels, float[] affine, int k) {
        for (int lane = 0; lane < BLOCK; lane += LANES) {
            FloatVector factor = FloatVector.fromArray(F, affine, k + lane);
            FloatVector summand = FloatVector.fromArray(F, affine, k + BLOCK + lane);
            for (int row = 0; row < rows; row++) {
                int to = j + row * strideY;
                int from = i + row * strideX;
                for (int p = lane; p < pixels * BLOCK; p += BLOCK) {
                    FloatVector.fromArray(F, x, from + p).fma(factor, summand).intoArray(y, to + p);
                }
            }
        }
    }

    /** y = z · sigma(z), z = factor · x + summand; as exact as {@link sirocco.cpu.math.Sigmoids#silu}. */
    static void affineSilu(float[] x, int i, int strideX, float[] y, int j, int strideY, int rows, int pixels, float[] affine, int k) {
        FloatVector one = FloatVector.broadcast(F, 1f);
        FloatVector low = FloatVector.broadcast(F, -87f);
        FloatVector high = FloatVector.broadcast(F, 88f);
        FloatVector round = FloatVector.broadcast(F, ROUND);
        for (int lane = 0; lane < BLOCK; lane += LANES) {
            FloatVector factor = FloatVector.fromArray(F, affine, k + lane);
            FloatVector summand = FloatVector.fromArray(F, affine, k + BLOCK + lane);
            for (int row = 0; row < rows; row++) {
                int to = j + row * strideY;
                int from = i + row * strideX;
                for (int p = lane; p < pixels * BLOCK; p += BLOCK) {
                    FloatVector z = FloatVector.fromArray(F, x, from + p).fma(factor, summand);
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
                    z.div(q.add(one)).intoArray(y, to + p);
                }
            }
        }
    }
}
