package sirocco.cpu.noise;

import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.I;
import static sirocco.cpu.Simd.L;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import sirocco.api.Philox;

/**
 * The noise of {@link Philox}, by vectors and whole groups of 64 elements.
 *
 * <p>Words are computed for two sets of blocks at once, the even and the odd ones, in the low halves of 64-bit lanes, where a 32 × 32 → 64 bit
 * product is one instruction; put together the two sets are 32-bit lanes in the order of the elements. Words, radii and angles are passes
 * over memory in the first-level cache: as one loop they are too large for the compiler to keep vectors in registers. (Why no helpers: see {@link sirocco.cpu.math.Sigmoids}.)
 */
public final class NoiseVectors {
    private static final int BLOCKS = 16;
    private static final int GROUP = Philox.GROUP;
    private static final long LOW = 0xFFFFFFFFL;
    private static final long MULTIPLIER_0 = 0xD2511F53L;
    private static final long MULTIPLIER_1 = 0xCD9E8D57L;
    private static final int WEYL_0 = 0x9E3779B9;
    private static final int WEYL_1 = 0xBB67AE85;
    private static final int ROUNDS = 10;
    /** 1.5 · 2^23: added to a float of magnitude below 2^22 it leaves the nearest integer in the low bits. */
    private static final float ROUND = 0x1.8p23f;
    /** ln 2 as the sum of a float32 and its rest. */
    private static final float LN_2 = 0.693147182f;
    private static final float LN_2_REST = -1.90465430e-9f;
    /** sqrt(1/2), as bits: where the significand of a logarithm's argument is wrapped. */
    private static final int SQRT_HALF = 0x3f3504f3;
    private static final LongVector EVEN = LongVector.zero(L).addIndex(2);

    private NoiseVectors() { }

    /** Groups that cover n elements. */
    public static int groups(int n) {
        return (n + GROUP - 1) / GROUP;
    }

    /**
     * The words of groups {@code first} … {@code first + groups − 1} of one sample.
     *
     * @param seedLow low half of the seed
     * @param out receives 64 · groups words from 0 on
     */
    public static void words(int seedLow, int seedHigh, int index, int step, int stream, int first, int groups, int[] out) {
        for (int g = 0; g < groups; g++) {
            for (int lane = 0; lane < BLOCKS; lane += LANES) {
                blocks(seedLow, seedHigh, BLOCKS * (first + g) + lane, index, step, stream, out, g * GROUP + lane);
            }
        }
    }

