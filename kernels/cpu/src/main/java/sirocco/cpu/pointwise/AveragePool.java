package sirocco.cpu.pointwise;

import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import sirocco.cpu.Layout;
import sirocco.cpu.Workers;

/** y = the mean of each k×k block of pixels of x. */
public final class AveragePool implements Workers.Task {
    private final int k;
    private final Workers workers;
    private final Layout layoutX;
    private final Layout layoutY;
    private final int perItem;
    private float[] x;
    private float[] y;
    private int offsetX;
    private int offsetY;

    /**
     * @param x [n,k·h,k·w,c]
     * @param y [n,h,w,c], plain as x or blocked as x
     */
    public AveragePool(Layout x, int k, Layout y, Workers workers) {
        Shapes.check(y.n() == x.n() && k * y.h() == x.h() && k * y.w() == x.w() && y.c() == x.c() && x.blocked() == y.blocked(),
                "means of " + k + "×" + k + " pixels of x [n,k·h,k·w,c] into y [n,h,w,c]", x, y);
        this.k = k;
        this.workers = workers;
        layoutX = x;
        layoutY = y;
        perItem = Planes.perItem(x);
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
            for (int row = 0; row < layoutY.h(); row++) {
                for (int column = 0; column < layoutY.w(); column++) {
                    mean(x, from + k * (row * layoutX.row() + column * layoutX.pixel()), layoutX.row(), k, y,
                            to + row * layoutY.row() + column * layoutY.pixel(), layoutY.pixel());
                }
            }
        }
    }

    /** One pixel's mean, of {@code n} channels. */
    private static void mean(float[] x, int at, int row, int k, float[] y, int to, int n) {
        float share = 1f / (k * k);
        int whole = F.loopBound(n);
        for (int c = 0; c < whole; c += LANES) {
            FloatVector sum = FloatVector.zero(F);
            for (int i = 0; i < k; i++) {
                for (int j = 0; j < k; j++) {
                    sum = sum.add(FloatVector.fromArray(F, x, at + i * row + j * n + c));
                }
            }
            sum.mul(share).intoArray(y, to + c);
        }
        for (int c = whole; c < n; c++) {
            float sum = 0;
            for (int i = 0; i < k; i++) {
                for (int j = 0; j < k; j++) {
                    sum += x[at + i * row + j * n + c];
                }
            }
            y[to + c] = sum * share;
        }
    }
}
