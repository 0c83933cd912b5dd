package sirocco.cpu.pointwise;

import java.util.Arrays;
import sirocco.cpu.Layout;

/** Writes the zeros around a plane. */
public final class Halo {
    private Halo() { }

    /**
     * Zeroes the halo of one plane; does nothing where the layout has none.
     *
     * @param at where the value starts in {@code a}
     */
    public static void clear(float[] a, int at, Layout layout, int image, int block) {
        if (layout.halo() == 0) {
            return;
        }
        int side = layout.halo() * layout.pixel();
        int row = layout.row();
        int plane = at + image * layout.image() + block * layout.plane();
        int first = plane + layout.halo() * row;
        int last = first + (layout.h() - 1) * row;
        Arrays.fill(a, plane, first + side, 0f);
        // The right end of a row and the left end of the next one are neighbours.
        for (int y = first; y < last; y += row) {
            Arrays.fill(a, y + row - side, y + row + side, 0f);
        }
        Arrays.fill(a, last + row - side, plane + layout.plane(), 0f);
    }

    /** Zeroes the halo of all planes of one image. */
    public static void clear(float[] a, int at, Layout layout, int image) {
        if (layout.halo() == 0) {
            return;
        }
        for (int block = 0; block < layout.blocks(); block++) {
            clear(a, at, layout, image, block);
        }
    }
}
