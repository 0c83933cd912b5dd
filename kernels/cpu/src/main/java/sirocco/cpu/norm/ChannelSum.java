package sirocco.cpu.norm;

import static sirocco.cpu.Layout.BLOCK;

import sirocco.cpu.Layout;
import sirocco.cpu.Workers;
import sirocco.cpu.pointwise.Shapes;

/** y[n,1,1,c] = the sum of x[n,h,w,c] over its pixels: the gradient of a per-channel add. Written, not accumulated. */
public final class ChannelSum implements Workers.Task {
    private final Workers workers;
    private final Layout layoutX;
    private final Layout layoutY;
    private final int perItem;
    private final float[][] scratch;
    private final double[][] exact;
    private float[] x;
    private float[] y;
    private int offsetX;
    private int offsetY;

    /** @param x and y both plain or both blocked */
    public ChannelSum(Layout x, Layout y, Workers workers) {
        Shapes.check(y.n() == x.n() && y.h() == 1 && y.w() == 1 && y.c() == x.c() && x.blocked() == y.blocked(),
                "channel sums of x [n,h,w,c] into y [n,1,1,c]", x, y);
        this.workers = workers;
        layoutX = x;
        layoutY = y;
        perItem = Math.max(1, 16384 / x.plane());
        scratch = new float[workers.threads()][PlaneSums.SCRATCH];
        exact = new double[workers.threads()][BLOCK];
    }

    public void run(float[] x, int offsetX, float[] y, int offsetY) {
        this.x = x;
        this.y = y;
        this.offsetX = offsetX;
        this.offsetY = offsetY;
        workers.run((parts() + perItem - 1) / perItem, this);
    }

    private int parts() {
        return layoutX.blocked() ? layoutX.n() * layoutX.blocks() : layoutX.n();
    }

    @Override
    public void run(int item, int worker) {
        for (int part = item * perItem; part < Math.min(parts(), (item + 1) * perItem); part++) {
            if (layoutX.blocked()) {
                int image = part / layoutX.blocks();
                int block = part % layoutX.blocks();
                PlaneSums.sums(x, offsetX + layoutX.origin(image, block), layoutX, y, offsetY + layoutY.origin(image, block),
                        exact[worker], scratch[worker]);
            } else {
                plain(part, exact[worker]);
            }
        }
    }

    private void plain(int image, double[] total) {
        int c = layoutX.c();
        for (int channel = 0; channel < c; channel++) {
            total[channel] = 0;
        }
        int from = offsetX + image * layoutX.image();
        for (int i = 0; i < layoutX.image(); i += c) {
            for (int channel = 0; channel < c; channel++) {
                total[channel] += x[from + i + channel];
            }
        }
        for (int channel = 0; channel < c; channel++) {
            y[offsetY + image * c + channel] = (float) total[channel];
        }
    }
}
