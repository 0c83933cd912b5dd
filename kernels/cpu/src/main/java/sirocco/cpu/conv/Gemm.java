package sirocco.cpu.conv;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.LANES;

/**
 * The matrix products that all of the backend's arithmetic comes down to, on operands in blocks of 16 floats.
 *
 * <p>Both cut the result into register tiles of a few rows × two vectors. The second operand and the result are taken in panels of 32
 * columns, so that memory layouts do not depend on the vector width: a 512-bit machine does a panel in one tile, an AVX2 machine in
 * two, and so on. The order of summation is that of the arguments, whatever the tile.
 */
public final class Gemm {
    /** Columns of a panel: two blocks of 16. */
    public static final int PANEL = 32;
    /** Floats of a panel for one block of 16 in the summed dimension. */
    public static final int PANEL_BLOCK = BLOCK * PANEL;

    /**
     * Terms of a sum that lie side by side in {@link #longRows}' first operand. The compiler spends some 50 cycles around each inner loop,
     * as much as 6 terms of the largest tile.
     */
    public static final int SEGMENT = 128;

    /** 16 accumulators need 32 vector registers: AVX-512, or any Arm machine. */
    private static final boolean EIGHT_ROWS = LANES == 16 || System.getProperty("os.arch").equals("aarch64");

    /** What sums start from that start from nothing: so tiles need no second version, which would outgrow what the compiler inlines. */
    private static final float[] ZEROS = new float[BLOCK];

    private Gemm() { }

    /**
     * c[i][j] (+)= Σ over t &lt; nt and k &lt; 16 of a[i][t][k] · b[t][k][j], for i &lt; rows and j &lt; 32 (or 16).
     *
     * @param a rows of 16 contiguous floats: row i, block t at {@code ao + taps[t] + 16·i}
     * @param b one panel, [nt][16][32] dense at {@code bo}
     * @param c row i at {@code co + i·ci}: its first 16 columns there, the other 16 at {@code cBlock} from there
     * @param both false if the panel has 16 columns only (the other half of {@code b} being zeros): those of {@code cBlock} are then left
     *     alone
     * @param add adds to what {@code c} holds, else writes it
     */
    public static void rows(float[] a, int ao, int[] taps, int nt, float[] b, int bo, float[] c, int co, int ci, int cBlock, int rows,
            boolean both, boolean add) {
        if (LANES == BLOCK) {
            // A second vector without a home shares the first one's; tiles write it first, so that it is overwritten.
            rowsOfTile(a, ao, taps, nt, b, bo, c, co, ci, both ? cBlock : 0, rows, add);
        } else {
            for (int j = 0; j < (both ? PANEL : BLOCK); j += 2 * LANES) {
                rowsOfTile(a, ao, taps, nt, b, bo + j, c, co + (j / BLOCK) * cBlock + j % BLOCK, ci, LANES, rows, add);
            }
        }
    }

    private static void rowsOfTile(float[] a, int ao, int[] taps, int nt, float[] b, int bo, float[] c, int co, int ci, int cv, int rows,
            boolean add) {
        float[] from = add ? c : ZEROS;
        int fo = add ? co : 0;
        int fi = add ? ci : 0;
        int fv = add ? cv : 0;
        int i = 0;
        if (EIGHT_ROWS) {
            for (; i + 8 <= rows; i += 8) {
                Tile8x2.rows(a, ao + i * BLOCK, taps, nt, b, bo, from, fo + i * fi, fi, fv, c, co + i * ci, ci, cv);
            }
        }
        for (; i + 4 <= rows; i += 4) {
            Tile4x2.rows(a, ao + i * BLOCK, taps, nt, b, bo, from, fo + i * fi, fi, fv, c, co + i * ci, ci, cv);
        }
        for (; i < rows; i++) {
            Tile1x2.rows(a, ao + i * BLOCK, taps, nt, b, bo, from, fo + i * fi, fi, fv, c, co + i * ci, ci, cv);
        }
    }

    /**
     * {@link #rows}, without adding, on an operand that was laid out for it, in segments of 128 of the summed dimension.
     *
     * @param a row i, element k at {@code ao + k/128·segment + 128·i + k mod 128}
     * @param depth terms of the sum, a multiple of 16
     */
    public static void longRows(float[] a, int ao, int segment, int depth, float[] b, int bo, float[] c, int co, int ci, int cBlock,
            int rows, boolean both) {
        if (LANES == BLOCK) {
            longRowsOfTile(a, ao, segment, depth, b, bo, c, co, ci, both ? cBlock : 0, rows);
        } else {
            for (int j = 0; j < (both ? PANEL : BLOCK); j += 2 * LANES) {
                longRowsOfTile(a, ao, segment, depth, b, bo + j, c, co + (j / BLOCK) * cBlock + j % BLOCK, ci, LANES, rows);
            }
        }
    }

    private static void longRowsOfTile(float[] a, int ao, int segment, int depth, float[] b, int bo, float[] c, int co, int ci, int cv,
            int rows) {
        int i = 0;
        if (EIGHT_ROWS) {
            for (; i + 8 <= rows; i += 8) {
                Tile8x2.longRows(a, ao + i * SEGMENT, segment, depth, b, bo, c, co + i * ci, ci, cv);
            }
        }
        for (; i + 4 <= rows; i += 4) {
            Tile4x2.longRows(a, ao + i * SEGMENT, segment, depth, b, bo, c, co + i * ci, ci, cv);
        }
        for (; i < rows; i++) {
            Tile1x2.longRows(a, ao + i * SEGMENT, segment, depth, b, bo, c, co + i * ci, ci, cv);
        }
    }

    /**
     * c[i][j] += Σ over y &lt; ny and x &lt; nx of a[y][x][i] · b[y][x][j], for i &lt; 16 and j &lt; 32 (or 16): the outer products of
     * two images' pixels, summed.
     *
     * @param a a channel block, pixel (y,x) at {@code ao + y·ay + 16·x}
     * @param b two channel blocks, pixel (y,x) at {@code bo + y·by + 16·x}, the second one at {@code bBlock} from there
     * @param c row i at {@code co + i·ci}, 32 contiguous columns
     * @param both false to leave out the second channel block and the last 16 columns
     */
    public static void outer(float[] a, int ao, int ay, float[] b, int bo, int by, int bBlock, int ny, int nx, float[] c, int co, int ci,
            boolean both) {
        for (int j = 0; j < (both ? PANEL : BLOCK); j += 2 * LANES) {
            // Tiles of one 512-bit block each way: with one block only, both vectors are the same one.
            int bj = bo + (j / BLOCK) * bBlock + j % BLOCK;
            int bv = LANES < BLOCK ? LANES : both ? bBlock : 0;
            int cv = LANES < BLOCK || both ? LANES : 0;
            if (EIGHT_ROWS) {
                Tile8x2.outer(a, ao, ay, b, bj, by, bv, ny, nx, c, co + j, ci, cv);
                Tile8x2.outer(a, ao + 8, ay, b, bj, by, bv, ny, nx, c, co + j + 8 * ci, ci, cv);
            } else {
                for (int i = 0; i < BLOCK; i += 4) {
                    Tile4x2.outer(a, ao + i, ay, b, bj, by, bv, ny, nx, c, co + j + i * ci, ci, cv);
                }
            }
        }
    }
}
