package sirocco.data;

/**
 * The order in which training sees the images: a fresh shuffle of all of them every epoch, each a pure function of the seed and the
 * epoch. Nothing is stored, so a run resumes anywhere at once, and a dataset of any size costs no memory.
 *
 * <p>A shuffle is a Feistel network over the next power of four (a bijection whatever its round function is), walked again while it
 * lands outside the dataset, which is again a bijection (Black and Rogaway, 2002, "Ciphers with arbitrary finite domains").
 */
public final class Order {
    private static final int ROUNDS = 8;

    private final long size;
    private final long seed;
    private final int half;

    /** @param size images of an epoch; {@link Dataset#UNLIMITED} is one epoch that never ends */
    public Order(long size, long seed) {
        if (size < 1) {
            throw new IllegalArgumentException("order: expected at least 1 image, got " + size);
        }
        this.size = Math.min(size, 1L << 62);
        this.seed = seed;
        this.half = Math.max(1, (65 - Long.numberOfLeadingZeros(this.size - 1)) / 2);
    }

    /** The image at {@code position} = 0, 1, 2, … since training began; position / size is the epoch. */
    public long index(long position) {
        long key = Hash.of(seed, position / size);
        long x = position % size;
        do {
            x = permute(x, key);
        } while (x >= size);
        return x;
    }

    private long permute(long x, long key) {
        long mask = (1L << half) - 1;
        long left = x >>> half;
        long right = x & mask;
        for (int round = 0; round < ROUNDS; round++) {
            long next = left ^ (Hash.of(key, round, right) & mask);
            left = right;
            right = next;
        }
        return left << half | right;
    }
}
