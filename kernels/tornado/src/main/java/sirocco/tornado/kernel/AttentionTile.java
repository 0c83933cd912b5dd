package sirocco.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The tile that attention's kernels work by: 64 rows and 64 columns of the score matrix, which is never in memory as a whole, and 64 channels of a
 * result. 256 work items lie 16 × 16 over it; item (y, x) has rows y + 16·i and columns x + 16·j in registers. What is multiplied goes through local
 * memory in slices of 16.
 */
final class AttentionTile {
    static final int ITEMS = 256;
    static final int SIDE = 16;
    /** Rows, columns, and channels, of a tile. */
    static final int WIDTH = 64;
    /** Of a slice. */
    static final int DEPTH = 16;
    /** Floats from row to row of a slice: odd, so that a column lies in different banks. */
    static final int PITCH = DEPTH + 1;
    /** Floats from row to row of a tile of scores. */
    static final int SCORES_PITCH = WIDTH + 1;
    /** Results of a work item. */
    static final int RESULTS = 16;

    private AttentionTile() { }

    /**
     * 0, unknown to TornadoVM. It writes out loops whose length it knows, whatever is in them: thousands of lines, which take seconds to compile. What
     * begins with this remains a loop; those over registers have to be written out.
     */
    static int zero(KernelContext c) {
        return c.localGroupSizeX - ITEMS;
    }

    /** A head's element, 0 beyond its rows and channels: its last row is read then, which makes for shorter programs than a branch does. */
    static float element(FloatArray m, int head, int row, int rows, int channel, int d, int channels) {
        float value = m.get(head + Math.min(row, rows - 1) * channels + Math.min(channel, d - 1));
        return row < rows & channel < d ? value : 0;
    }
}
