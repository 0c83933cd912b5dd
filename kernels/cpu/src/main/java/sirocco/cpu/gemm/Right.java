package sirocco.cpu.gemm;

/**
 * The right operand of a {@link Product}, in panels of one or two blocks of 16 columns: element (k, j) of a block at {@code 16·k + j}, zeros
 * where columns end. Panels lie in memory before the product runs ({@link #array}), or are packed chunk by chunk by the thread that needs
 * them.
 *
 * <p>Methods are called by several threads at once.
 */
public interface Right {
    /** Panels of a matrix. */
    int panels();

    /** Blocks of a panel: 1 or 2. */
    int blocks(int panel);

    /** The array that holds all panels, or null if they are packed as needed. */
    float[] array();

    /** The offset of row k of a panel's first block in {@link #array}. Not called if that is null. */
    int at(int batch, int panel, int k);

    /** Floats from a panel's first block to its second in {@link #array}. */
    int blockStep();

    /** Packs rows k … k + depth − 1 of a panel; the second block goes to {@code at + step}. Not called if {@link #array} is not null. */
    void pack(int batch, int panel, int k, int depth, float[] to, int at, int step);
}
