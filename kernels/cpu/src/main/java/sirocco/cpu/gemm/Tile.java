package sirocco.cpu.gemm;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.LANES;

/** Multiplies up to 8 rows by a panel, in register tiles that fit the machine's vectors. */
final class Tile {
    /** 16 accumulators need 32 vector registers: AVX-512, or any Arm machine. */
    private static final boolean EIGHT_ROWS = LANES == 16 || System.getProperty("os.arch").equals("aarch64");

    private Tile() { }

    /**
     * c[i][j] = from[i][j] + Σ over k &lt; depth of a[i][k] · b[k][j], for the rows and columns of a panel of one or two blocks of 16.
     * Computes 4 rows if {@code rows} is at most 4, else 8: all of them must exist.
     *
     * @param a by rows: element (i, k) at {@code ao + ROW·i + k}; by columns: at {@code ao + 16·k + i}
     * @param b element (k, j) of block n at {@code bo + bStep·n + 16·k + j}
     * @param from element (i, j) of block n at {@code fo + fi·i + fStep·n + j}; may be {@code c} itself
     * @param c element (i, j) of block n at {@code co + ci·i + cStep·n + j}
     */
    static void multiply(boolean columns, float[] a, int ao, float[] b, int bo, int bStep, int blocks, int depth, float[] from, int fo, int fi,
            int fStep, float[] c, int co, int ci, int cStep, int rows) {
        if (LANES == BLOCK) {
            // A panel of one block computes its one vector twice.
            boolean both = blocks == 2;
            rows(columns, a, ao, b, bo, both ? bStep : 0, depth, from, fo, fi, both ? fStep : 0, c, co, ci, both ? cStep : 0, rows);
            return;
        }
        for (int n = 0; n < blocks; n++) {
            for (int j = 0; j < BLOCK; j += 2 * LANES) {
                rows(columns, a, ao, b, bo + n * bStep + j, LANES, depth, from, fo + n * fStep + j, fi, LANES, c, co + n * cStep + j, ci,
                        LANES, rows);
            }
        }
    }

    private static void rows(boolean columns, float[] a, int ao, float[] b, int bo, int bv, int depth, float[] from, int fo, int fi, int fv,
            float[] c, int co, int ci, int cv, int rows) {
        if (EIGHT_ROWS && rows > 4) {
            if (columns) {
                Tile8x2.columns(a, ao, b, bo, bv, depth, from, fo, fi, fv, c, co, ci, cv);
            } else {
                Tile8x2.rows(a, ao, b, bo, bv, depth, from, fo, fi, fv, c, co, ci, cv);
            }
            return;
        }
        for (int i = 0; i < rows; i += 4) {
            if (columns) {
                Tile4x2.columns(a, ao + i, b, bo, bv, depth, from, fo + i * fi, fi, fv, c, co + i * ci, ci, cv);
            } else {
                Tile4x2.rows(a, ao + i * Product.ROW, b, bo, bv, depth, from, fo + i * fi, fi, fv, c, co + i * ci, ci, cv);
            }
        }
    }
}
