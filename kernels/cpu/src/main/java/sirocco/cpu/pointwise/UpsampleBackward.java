package sirocco.cpu.pointwise;

import sirocco.cpu.Layout;
import sirocco.cpu.Workers;

/** The gradient of {@link Upsample}: each pixel of dx is the sum of four of dy, (upper left + upper right) + (lower left + lower right). */
public final class UpsampleBackward implements Workers.Task {
    private final Workers workers;
    private final Layout layoutDy;
    private final Layout layoutDx;
    private final int perItem;
    private float[] dy;
    private float[] dx;
    private int offsetDy;
    private int offsetDx;

    /**
     * @param dy [n,2h,2w,c]
     * @param dx [n,h,w,c], plain as dy or blocked as dy; written, not accumulated
     */
    public UpsampleBackward(Layout dy, Layout dx, Workers workers) {
        Shapes.check(dy.n() == dx.n() && dy.h() == 2 * dx.h() && dy.w() == 2 * dx.w() && dy.c() == dx.c() && dx.blocked() == dy.blocked(),
                "gradient of upsampling, dy [n,2h,2w,c] into dx [n,h,w,c]", dy, dx);
        this.workers = workers;
        layoutDy = dy;
        layoutDx = dx;
        perItem = Planes.perItem(dy);
    }

    /** dy and dx must not overlap. */
    public void run(float[] dy, int offsetDy, float[] dx, int offsetDx) {
        this.dy = dy;
        this.dx = dx;
        this.offsetDy = offsetDy;
        this.offsetDx = offsetDx;
        workers.run((parts() + perItem - 1) / perItem, this);
    }

    private int parts() {
        return layoutDx.blocked() ? layoutDx.n() * layoutDx.blocks() : layoutDx.n();
    }

    @Override
    public void run(int item, int worker) {
        int planes = layoutDx.blocked() ? layoutDx.blocks() : 1;
        for (int part = item * perItem; part < Math.min(parts(), (item + 1) * perItem); part++) {
            int image = part / planes;
            int block = part % planes;
            Halo.clear(dx, offsetDx, layoutDx, image, block);
            int from = offsetDy + layoutDy.origin(image, block);
            int to = offsetDx + layoutDx.origin(image, block);
            for (int row = 0; row < layoutDx.h(); row++) {
                int upper = from + 2 * row * layoutDy.row();
                narrow(dy, upper, upper + layoutDy.row(), dx, to + row * layoutDx.row(), layoutDx.w(), layoutDx.pixel());
            }
        }
    }

    private static void narrow(float[] dy, int upper, int lower, float[] dx, int j, int pixels, int pixel) {
        for (int p = 0; p < pixels; p++) {
            int left = 2 * p * pixel;
            int right = left + pixel;
            for (int c = 0; c < pixel; c++) {
                dx[j + p * pixel + c] = dy[upper + left + c] + dy[upper + right + c] + (dy[lower + left + c] + dy[lower + right + c]);
            }
        }
    }
}
