package sirocco.cpu;

import sirocco.api.Philox;
import sirocco.cpu.pointwise.Shapes;

/** The ops that handle a number or two for each image: plain loops on the calling thread. */
final class Bookkeeping {
    private Bookkeeping() { }

    /** Element {@code column} of each image's row of a table; one row number serves all n images. */
    static void lookup(Slice table, int rows, int width, int column, int[] row, Slice y, int n) {
        for (int r : row) {
            Shapes.checkRow(r, rows);
        }
        for (int i = 0; i < n; i++) {
            y.array()[y.offset() + i] = table.array()[table.offset() + row[row.length == 1 ? 0 : i] * width + column];
        }
    }

    /** Uniform in 0 … bound − 1 for each image. */
    static void drawTimestep(int[] rng, int[] index, int bound, int[] t, int[] block) {
        for (int i = 0; i < t.length; i++) {
            Philox.block((long) rng[1] << 32 | rng[0] & 0xFFFFFFFFL, 0, index[i], rng[2], Philox.TRAIN, block);
            t[i] = Philox.multiplyHigh(block[0], bound);
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
