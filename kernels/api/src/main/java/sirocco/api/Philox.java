package sirocco.api;

/**
 * The noise of Sirocco: Philox-4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), a function from a key and a
 * counter to four 32-bit words. This class is its definition, written for reading; backends compute the same in their own way.
 *
 * <h2>Addressing</h2>
 * The key is the 64-bit seed. The counter's words are
 * <pre>  c0 = block within the sample,  c1 = sample index,  c2 = step,  c3 = stream</pre>
 * so the noise of sample i at step s depends on nothing but seed, i, s and what it is for (the stream), and not on the batch it is
 * in.
 *
 * <h2>Elements</h2>
 * Element e of a sample (its flat index in NHWC order) has group g = e / 64 and rank r = e mod 64; its number comes from block
 * {@code c0 = 16 g + r mod 16}, word {@code r / 16}. So 16 neighbouring blocks fill 64 neighbouring elements, word by word, which is a plain
 * vector store at 4, 8 and 16 lanes and a coalesced one on a GPU.
 *
 * <h2>Numbers</h2>
 * Uniform in [0,1): {@code u = (word >>> 8) · 2^-24}. Normal, by Box and Muller, from the word pairs (w0,w1) and (w2,w3) of a block:
 * <pre>  u = ((w0 >>> 8) + 1) · 2^-24 in (0,1],   theta = 2 pi · (w1 >> 8) · 2^-24 in [-pi,pi)   (signed shift)
 *  z0 = sqrt(-2 ln u) cos theta,   z1 = sqrt(-2 ln u) sin theta</pre>
 * z0 belongs to the element of the pair's first word, z1 to that of its second. |z| is at most sqrt(48 ln 2) = 5.77.
 */
public final class Philox {
    /** x_T, where a chain starts: normal, step 0. */
    public static final int INITIAL = 0;
    /** One block (c0 = 0) a sample and training step: word 0 timestep, word 1 flip, word 2 label drop. */
    public static final int TRAIN = 1;
    /** epsilon of training: normal. */
    public static final int NOISE = 2;
    /** z of a sampling step: normal. */
    public static final int SAMPLING = 3;
    /** Weights before training, by parameter: sample index and step are the halves of its name's hash. */
    public static final int WEIGHTS = 4;
    /** The time of a sample in a training step, for processes whose time is a real number: element 0 of a normal draw. */
    public static final int TIME = 5;
    /** Dropout: uniform, an element is kept where u ≥ p. Dropout op number k of a graph uses stream DROPOUT + k. */
    public static final int DROPOUT = 1 << 16;

    /** Elements that one group of blocks fills. */
    public static final int GROUP = 64;

    private static final int MULTIPLIER_0 = 0xD2511F53;
    private static final int MULTIPLIER_1 = 0xCD9E8D57;
    private static final int WEYL_0 = 0x9E3779B9;
    private static final int WEYL_1 = 0xBB67AE85;
    private static final int ROUNDS = 10;
    private static final int BLOCKS_PER_GROUP = 16;

    private Philox() { }

    /**
     * One block: the four words of a counter.
     *
     * @param seed key: its low word is the first key word, its high word the second
     * @param out at least 4 long; receives words 0 … 3
     */
    public static void block(long seed, int c0, int c1, int c2, int c3, int[] out) {
        int k0 = (int) seed;
        int k1 = (int) (seed >>> 32);
        for (int round = 0; round < ROUNDS; round++) {
            int hi0 = multiplyHigh(MULTIPLIER_0, c0);
            int hi1 = multiplyHigh(MULTIPLIER_1, c2);
            int lo0 = MULTIPLIER_0 * c0;
            int lo1 = MULTIPLIER_1 * c2;
            c0 = hi1 ^ c1 ^ k0;
            c1 = lo1;
            c2 = hi0 ^ c3 ^ k1;
            c3 = lo0;
            k0 += WEYL_0;
            k1 += WEYL_1;
        }
        out[0] = c0;
        out[1] = c1;
        out[2] = c2;
        out[3] = c3;
    }

    /**
     * The words of elements 0 … n − 1 of a sample.
     *
     * @param out receives them from {@code offset} on, in NHWC order
     */
    public static void words(long seed, int index, int step, int stream, int[] out, int offset, int n) {
        int[] block = new int[4];
        for (int e = 0; e < n; e++) {
            int rank = e % GROUP;
            block(seed, e / GROUP * BLOCKS_PER_GROUP + rank % BLOCKS_PER_GROUP, index, step, stream, block);
            out[offset + e] = block[rank / BLOCKS_PER_GROUP];
        }
    }

    /**
     * Standard normal numbers for elements 0 … n − 1 of a sample, computed in double precision and rounded once.
     *
     * @param out receives them from {@code offset} on, in NHWC order
     */
    public static void normals(long seed, int index, int step, int stream, float[] out, int offset, int n) {
        int[] block = new int[4];
        for (int e = 0; e < n; e++) {
            int rank = e % GROUP;
            block(seed, e / GROUP * BLOCKS_PER_GROUP + rank % BLOCKS_PER_GROUP, index, step, stream, block);
            int word = rank / BLOCKS_PER_GROUP;
            int pair = word & 2;
            double radius = Math.sqrt(-2 * Math.log(((block[pair] >>> 8) + 1) * 0x1p-24));
            double theta = 2 * Math.PI * ((block[pair + 1] >> 8) * 0x1p-24);
            out[offset + e] = (float) (radius * ((word & 1) == 0 ? Math.cos(theta) : Math.sin(theta)));
        }
    }

    /** A word's number in [0,1), a multiple of 2^-24. */
    public static float uniform(int word) {
        return (word >>> 8) * 0x1p-24f;
    }

    /**
     * The timestep that a sample trains at.
     *
     * @param timesteps T, at least 1
     * @return 0 … T − 1: the high half of word 0 of the sample's TRAIN block times T
     */
    public static int timestep(long seed, int index, int step, int timesteps) {
        return multiplyHigh(train(seed, index, step)[0], timesteps);
    }

    /** Whether a training image is mirrored left to right: bit 0 of word 1 of the sample's TRAIN block. */
    public static boolean flip(long seed, int index, int step) {
        return (train(seed, index, step)[1] & 1) != 0;
    }

    /** The number in [0,1) that decides about dropping a sample's label, where it is below the rate: word 2 of its TRAIN block. */
    public static float labelDrop(long seed, int index, int step) {
        return uniform(train(seed, index, step)[2]);
    }

    private static int[] train(long seed, int index, int step) {
        int[] block = new int[4];
        block(seed, 0, index, step, TRAIN, block);
        return block;
    }

    /** The high 32 bits of the product of two unsigned 32-bit numbers. */
    public static int multiplyHigh(int a, int b) {
        return (int) ((a & 0xFFFFFFFFL) * (b & 0xFFFFFFFFL) >>> 32);
    }
}
