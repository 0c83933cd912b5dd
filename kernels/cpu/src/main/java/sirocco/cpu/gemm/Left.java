package sirocco.cpu.gemm;

/**
 * The left operand of a {@link Product}. The register tiles read a chunk of its columns either by rows, element (i, k) at
 * {@code ROW·i + k}, or by columns, at {@code 16·k + i mod 16} of the row's block of 16. Whichever of the two the operand's memory is close
 * to makes packing a copy. An operand that already lies by columns is read in place.
 *
 * <p>Methods are called by several threads at once.
 */
public interface Left {
    /** Whether tiles read the operand by columns; a constant of the operand. */
    boolean columns();

    /** Whether the operand lies in memory by columns and is read there; a constant of the operand. */
    boolean inPlace();

    /** The array that holds the operand. Called only if it is read in place. */
    float[] array();

    /** The offset of a block of 16 rows, column k, in {@link #array}. */
    int at(int batch, int block, int k);

    /**
     * Packs rows row … row + rows − 1 and columns k … k + terms − 1, in chunks of {@code depth} columns that lie {@code chunkStep} floats
     * apart; writes zeros to the rows that follow up to a multiple of 8. Within a chunk, element (i, k) goes to {@code ROW·i + k}, or by
     * columns to {@code 16·DEPTH·(i / 16) + 16·k + i mod 16}.
     *
     * @param row a multiple of 8, of 16 by columns
     * @param k a multiple of 16, like {@code depth}
     */
    void pack(int batch, int row, int rows, int k, int terms, int depth, float[] to, int at, int chunkStep);
}
