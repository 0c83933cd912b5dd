package sirocco.cpu.pointwise;

import sirocco.cpu.Layout;
import sirocco.cpu.Workers;

/**
 * y = [a, b] along the channels. Where a has whole blocks of channels this is a copy of planes; any other channel count goes through dense
 * pixels.
 */
public final class Concat implements Workers.Task {
    private static final int ELEMENTS = 8192;

    private final Workers workers;
    private final Layout layoutA;
    private final Layout layoutB;
    private final Layout layoutY;
    private final boolean planes;
    private final int perItem;
    private final Chunks chunks;
    private final float[][] part;
    private final float[][] whole;
    private float[] a;
    private float[] b;
    private float[] y;
    private int offsetA;
    private int offsetB;
    private int offsetY;

    public Concat(Layout a, Layout b, Layout y, Workers workers) {
        Shapes.check(a.n() == b.n() && a.h() == b.h() && a.w() == b.w() && y.n() == a.n() && y.h() == a.h() && y.w() == a.w()
                && y.c() == a.c() + b.c(), "concat along channels of a, b into y", a, b, y);
        this.workers = workers;
        layoutA = a;
        layoutB = b;
        layoutY = y;
        planes = a.blocked() && b.blocked() && y.blocked() && a.c() % Layout.BLOCK == 0;
        perItem = planes ? Planes.perItem(y) : 1;
        chunks = new Chunks(y, ELEMENTS);
        part = planes ? null : new float[workers.threads()][chunks.most() * Math.max(a.c(), b.c())];
        whole = planes ? null : new float[workers.threads()][chunks.most() * y.c()];
    }

    /** y must not overlap a or b. */
    public void run(float[] a, int offsetA, float[] b, int offsetB, float[] y, int offsetY) {
        this.a = a;
        this.b = b;
        this.y = y;
        this.offsetA = offsetA;
        this.offsetB = offsetB;
        this.offsetY = offsetY;
        int count = layoutY.n() * layoutY.blocks();
        workers.run(planes ? (count + perItem - 1) / perItem : chunks.items(), this);
    }

    @Override
    public void run(int item, int worker) {
        if (!planes) {
            chunk(item, part[worker], whole[worker]);
            return;
        }
        int blocks = layoutY.blocks();
        for (int p = item * perItem; p < Math.min(layoutY.n() * blocks, (item + 1) * perItem); p++) {
            int image = p / blocks;
            int block = p % blocks;
            if (block < layoutA.blocks()) {
                Planes.copy(a, offsetA, layoutA, image, block, y, offsetY, layoutY, image, block);
            } else {
                Planes.copy(b, offsetB, layoutB, image, block - layoutA.blocks(), y, offsetY, layoutY, image, block);
            }
        }
    }

    private void chunk(int item, float[] part, float[] whole) {
        int image = chunks.image(item);
        int first = chunks.first(item);
        int count = chunks.count(item);
        if (first == 0) {
            Halo.clear(y, offsetY, layoutY, image);
        }
        Pixels.load(a, offsetA, layoutA, image, first, count, part, 0);
        for (int p = 0; p < count; p++) {
            System.arraycopy(part, p * layoutA.c(), whole, p * layoutY.c(), layoutA.c());
        }
        Pixels.load(b, offsetB, layoutB, image, first, count, part, 0);
        for (int p = 0; p < count; p++) {
            System.arraycopy(part, p * layoutB.c(), whole, p * layoutY.c() + layoutA.c(), layoutB.c());
        }
        Pixels.store(whole, 0, y, offsetY, layoutY, image, first, count);
    }
}
