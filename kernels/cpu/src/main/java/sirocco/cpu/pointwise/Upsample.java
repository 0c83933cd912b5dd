package sirocco.cpu.pointwise;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import sirocco.cpu.Layout;
import sirocco.cpu.Workers;

/** y = x with every pixel repeated 2 × 2 (nearest neighbour). */
public final class Upsample implements Workers.Task {
    private final Workers workers;
    private final Layout layoutX;
    private final Layout layoutY;
    private final int perItem;
    private float[] x;
    private float[] y;
    private int offsetX;
    private int offsetY;

    /**
     * @param x [n,h,w,c]
     * @param y [n,2h,2w,c], plain as x or blocked as x
     */
    public Upsample(Layout x, Layout y, Workers workers) {
        Shapes.check(y.n() == x.n() && y.h() == 2 * x.h() && y.w() == 2 * x.w() && y.c() == x.c() && x.blocked() == y.blocked(),
                "upsampling of x [n,h,w,c] into y [n,2h,2w,c]", x, y);
        this.workers = workers;
        layoutX = x;
        layoutY = y;
        perItem = Planes.perItem(y);
    }

    /** x and y must not overlap. */
    public void run(float[] x, int offsetX, float[] y, int offsetY) {
        this.x = x;
        this.y = y;
        this.offsetX = offsetX;
        this.offsetY = offsetY;
        workers.run((parts() + perItem - 1) / perItem, this);
    }

    /** Planes; the pixels of a plain image are one. */
    private int parts() {
        return layoutX.blocked() ? layoutX.n() * layoutX.blocks() : layoutX.n();
    }

    @Override
    public void run(int item, int worker) {
        int planes = layoutX.blocked() ? layoutX.blocks() : 1;
        for (int part = item * perItem; part < Math.min(parts(), (item + 1) * perItem); part++) {
            int image = part / planes;
            int block = part % planes;
            Halo.clear(y, offsetY, layoutY, image, block);
            int from = offsetX + layoutX.origin(image, block);
            int to = offsetY + layoutY.origin(image, block);
            int floats = layoutY.w() * layoutY.pixel();
            for (int row = 0; row < layoutX.h(); row++) {
                int upper = to + 2 * row * layoutY.row();
                if (layoutX.blocked()) {
                    widenBlocks(x, from + row * layoutX.row(), y, upper, layoutX.w());
                } else {
                    widen(x, from + row * layoutX.row(), y, upper, layoutX.w(), layoutX.pixel());
                }
                System.arraycopy(y, upper, y, upper + layoutY.row(), floats);
            }
        }
    }

    private static void widenBlocks(float[] x, int i, float[] y, int j, int pixels) {
        for (int p = 0; p < pixels; p++) {
            for (int lane = 0; lane < BLOCK; lane += LANES) {
                FloatVector v = FloatVector.fromArray(F, x, i + p * BLOCK + lane);
                v.intoArray(y, j + 2 * p * BLOCK + lane);
                v.intoArray(y, j + (2 * p + 1) * BLOCK + lane);
            }
        }
    }

    private static void widen(float[] x, int i, float[] y, int j, int pixels, int pixel) {
        for (int p = 0; p < pixels; p++) {
            for (int c = 0; c < pixel; c++) {
                float v = x[i + p * pixel + c];
                y[j + 2 * p * pixel + c] = v;
                y[j + (2 * p + 1) * pixel + c] = v;
            }
        }
    }
}
