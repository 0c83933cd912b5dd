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

    /** images[i] = image ids[i] of a dataset of {@code size}. */
    static void gatherImages(byte[] dataset, int size, int[] ids, byte[] images) {
        int each = images.length / ids.length;
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < 0 || ids[i] >= size) {
                throw new IllegalStateException("id " + ids[i] + " of image " + i + " is not in the dataset, expected 0 to " + (size - 1));
            }
            System.arraycopy(dataset, ids[i] * each, images, i * each, each);
        }
    }

    /** A step's loss and norm go to their row; returns the norm, or NaN from the first step on that had a bad one. */
    static float recordStep(float loss, float norm, int step, Slice history, int rows, int[] failed) {
        int row = history.offset() + 2 * Math.floorMod(step, rows);
        history.array()[row] = loss;
        history.array()[row + 1] = norm;
        if (!Float.isFinite(loss) || !Float.isFinite(norm)) {
            failed[0] = 1;
        }
        return failed[0] == 0 ? norm : Float.NaN;
    }
}
