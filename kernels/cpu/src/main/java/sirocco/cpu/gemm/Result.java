package sirocco.cpu.gemm;

/**
 * Where the sums of a {@link Product} go, and what they start from.
 *
 * <p>Methods are called by several threads at once.
 */
public interface Result {
    /** The array that holds the result. */
    float[] array();

    /** The offset of a row's first element of panel 0. */
    int at(int batch, int row);

    /** Floats from that of panel 0 to that of another panel. */
    int panelAt(int panel);

    /** Floats from a row to the next one of the same run. */
    int rowStep();

    /** Floats from a panel's first block to its second. */
    int blockStep();

    /** Rows at equal steps: row r and r + 1 are {@link #rowStep} apart unless r + 1 is a multiple of this. */
    int run();

    /** Whether all columns of a panel's blocks have a place in memory; otherwise the panel goes through {@link #store}. */
    boolean whole(int panel);

    /** Whether what sums start from differs from row to row: {@link #start} writes it. Otherwise it is at {@link #startAt}. */
    boolean starts();

    /**
     * Writes what a panel's sums start from. Called only if {@link #starts}.
     *
     * @param sums element (i, j) of block n at {@code at + 32·i + 16·n + j}
     */
    void start(int batch, int row, int rows, int panel, float[] sums, int at);

    /** The array of what sums start from, unless {@link #starts}. */
    float[] startArray();

    /** The offset of what the sums of a row start from, 16 floats for each block of the panel; the same for the 8 rows of a tile. */
    int startAt(int batch, int row, int panel);

    /** Stores sums, arranged as those of {@link #start}, of rows or panels that tiles cannot store. */
    void store(int batch, int row, int rows, int panel, float[] sums, int at);
}
