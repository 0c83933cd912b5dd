package sirocco.cpu.pointwise;

import sirocco.cpu.Layout;
import sirocco.cpu.Workers;

/** The gradient of {@link Upsample}: each pixel of dx is the sum of four of dy, (upper left + upper right) + (lower left + lower right). */
public final class UpsampleBackward extends Resampling {
    /**
     * @param dy [n,2h,2w,c]
     * @param dx [n,h,w,c], plain as dy or blocked as dy; written, not accumulated
     */
    public UpsampleBackward(Layout dy, Layout dx, Workers workers) {
        super(dy, dx, workers);
        Shapes.check(dy.n() == dx.n() && dy.h() == 2 * dx.h() && dy.w() == 2 * dx.w() && dy.c() == dx.c() && dx.blocked() == dy.blocked(),
                "gradient of upsampling, dy [n,2h,2w,c] into dx [n,h,w,c]", dy, dx);
    }

    @Override
    void plane(int from, int to) {
        for (int row = 0; row < layoutY.h(); row++) {
            int upper = from + 2 * row * layoutX.row();
            narrow(x, upper, upper + layoutX.row(), y, to + row * layoutY.row(), layoutY.w(), layoutY.pixel());
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
