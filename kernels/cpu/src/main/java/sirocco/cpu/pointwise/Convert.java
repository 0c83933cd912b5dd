package sirocco.cpu.pointwise;

import sirocco.cpu.Layout;
import sirocco.cpu.Workers;

/**
 * Copies a value's pixels from any layout to any other: uploads and reads (their layout is plain), changes of halo, and rows and columns of pixels that become
 * tokens, or the reverse.
 */
public final class Convert implements Workers.Task {
    private static final int ELEMENTS = 8192;

    private final Workers workers;
    private final Layout layoutX;
    private final Layout layoutY;
    private final Chunks chunks;
    private final float[][] dense;
    private float[] x;
    private float[] y;
    private int offsetX;
    private int offsetY;

    public Convert(Layout x, Layout y, Workers workers) {
        Shapes.check(x.n() == y.n() && x.h() * x.w() == y.h() * y.w() && x.c() == y.c(), "copy of pixels of x into y", x, y);
        this.workers = workers;
        layoutX = x;
        layoutY = y;
        chunks = new Chunks(x, ELEMENTS);
        dense = x.blocked() && y.blocked() ? new float[workers.threads()][chunks.most() * x.c()] : null;
    }

    /** x and y must not overlap. */
    public void run(float[] x, int offsetX, float[] y, int offsetY) {
        this.x = x;
        this.y = y;
        this.offsetX = offsetX;
        this.offsetY = offsetY;
        workers.run(chunks.items(), this);
    }

    @Override
    public void run(int item, int worker) {
        int image = chunks.image(item);
        int first = chunks.first(item);
        int count = chunks.count(item);
        if (first == 0) {
            Halo.clear(y, offsetY, layoutY, image);
        }
        if (!layoutY.blocked()) {
            Pixels.load(x, offsetX, layoutX, image, first, count, y, offsetY + image * layoutY.image() + first * layoutY.c());
        } else if (!layoutX.blocked()) {
            Pixels.store(x, offsetX + image * layoutX.image() + first * layoutX.c(), y, offsetY, layoutY, image, first, count);
        } else {
            Pixels.load(x, offsetX, layoutX, image, first, count, dense[worker], 0);
            Pixels.store(dense[worker], 0, y, offsetY, layoutY, image, first, count);
        }
    }
}
