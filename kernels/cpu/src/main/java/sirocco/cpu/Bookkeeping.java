package sirocco.cpu;

import java.util.Arrays;
import sirocco.api.Philox;

/** The ops that handle a number or two for each image: plain loops on the calling thread. */
final class Bookkeeping {
    /** The word of a TRAIN block that label dropping draws from. */
    private static final int DROP_WORD = 2;

    private Bookkeeping() { }

    /**
     * Label or {@code nullLabel}, the latter with probability p.
     *
     * @param block four words to work in
     */
    static void dropLabels(int[] labels, int[] rng, int[] index, float p, int nullLabel, int[] y, int[] block) {
        long seed = (long) rng[1] << 32 | rng[0] & 0xFFFFFFFFL;
        for (int n = 0; n < y.length; n++) {
            Philox.block(seed, 0, index[n], rng[2], Philox.TRAIN, block);
            y[n] = Philox.uniform(block[DROP_WORD]) < p ? nullLabel : labels[n];
        }
    }

    /** t of the row that the cursor points at, for n images. */
    static void chainTimestep(Slice table, int rows, int rowFloats, int cursor, Slice t, int n) {
        if (cursor < 0 || cursor >= rows) {
            throw new IllegalStateException("cursor " + cursor + " is outside the table, which has rows 0 to " + (rows - 1)
                    + "; set it back to 0 to start another chain");
        }
        Arrays.fill(t.array(), t.offset(), t.offset() + n, table.array()[table.offset() + cursor * rowFloats]);
    }

    /** The integers of [x; x; …]. */
    static void repeat(int[] x, int[] y) {
        for (int at = 0; at < y.length; at += x.length) {
            System.arraycopy(x, 0, y, at, x.length);
        }
    }
}
