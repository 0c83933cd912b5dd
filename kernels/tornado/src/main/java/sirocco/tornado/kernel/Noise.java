package sirocco.tornado.kernel;

import uk.ac.manchester.tornado.api.math.TornadoMath;

/** The noise that {@link sirocco.api.Philox} defines, word for word; normals to rounding. Inlined into kernels. */
final class Noise {
    /** In rng: the seed, and the training step. */
    static final int SEED_LOW = 0;
    static final int SEED_HIGH = 1;
    static final int STEP = 2;

    /** Elements of a sample that one block of noise fills, 16 apart. */
    static final int WORDS = 4;

    private static final long MASK = 0xFFFFFFFFL;
    private static final long MULTIPLIER_0 = 0xD2511F53L;
    private static final long MULTIPLIER_1 = 0xCD9E8D57L;
    private static final int WEYL_0 = 0x9E3779B9;
    private static final int WEYL_1 = 0xBB67AE85;
    private static final float UNIT = 0x1p-24f;

    private Noise() { }

    /**
     * One block: words of a counter (block in the sample, sample, step, stream), under the key (low, high).
     *
     * @param words receives them
     */
    static void block(int[] words, int low, int high, int block, int sample, int step, int stream) {
        int c0 = block;
        int c1 = sample;
        int c2 = step;
        int c3 = stream;
        int k0 = low;
        int k1 = high;
        for (int round = 0; round < 10; round++) {
            long product0 = MULTIPLIER_0 * (c0 & MASK);
            long product1 = MULTIPLIER_1 * (c2 & MASK);
            c0 = (int) (product1 >>> 32) ^ c1 ^ k0;
            c1 = (int) product1;
            c2 = (int) (product0 >>> 32) ^ c3 ^ k1;
            c3 = (int) product0;
            k0 += WEYL_0;
            k1 += WEYL_1;
        }
        words[0] = c0;
        words[1] = c1;
        words[2] = c2;
        words[3] = c3;
    }

    /** The element of the sample that has word {@code word} of block {@code block}. */
    static int element(int block, int word) {
        return block / 16 * 64 + word * 16 + block % 16;
    }

    /** The same, or the sample's last where there is none, which is read and not used: see {@link Fours#read}. */
    static int read(int block, int word, int elements) {
        return TornadoMath.min(element(block, word), elements - 1);
    }

    /** In [0,1): TornadoVM shifts with the sign whatever Java says, so the sign's copies are cut off. */
    static float uniform(int word) {
        return (word >> 8 & 0xFFFFFF) * UNIT;
    }

    /** Four standard normals of a block's words, by Box and Muller. */
    static void normals(float[] z, int[] words) {
        float r0 = radius(words[0]);
        float a0 = angle(words[1]);
        float r1 = radius(words[2]);
        float a1 = angle(words[3]);
        z[0] = r0 * TornadoMath.cospi(a0);
        z[1] = r0 * TornadoMath.sinpi(a0);
        z[2] = r1 * TornadoMath.cospi(a1);
        z[3] = r1 * TornadoMath.sinpi(a1);
    }

    /** Of a pair's first word. */
    private static float radius(int word) {
        return TornadoMath.sqrt(-2 * TornadoMath.log(((word >> 8 & 0xFFFFFF) + 1) * UNIT));
    }

    /** Half turns of a pair's second word, in [−1,1). */
    private static float angle(int word) {
        return (word >> 8) * (2 * UNIT);
    }

    /** The high half of the product of a word and a count. */
    static int scaled(int word, int count) {
        return (int) ((word & MASK) * count >>> 32);
    }
}
