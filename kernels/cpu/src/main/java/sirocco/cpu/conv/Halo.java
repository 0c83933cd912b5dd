package sirocco.cpu.conv;

import java.util.Arrays;
import sirocco.cpu.Layout;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/** Writes the zeros around a blocked value's planes. */
final class Halo implements Workers.Task {
    private final Layout layout;
    private float[] array;
    private int offset;

    Halo(Layout layout) {
        this.layout = layout;
    }

    void clear(Slice at, Workers workers) {
        if (layout.halo() > 0) {
            array = at.array();
            offset = at.offset();
            workers.run(layout.n() * layout.blocks(), this);
        }
    }

    /** Clears around one plane: whole rows above and below, pixels left and right. */
    @Override
    public void run(int item, int worker) {
        int plane = offset + item * layout.plane();
        int edge = layout.halo() * layout.row();
        int side = layout.halo() * layout.pixel();
        Arrays.fill(array, plane, plane + edge, 0f);
        Arrays.fill(array, plane + layout.plane() - edge, plane + layout.plane(), 0f);
        for (int y = 0; y < layout.h(); y++) {
            int row = plane + edge + y * layout.row();
            Arrays.fill(array, row, row + side, 0f);
            Arrays.fill(array, row + layout.row() - side, row + layout.row(), 0f);
        }
    }
}
