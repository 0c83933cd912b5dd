package sirocco.cpu.pointwise;

import sirocco.cpu.Layout;
import sirocco.cpu.Workers;

/**
 * Computes y from x plane by plane, where both have the same images and channels but different numbers of pixels. A plane is a block of channels, or an image
 * that is not in blocks.
 */
abstract class Resampling implements Workers.Task {
    final Layout layoutX;
    final Layout layoutY;
    float[] x;
    float[] y;
    private final Workers workers;
    private final int planes;
    private final int perItem;
    private int offsetX;
    private int offsetY;

    /** @param x, y layouts of values that are both plain or both blocked */
    Resampling(Layout x, Layout y, Workers workers) {
        this.workers = workers;
        layoutX = x;
        layoutY = y;
        planes = x.blocked() ? x.blocks() : 1;
        perItem = Math.min(Planes.perItem(x), Planes.perItem(y));
    }

    /** Writes y, its halo included. x and y must not overlap. */
    public final void run(float[] x, int offsetX, float[] y, int offsetY) {
        this.x = x;
        this.y = y;
        this.offsetX = offsetX;
        this.offsetY = offsetY;
        workers.run((count() + perItem - 1) / perItem, this);
    }

    private int count() {
        return layoutX.n() * planes;
    }

    @Override
    public final void run(int item, int worker) {
        for (int plane = item * perItem; plane < Math.min(count(), (item + 1) * perItem); plane++) {
            int image = plane / planes;
            int block = plane % planes;
            Halo.clear(y, offsetY, layoutY, image, block);
            plane(offsetX + layoutX.origin(image, block), offsetY + layoutY.origin(image, block));
        }
    }

    /** Computes one plane, whose first pixels are at {@code x[from]} and {@code y[to]}. */
    abstract void plane(int from, int to);
}