    /** {@link Simd#LANES} consecutive blocks from c0 on; word w of block b goes to {@code out[at + 16 w + b]}. */
    private static void blocks(int k0, int k1, int c0, int c1, int c2, int c3, int[] out, int at) {
        // The mask shows the compiler that 32 bits enter each product, so that it takes the short multiplication.
        LongVector multiplier0 = LongVector.broadcast(L, MULTIPLIER_0).and(LOW);
        LongVector multiplier1 = LongVector.broadcast(L, MULTIPLIER_1).and(LOW);
        LongVector even0 = EVEN.add(c0 & LOW);
        LongVector odd0 = even0.add(1);
        LongVector even1 = LongVector.broadcast(L, c1 & LOW);
        LongVector odd1 = even1;
        LongVector even2 = LongVector.broadcast(L, c2 & LOW);
        LongVector odd2 = even2;
        LongVector even3 = LongVector.broadcast(L, c3 & LOW);
        LongVector odd3 = even3;
        for (int round = 0; round < ROUNDS; round++) {
            // Only the low halves of words 0 and 2 enter a product, so what is above them in words 1 and 3 need not be cleared.
            LongVector p = even0.and(LOW).mul(multiplier0);
            LongVector q = even2.and(LOW).mul(multiplier1);
            even0 = q.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, even1).lanewise(VectorOperators.XOR, k0 & LOW);
            even2 = p.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, even3).lanewise(VectorOperators.XOR, k1 & LOW);
            even1 = q;
            even3 = p;
            p = odd0.and(LOW).mul(multiplier0);
            q = odd2.and(LOW).mul(multiplier1);
            odd0 = q.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, odd1).lanewise(VectorOperators.XOR, k0 & LOW);
            odd2 = p.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, odd3).lanewise(VectorOperators.XOR, k1 & LOW);
            odd1 = q;
            odd3 = p;
            k0 += WEYL_0;
            k1 += WEYL_1;
        }
        even0.and(LOW).lanewise(VectorOperators.OR, odd0.lanewise(VectorOperators.LSHL, 32)).reinterpretAsInts().intoArray(out, at);
        even1.and(LOW).lanewise(VectorOperators.OR, odd1.lanewise(VectorOperators.LSHL, 32)).reinterpretAsInts().intoArray(out, at + BLOCKS);
        even2.and(LOW).lanewise(VectorOperators.OR, odd2.lanewise(VectorOperators.LSHL, 32)).reinterpretAsInts().intoArray(out, at + 2 * BLOCKS);
        even3.and(LOW).lanewise(VectorOperators.OR, odd3.lanewise(VectorOperators.LSHL, 32)).reinterpretAsInts().intoArray(out, at + 3 * BLOCKS);
    }

    /**
     * Standard normals of whole groups of words; differs from {@link Philox#normals} by rounding, at most 1e-6.
     *
     * @param out receives 64 · groups floats from 0 on
     */
    public static void normals(int[] words, int groups, float[] out) {
        radii(words, groups, out);
        turn(words, groups, out);
    }

    /**
     * sqrt(−2 ln u) to where z0 will be. With u = 2^k (1 + f), f in [−0.30, 0.42]: ln u = k ln 2 + f − f²/2 + f³ q(f), q a minimax fit;
     * relative error below 3e-7.
     */
    private static void radii(int[] words, int groups, float[] out) {
        for (int g = 0; g < groups * GROUP; g += 2 * BLOCKS) {
            for (int lane = 0; lane < BLOCKS; lane += LANES) {
                IntVector word = IntVector.fromArray(I, words, g + lane).lanewise(VectorOperators.LSHR, 8).add(1);
                IntVector bits = ((FloatVector) word.convertShape(VectorOperators.I2F, F, 0)).mul(0x1p-24f).reinterpretAsInts();
                IntVector exponent = bits.sub(SQRT_HALF).lanewise(VectorOperators.ASHR, 23);
                FloatVector k = (FloatVector) exponent.convertShape(VectorOperators.I2F, F, 0);
                FloatVector f = bits.sub(exponent.lanewise(VectorOperators.LSHL, 23)).reinterpretAsFloats().sub(1f);
                FloatVector q = FloatVector.broadcast(F, 0.08700446f).fma(f, FloatVector.broadcast(F, -0.1426749f));
                q = q.fma(f, FloatVector.broadcast(F, 0.14914766f)).fma(f, FloatVector.broadcast(F, -0.16577585f));
                q = q.fma(f, FloatVector.broadcast(F, 0.19963063f)).fma(f, FloatVector.broadcast(F, -0.25001338f));
                q = q.fma(f, FloatVector.broadcast(F, 0.3333391f));
                FloatVector square = f.mul(f);
                FloatVector rest = q.fma(f.mul(square), square.mul(-0.5f));
                rest = k.fma(FloatVector.broadcast(F, LN_2_REST), rest).add(f);
                k.fma(FloatVector.broadcast(F, LN_2), rest).mul(-2f).lanewise(VectorOperators.SQRT).intoArray(out, g + lane);
            }
        }
    }

    /**
     * z0 = radius · cos theta, z1 = radius · sin theta. The signed word over 2^30 is theta in quarter turns: its nearest integer says which of
     * sine and cosine is which, and their signs; of what is left, in [−1/2, 1/2], both are minimax polynomials, good to 1e-7.
     */
    private static void turn(int[] words, int groups, float[] out) {
        for (int g = 0; g < groups * GROUP; g += 2 * BLOCKS) {
            for (int lane = 0; lane < BLOCKS; lane += LANES) {
                IntVector word = IntVector.fromArray(I, words, g + BLOCKS + lane).lanewise(VectorOperators.ASHR, 8);
                FloatVector t = ((FloatVector) word.convertShape(VectorOperators.I2F, F, 0)).mul(0x1p-22f);
                FloatVector shifted = t.add(ROUND);
                FloatVector f = t.sub(shifted.sub(ROUND));
                FloatVector square = f.mul(f);
                IntVector s = FloatVector.broadcast(F, -0.004601658f).fma(square, FloatVector.broadcast(F, 0.07968003f))
                        .fma(square, FloatVector.broadcast(F, -0.6459635f)).fma(square, FloatVector.broadcast(F, 1.5707964f))
                        .mul(f).reinterpretAsInts();
                IntVector c = FloatVector.broadcast(F, 9.0376654e-4f).fma(square, FloatVector.broadcast(F, -0.020860165f))
                        .fma(square, FloatVector.broadcast(F, 0.25366923f)).fma(square, FloatVector.broadcast(F, -1.2337005f))
                        .fma(square, FloatVector.broadcast(F, 1f)).reinterpretAsInts();
                IntVector quarter = shifted.reinterpretAsInts();
                IntVector odd = quarter.lanewise(VectorOperators.LSHL, 31).lanewise(VectorOperators.ASHR, 31);
                IntVector swap = s.lanewise(VectorOperators.XOR, c).and(odd);
                IntVector signS = quarter.and(2).lanewise(VectorOperators.LSHL, 30);
                IntVector signC = quarter.add(1).and(2).lanewise(VectorOperators.LSHL, 30);
                FloatVector radius = FloatVector.fromArray(F, out, g + lane);
                c.lanewise(VectorOperators.XOR, swap).lanewise(VectorOperators.XOR, signC).reinterpretAsFloats().mul(radius)
                        .intoArray(out, g + lane);
                s.lanewise(VectorOperators.XOR, swap).lanewise(VectorOperators.XOR, signS).reinterpretAsFloats().mul(radius)
                        .intoArray(out, g + BLOCKS + lane);
            }
        }
    }
}
