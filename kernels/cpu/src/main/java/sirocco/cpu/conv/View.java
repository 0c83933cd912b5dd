package sirocco.cpu.conv;

import sirocco.cpu.Layout;

/**
 * A value seen through strides, so that one loop nest serves values of any layout, vectors that repeat over pixels (stride 0), and
 * 1×1 products whose rows or whole images are strung together into longer runs.
 *
 * <p>Element (image, block, y, x, channel of the block) lies at start + image·imageStep + block·plane + y·row + x·pixel + channel.
 *
 * @param blocked channels in blocks of 16, filled up; otherwise there is one block of {@code c} &lt; 16 (or more) dense channels
 */
record View(int n, int h, int w, int c, int start, int image, int plane, int row, int pixel, boolean blocked) {
    static View of(Layout l) {
        return new View(l.n(), l.h(), l.w(), l.c(), l.blocked() ? l.origin(0, 0) : 0, l.image(), l.plane(), l.row(), l.pixel(),
                l.blocked());
    }

    /** A value [n,1,1,c] repeated over h × w pixels. */
    static View perChannel(int n, int h, int w, int c) {
        int blocks = (c + Layout.BLOCK - 1) / Layout.BLOCK;
        return new View(n, h, w, c, 0, blocks * Layout.BLOCK, Layout.BLOCK, 0, 0, true);
    }

    int blocks() {
        return (c + Layout.BLOCK - 1) / Layout.BLOCK;
    }

    /** Where pixel (y,x) of a block lies. */
    int at(int imageIndex, int block, int y, int x) {
        return start + imageIndex * image + block * plane + y * row + x * pixel;
    }

    /** Whether each image's pixels lie in one run of equal steps. */
    boolean rowsAdjoin() {
        return row == w * pixel;
    }

    /** The same memory as images of one long row; needs {@link #rowsAdjoin}. */
    View rowsJoined() {
        return new View(n, 1, h * w, c, start, image, plane, row, pixel, blocked);
    }

    /** Images of one pixel as one row of n pixels. */
    View batchAsRow() {
        return new View(1, 1, n, c, start, 0, plane, 0, image, blocked);
    }
}
