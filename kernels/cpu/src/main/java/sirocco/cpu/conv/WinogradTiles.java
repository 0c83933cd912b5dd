package sirocco.cpu.conv;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.LANES;
import static sirocco.cpu.Simd.load;
import static sirocco.cpu.conv.Taps.ceilDiv;

import java.util.Arrays;
import sirocco.cpu.Layout;

/**
 * The tiles of 4×4 output pixels that cover all images, in the order of the pixels, and their way between images and planes. Where a
 * tile's 6×6 input pixels lie within the image and its halo they are read in place; where they do not, or a tile sticks out of
 * the image, they go through a few pixels of scratch.
 */
final class WinogradTiles {
    /** Floats of scratch that each worker needs: a tile on its way, one between its two passes, and the addends of a channel block. */
    static final int SCRATCH = 2 * Winograd.TILE + BLOCK;

    private final int across;
    private final int ofImage;
    private final int count;

    /** Tiles of n images of h × w output pixels. */
    WinogradTiles(int n, int h, int w) {
        across = ceilDiv(w, Winograd.OUT);
        ofImage = across * ceilDiv(h, Winograd.OUT);
        count = n * ofImage;
    }

    int count() {
        return count;
    }

    int image(int tile) {
        return tile / ofImage;
    }

    /** The first output row of a tile. */
    int y(int tile) {
        return tile % ofImage / across * Winograd.OUT;
    }

    /** The first output column of a tile. */
    int x(int tile) {
        return tile % across * Winograd.OUT;
    }

    /** Transforms a tile's 6×6 input pixels of one channel block, starting at pixel (y,x) of an image; planes as {@link Winograd#input} takes them. */
    static void input(float[] a, int at, Layout l, int image, int block, int y, int x, float[] scratch, int s, float[] v, int to,
            int plane, int across, int slot) {
        int origin = at + l.origin(image, block);
        if (y >= -l.halo() && x >= -l.halo() && y + Winograd.IN <= l.h() + l.halo() && x + Winograd.IN <= l.w() + l.halo()) {
            Winograd.input(a, origin + y * l.row() + x * BLOCK, l.row(), scratch, s, v, to, plane, across, slot);
        } else {
            cutOut(a, origin, l, y, x, Winograd.IN, scratch, s);
            Winograd.input(scratch, s, Winograd.IN * BLOCK, scratch, s + Winograd.TILE, v, to, plane, across, slot);
        }
    }

    /** Transforms a tile's 4×4 pixels of the output's gradient. */
    static void gradient(float[] a, int at, Layout l, int image, int block, int y, int x, float[] scratch, int s, float[] m, int to,
            int plane) {
        int origin = at + l.origin(image, block);
        if (y + Winograd.OUT <= l.h() && x + Winograd.OUT <= l.w()) {
            Winograd.gradient(a, origin + y * l.row() + x * BLOCK, l.row(), scratch, s, m, to, plane);
        } else {
            cutOut(a, origin, l, y, x, Winograd.OUT, scratch, s);
            Winograd.gradient(scratch, s, Winograd.OUT * BLOCK, scratch, s + Winograd.TILE, m, to, plane);
        }
    }

    /** Transforms a tile back to its 4×4 output pixels, or those of them that are in the image, and adds the addends. */
    static void output(float[] m, int from, int plane, float[] scratch, int s, Addends addends, float[] a, int at, Layout l, int image,
            int block, int y, int x) {
        int z = s + 2 * Winograd.TILE;
        int to = at + l.origin(image, block) + y * l.row() + x * BLOCK;
        boolean whole = y + Winograd.OUT <= l.h() && x + Winograd.OUT <= l.w();
        addends.perImage(image, block, scratch, z);
        if (!whole) {
            Winograd.output(m, from, plane, scratch, s, scratch, z, scratch, s + Winograd.TILE, Winograd.OUT * BLOCK);
            putBack(scratch, s + Winograd.TILE, addends, a, to, l, image, block, y, x);
        } else if (addends.hasResidual()) {
            Winograd.output(m, from, plane, scratch, s, scratch, z, addends.residualArray(), addends.residualAt(image, block, y, x),
                    addends.residualRow(), a, to, l.row());
        } else {
            Winograd.output(m, from, plane, scratch, s, scratch, z, a, to, l.row());
        }
    }

    /** Copies size × size pixels from (y,x) on; zeros where there is no image. */
    private static void cutOut(float[] a, int origin, Layout l, int y, int x, int size, float[] tile, int to) {
        for (int i = 0; i < size; i++) {
            for (int j = 0; j < size; j++) {
                int t = to + (i * size + j) * BLOCK;
                if (y + i >= 0 && y + i < l.h() && x + j >= 0 && x + j < l.w()) {
                    copy(a, origin + (y + i) * l.row() + (x + j) * BLOCK, tile, t);
                } else {
                    Arrays.fill(tile, t, t + BLOCK, 0f);
                }
            }
        }
    }

    private static void putBack(float[] tile, int from, Addends addends, float[] a, int to, Layout l, int image, int block, int y, int x) {
        for (int i = 0; i < Math.min(Winograd.OUT, l.h() - y); i++) {
            for (int j = 0; j < Math.min(Winograd.OUT, l.w() - x); j++) {
                int t = from + (i * Winograd.OUT + j) * BLOCK;
                int p = to + i * l.row() + j * BLOCK;
                if (addends.hasResidual()) {
                    add(tile, t, addends.residualArray(), addends.residualAt(image, block, y + i, x + j), a, p);
                } else {
                    copy(tile, t, a, p);
                }
            }
        }
    }

    private static void copy(float[] a, int from, float[] b, int to) {
        for (int v = 0; v < BLOCK; v += LANES) {
            load(a, from + v).intoArray(b, to + v);
        }
    }

    private static void add(float[] a, int from, float[] r, int rAt, float[] b, int to) {
        for (int v = 0; v < BLOCK; v += LANES) {
            load(a, from + v).add(load(r, rAt + v)).intoArray(b, to + v);
        }
    }
}
