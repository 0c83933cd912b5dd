package sirocco.cpu.pointwise;

import sirocco.cpu.Layout;

/** Copies whole channel blocks between blocked values of the same height and width. */
final class Planes {
    private Planes() { }

    /** Copies one plane, whatever the halos, and clears the halo of the copy. */
    static void copy(float[] x, int offsetX, Layout layoutX, int imageX, int blockX,
            float[] y, int offsetY, Layout layoutY, int imageY, int blockY) {
        int from = offsetX + layoutX.origin(imageX, blockX);
        int to = offsetY + layoutY.origin(imageY, blockY);
        if (layoutX.halo() == 0 && layoutY.halo() == 0) {
            System.arraycopy(x, from, y, to, layoutX.plane());
            return;
        }
        Halo.clear(y, offsetY, layoutY, imageY, blockY);
        int floats = layoutX.w() * Layout.BLOCK;
        for (int row = 0; row < layoutX.h(); row++) {
            System.arraycopy(x, from + row * layoutX.row(), y, to + row * layoutY.row(), floats);
        }
    }

    /** Planes that make a loop item worth its while. */
    static int perItem(Layout layout) {
        return Math.max(1, 16384 / layout.plane());
    }
}
