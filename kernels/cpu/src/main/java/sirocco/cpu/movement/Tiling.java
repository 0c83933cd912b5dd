package sirocco.cpu.movement;

import java.util.Arrays;
import sirocco.api.Shape;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/** y = copies of x side by side along every axis along which y is a multiple of x. Dense. */
public final class Tiling implements Workers.Task {
    /** Floats of an item. */
    private static final int ITEM = 16384;

    private final Shape x;
    private final Shape y;
    private final int rows;
    private final int perItem;
    private final Workers workers;
    private Slice from;
    private Slice to;

    public Tiling(Shape x, Shape y, Workers workers) {
        this.x = x;
        this.y = y;
        this.workers = workers;
        rows = Math.toIntExact(y.elements() / y.c());
        perItem = Math.max(1, ITEM / y.c());
    }

    /** x and y must not overlap. */
    public void run(Slice x, Slice y) {
        from = x;
        to = y;
        workers.run((rows + perItem - 1) / perItem, this);
    }

    @Override
    public void run(int item, int worker) {
        float[] source = from.array();
        float[] target = to.array();
        for (int row = item * perItem; row < Math.min(rows, (item + 1) * perItem); row++) {
            int i = from.offset() + row(x, y, row) * x.c();
            int j = to.offset() + row * y.c();
            if (x.c() == 1) {
                Arrays.fill(target, j, j + y.c(), source[i]);
            } else {
                for (int c = 0; c < y.c(); c += x.c()) {
                    System.arraycopy(source, i, target, j + c, x.c());
                }
            }
        }
    }

    /** The same of integers, on the calling thread. */
    public static void integers(Shape x, Shape y, int[] from, int[] to) {
        for (int row = 0; row < to.length / y.c(); row++) {
            int i = row(x, y, row) * x.c();
            for (int c = 0; c < y.c(); c += x.c()) {
                System.arraycopy(from, i, to, row * y.c() + c, x.c());
            }
        }
    }

    /** The row of channels of x that y's row repeats. */
    private static int row(Shape x, Shape y, int row) {
        int w = row % y.w() % x.w();
        int h = row / y.w() % y.h() % x.h();
        int n = row / y.w() / y.h() % x.n();
        return (n * x.h() + h) * x.w() + w;
    }
}
