package sirocco.cpu.conv;

import sirocco.cpu.Layout;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/** Writes the zeros around all planes of a blocked value. */
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

    @Override
    public void run(int item, int worker) {
        sirocco.cpu.pointwise.Halo.clear(array, offset, layout, item / layout.blocks(), item % layout.blocks());
    }
}
