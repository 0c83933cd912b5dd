package sirocco.cpu.conv;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.gemm.Product.DEPTH;

import sirocco.cpu.gemm.Left;

/** A gradient's pixels as the terms, its channels as the rows of a product's left operand: dyᵀ. Read in place where pixels adjoin. */
final class PixelColumns implements Left {
    private final PaddedInput dy;
    private final int h;
    private final int w;
    private final boolean inPlace;

    /** @param h, w of the images, whose rows adjoin if they are read in place */
    PixelColumns(PaddedInput dy, int h, int w, boolean inPlace) {
        this.dy = dy;
        this.h = h;
        this.w = w;
        this.inPlace = inPlace;
    }

    @Override
    public boolean columns() {
        return true;
    }

    @Override
    public boolean inPlace() {
        return inPlace;
    }

    @Override
    public float[] array() {
        return dy.array();
    }

    @Override
    public int at(int batch, int block, int k) {
        int line = k / w;
        return dy.origin(line / h, block) + line % h * dy.rowStep() + k % w * BLOCK;
    }

    @Override
    public void pack(int batch, int row, int rows, int k, int terms, int depth, float[] to, int at, int chunkStep) {
        for (int i = 0; i < terms;) {
            int run = Math.min(Math.min(w - (k + i) % w, depth - i % depth), terms - i);
            for (int block = 0; block * BLOCK < rows; block++) {
                System.arraycopy(dy.array(), at(batch, row / BLOCK + block, k + i), to,
                        at + i / depth * chunkStep + block * BLOCK * DEPTH + i % depth * BLOCK, run * BLOCK);
            }
            i += run;
        }
    }
}
