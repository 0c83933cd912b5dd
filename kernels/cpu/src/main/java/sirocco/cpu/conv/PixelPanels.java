package sirocco.cpu.conv;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.conv.Taps.ceilDiv;

import sirocco.cpu.gemm.Right;

/**
 * A convolution's input as the right operand of the product that makes the weights' gradient: output pixels are the terms; a panel is two
 * blocks of channels that one tap reads. Read in place where pixels adjoin.
 */
final class PixelPanels implements Right {
    private final PaddedInput x;
    private final ConvShape shape;
    private final boolean inPlace;
    private final int blocks;
    private final int panelsOfTap;

    PixelPanels(PaddedInput x, ConvShape shape, boolean inPlace) {
        this.x = x;
        this.shape = shape;
        this.inPlace = inPlace;
        blocks = ceilDiv(shape.c(), BLOCK);
        panelsOfTap = ceilDiv(blocks, 2);
    }

    @Override
    public int panels() {
        return shape.r() * shape.s() * panelsOfTap;
    }

    int tap(int panel) {
        return panel / panelsOfTap;
    }

    /** The first block of channels. */
    int block(int panel) {
        return panel % panelsOfTap * 2;
    }

    @Override
    public int blocks(int panel) {
        return Math.min(2, blocks - block(panel));
    }

    @Override
    public float[] array() {
        return inPlace ? x.array() : null;
    }

    @Override
    public int at(int batch, int panel, int k) {
        int w = shape.outW();
        int line = k / w;
        int tap = tap(panel);
        return x.origin(line / shape.outH(), block(panel)) + x.tap(tap / shape.s(), tap % shape.s())
                + line % shape.outH() * x.rowStep() + k % w * BLOCK;
    }

    @Override
    public int blockStep() {
        return x.plane();
    }

    @Override
    public void pack(int batch, int panel, int k, int depth, float[] to, int at, int step) {
        int w = shape.outW();
        for (int i = 0; i < depth;) {
            int run = Math.min(w - (k + i) % w, depth - i);
            int from = at(batch, panel, k + i);
            for (int block = 0; block < blocks(panel); block++) {
                System.arraycopy(x.array(), from + block * x.plane(), to, at + block * step + i * BLOCK, run * BLOCK);
            }
            i += run;
        }
    }
}
