package sirocco.cpu.attention;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.gemm.Product.DEPTH;

import java.util.Arrays;
import sirocco.cpu.gemm.Tile;
import sirocco.cpu.gemm.Transpose;

/** Keys and values as right operands of {@link Tile}s, and the products with them. */
final class KeyPanels {
    private KeyPanels() { }

    /** Floats that {@link #transposed} needs for pixels on their way. */
    static int scratchFloats(Heads heads) {
        return BLOCK * heads.blocks() * BLOCK;
    }

    /** Packs pixels first … first + count − 1 of a head transposed, for products that sum over channels: [block of pixels][channel][16 pixels]. */
    static void transposed(Heads heads, HeadView value, int task, int first, int count, float[] to, int at, int scratch) {
        int row = heads.blocks() * BLOCK;
        for (int i = 0; i < count; i += BLOCK) {
            int pixels = Math.min(BLOCK, count - i);
            int target = at + i * heads.d();
            if (pixels < BLOCK) {
                Arrays.fill(to, target, target + heads.d() * BLOCK, 0f);
            }
            value.load(task, first + i, pixels, 1f, to, scratch, row, BLOCK);
            Transpose.toBlock(to, scratch, row, pixels, heads.d(), to, target);
        }
    }

    /**
     * c = a · bᵀ: a tile of queries by {@code blocks} packed blocks of keys.
     *
     * @param a by rows, {@link Heads#rowFloats}
     * @param c element (i, j) of key block n at {@code c + ci·i + cStep·n + j}
     */
    static void scores(Heads heads, float[] work, int a, float[] b, int bT, int c, int ci, int cStep, int rows, int blocks) {
        int chunkStep = heads.rowFloats() / heads.channelChunks();
        for (int n = 0; n < blocks; n += 2) {
            for (int chunk = 0; chunk < heads.channelChunks(); chunk++) {
                boolean begins = chunk == 0;
                int at = c + n * cStep;
                Tile.multiply(false, work, a + chunk * chunkStep, 0, b, bT + n * BLOCK * heads.d() + chunk * DEPTH * BLOCK, BLOCK * heads.d(),
                        Math.min(2, blocks - n), heads.channels(chunk), begins ? Tile.ZEROS : work, begins ? 0 : at, begins ? 0 : ci, begins ? 0 : cStep,
                        work, at, ci, cStep, rows);
            }
        }
    }
}
