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
import sirocco.cpu.math.VectorMath;

/**
 * The noise of {@link Philox}, by vectors and whole groups of 64 elements.
 *
 * <p>Words are computed for two sets of blocks at once, the even and the odd ones, in the low halves of 64-bit lanes, where a 32 × 32 → 64 bit
 * product is one instruction; put together the two sets are 32-bit lanes in the order of the elements. Words, radii and angles are passes
 * over memory in the first-level cache: as one loop they are too large for the compiler to keep vectors in registers.
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
            LongVector p = even0.and(LOW).mul(MULTIPLIER_0);
            LongVector q = even2.and(LOW).mul(MULTIPLIER_1);
            even0 = q.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, even1).lanewise(VectorOperators.XOR, k0 & LOW);
            even2 = p.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, even3).lanewise(VectorOperators.XOR, k1 & LOW);
            even1 = q;
            even3 = p;
            p = odd0.and(LOW).mul(MULTIPLIER_0);
            q = odd2.and(LOW).mul(MULTIPLIER_1);
            odd0 = q.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, odd1).lanewise(VectorOperators.XOR, k0 & LOW);
            odd2 = p.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, odd3).lanewise(VectorOperators.XOR, k1 & LOW);
            odd1 = q;
            odd3 = p;
            k0 += WEYL_0;
            k1 += WEYL_1;
        }
        together(even0, odd0).intoArray(out, at);
        together(even1, odd1).intoArray(out, at + BLOCKS);
        together(even2, odd2).intoArray(out, at + 2 * BLOCKS);
        together(even3, odd3).intoArray(out, at + 3 * BLOCKS);
    }

    private static IntVector together(LongVector even, LongVector odd) {
        return even.and(LOW).lanewise(VectorOperators.OR, odd.lanewise(VectorOperators.LSHL, 32)).reinterpretAsInts();
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

    /** sqrt(−2 ln u) to where z0 will be. */
    private static void radii(int[] words, int groups, float[] out) {
        for (int g = 0; g < groups * GROUP; g += 2 * BLOCKS) {
            for (int lane = 0; lane < BLOCKS; lane += LANES) {
                IntVector word = IntVector.fromArray(I, words, g + lane).lanewise(VectorOperators.LSHR, 8).add(1);
                FloatVector u = ((FloatVector) word.convertShape(VectorOperators.I2F, F, 0)).mul(0x1p-24f);
                VectorMath.log(u).mul(-2f).lanewise(VectorOperators.SQRT).intoArray(out, g + lane);
            }
        }
    }

    /** z0 = radius · cos theta, z1 = radius · sin theta; theta in quarter turns is the signed word over 2^30. */
    private static void turn(int[] words, int groups, float[] out) {
        for (int g = 0; g < groups * GROUP; g += 2 * BLOCKS) {
            for (int lane = 0; lane < BLOCKS; lane += LANES) {
                IntVector word = IntVector.fromArray(I, words, g + BLOCKS + lane).lanewise(VectorOperators.ASHR, 8);
                FloatVector t = ((FloatVector) word.convertShape(VectorOperators.I2F, F, 0)).mul(0x1p-22f);
                FloatVector radius = FloatVector.fromArray(F, out, g + lane);
                FloatVector shifted = VectorMath.quarters(t);
                FloatVector f = VectorMath.afterQuarters(t, shifted);
                FloatVector square = f.mul(f);
                IntVector s = VectorMath.sinQuarter(f, square).reinterpretAsInts();
                IntVector c = VectorMath.cosQuarter(square).reinterpretAsInts();
                IntVector quarter = shifted.reinterpretAsInts();
                IntVector odd = quarter.lanewise(VectorOperators.LSHL, 31).lanewise(VectorOperators.ASHR, 31);
                IntVector swap = s.lanewise(VectorOperators.XOR, c).and(odd);
                IntVector signS = quarter.and(2).lanewise(VectorOperators.LSHL, 30);
                IntVector signC = quarter.add(1).and(2).lanewise(VectorOperators.LSHL, 30);
                s = s.lanewise(VectorOperators.XOR, swap).lanewise(VectorOperators.XOR, signS);
                c = c.lanewise(VectorOperators.XOR, swap).lanewise(VectorOperators.XOR, signC);
                c.reinterpretAsFloats().mul(radius).intoArray(out, g + lane);
                s.reinterpretAsFloats().mul(radius).intoArray(out, g + BLOCKS + lane);
            }
        }
    }
}
