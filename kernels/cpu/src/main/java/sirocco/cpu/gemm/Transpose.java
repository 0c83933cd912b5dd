package sirocco.cpu.gemm;

import static sirocco.cpu.Layout.BLOCK;

/** Transposes rows into a block of 16 columns. */
public final class Transpose {
    private Transpose() { }

    /** to[16·k + j] = from[stride·j + k] for j &lt; count and k &lt; depth. */
    public static void toBlock(float[] from, int at, int stride, int count, int depth, float[] to, int target) {
        for (int j = 0; j < count; j++) {
            column(from, at + j * stride, depth, to, target + j);
        }
    }

    private static void column(float[] from, int at, int depth, float[] to, int target) {
        for (int k = 0; k < depth; k++) {
            to[target + k * BLOCK] = from[at + k];
        }
    }
}
