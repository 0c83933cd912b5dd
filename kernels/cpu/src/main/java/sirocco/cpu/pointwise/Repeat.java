package sirocco.cpu.pointwise;

import sirocco.cpu.Layout;
import sirocco.cpu.Workers;

/** y = [x; x; …] along the batch: image i of y is image i mod n of x. For evaluating a model with and without its condition. */
public final class Repeat implements Workers.Task {
    private final Workers workers;
    private final Layout layoutX;
    private final Layout layoutY;
    private float[] x;
    private float[] y;
    private int offsetX;
    private int offsetY;

    /** @param y x with a multiple of its images */
    public Repeat(Layout x, Layout y, Workers workers) {
        Shapes.check(y.n() % x.n() == 0 && x.h() == y.h() && x.w() == y.w() && x.c() == y.c() && x.blocked() == y.blocked(),
                "repeat x along the batch into y", x, y);
        this.workers = workers;
        layoutX = x;
        layoutY = y;
    }

    /** x and y must not overlap. */
    public void run(float[] x, int offsetX, float[] y, int offsetY) {
        this.x = x;
        this.y = y;
        this.offsetX = offsetX;
        this.offsetY = offsetY;
        workers.run(layoutY.n(), this);
    }

    @Override
    public void run(int image, int worker) {
        int source = image % layoutX.n();
        if (layoutX.halo() == layoutY.halo()) {
            System.arraycopy(x, offsetX + source * layoutX.image(), y, offsetY + image * layoutY.image(), layoutX.image());
            return;
        }
        for (int block = 0; block < layoutX.blocks(); block++) {
            Planes.copy(x, offsetX, layoutX, source, block, y, offsetY, layoutY, image, block);
        }
    }
}
