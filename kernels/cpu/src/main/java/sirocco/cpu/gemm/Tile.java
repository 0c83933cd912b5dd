package sirocco.cpu.gemm;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.LANES;

/**
 * Multiplies packed rows by a packed panel, in register tiles that fit the machine's vectors. {@link Product} packs its operands for it; kernels whose operands
 * come out of a transform write them as it reads them.
 */
public final class Tile {
    /** Rows of the largest tile. Rows are computed by so many, or half as many. */
    public static final int ROWS = 8;
    /** What sums start from that start from nothing, with strides of 0 between rows. */
    public static final float[] ZEROS = new float[Product.PANEL];

    /** 16 accumulators need 32 vector registers: AVX-512, or any Arm machine. */
    private static final boolean EIGHT_ROWS = LANES == 16 || System.getProperty("os.arch").equals("aarch64");

    private Tile() { }

    /**
     * c[i][j] = from[i][j] + Σ over k &lt; depth of a[i][k] · b[k][j], for {@code rows} rows and the columns of a panel of one or two blocks of 16. Each
     * sum adds its terms in order. Computes rows up to the next multiple of {@link #ROWS}, all of which must exist.
     *
     * @param columns how {@code a} lies. By rows: element (i, k) at {@code ao + ROW·i + k}, with at most {@link Product#DEPTH} terms. By columns, in blocks of
     *     16 rows: at {@code ao + aStep·(i / 16) + 16·k + i mod 16}
     * @param b element (k, j) of block n at {@code bo + bStep·n + 16·k + j}
     * @param from element (i, j) of block n at {@code fo + fi·i + fStep·n + j}; may be {@code c} itself
     * @param c element (i, j) of block n at {@code co + ci·i + cStep·n + j}
     */
    public static void multiply(boolean columns, float[] a, int ao, int aStep, float[] b, int bo, int bStep, int blocks, int depth, float[] from, int fo, int fi,
            int fStep, float[] c, int co, int ci, int cStep, int rows) {
        int done = 0;
        for (; LANES == BLOCK && blocks == 1 && rows - done > ROWS; done += 2 * ROWS) {
            if (columns) {
                Tile16x1.columns(a, ao + done / BLOCK * aStep, b, bo, depth, from, fo + done * fi, fi, c, co + done * ci, ci);
            } else {
                Tile16x1.rows(a, ao + done * Product.ROW, b, bo, depth, from, fo + done * fi, fi, c, co + done * ci, ci);
            }
        }
        for (int i = done; i < rows; i += ROWS) {
            int at = columns ? ao + i / BLOCK * aStep + i % BLOCK : ao + i * Product.ROW;
            multiply(columns, a, at, b, bo, bStep, blocks, depth, from, fo + i * fi, fi, fStep, c, co + i * ci, ci, cStep, Math.min(ROWS, rows - i));
        }
    }

    /** {@link #multiply} for the rows of one tile. */
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
