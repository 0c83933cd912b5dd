package sirocco.cpu;

import java.util.Arrays;

/** The ops that handle a number or two for each image: plain loops on the calling thread. */
final class Bookkeeping {
    private Bookkeeping() { }

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
