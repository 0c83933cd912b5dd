package sirocco.cpu.pointwise;

import sirocco.cpu.Layout;
import sirocco.cpu.Workers;

/** y = channels {@code from} … {@code from + y.c − 1} of x: the reverse of {@link Concat}, and its gradient. */
public final class Slice implements Workers.Task {
    private static final int ELEMENTS = 8192;

    private final Workers workers;
    private final Layout layoutX;
    private final Layout layoutY;
    private final int from;
    private final boolean planes;
    private final int perItem;
    private final Chunks chunks;
    private final float[][] part;
    private final float[][] whole;
    private float[] x;
    private float[] y;
    private int offsetX;
    private int offsetY;

    /** @param from first channel; from + y.c at most x.c */
    public Slice(Layout x, int from, Layout y, Workers workers) {
        Shapes.check(x.n() == y.n() && x.h() == y.h() && x.w() == y.w() && from >= 0 && from + y.c() <= x.c(),
                "slice of channels from " + from + " of x into y", x, y);
        this.workers = workers;
        layoutX = x;
        layoutY = y;
        this.from = from;
        // A last block that is cut off in the middle would bring along channels where y must have zeros.
        planes = x.blocked() && y.blocked() && from % Layout.BLOCK == 0 && (y.c() % Layout.BLOCK == 0 || from + y.c() == x.c());
        perItem = planes ? Planes.perItem(y) : 1;
        chunks = new Chunks(x, ELEMENTS);
        part = planes ? null : new float[workers.threads()][chunks.most() * y.c()];
        whole = planes ? null : new float[workers.threads()][chunks.most() * x.c()];
    }

    /** x and y must not overlap. */
    public void run(float[] x, int offsetX, float[] y, int offsetY) {
        this.x = x;
        this.y = y;
        this.offsetX = offsetX;
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
            Planes.copy(x, offsetX, layoutX, image, block + from / Layout.BLOCK, y, offsetY, layoutY, image, block);
        }
    }

    private void chunk(int item, float[] part, float[] whole) {
        int image = chunks.image(item);
        int first = chunks.first(item);
        int count = chunks.count(item);
        if (first == 0) {
            Halo.clear(y, offsetY, layoutY, image);
        }
        Pixels.load(x, offsetX, layoutX, image, first, count, whole, 0);
        for (int p = 0; p < count; p++) {
            System.arraycopy(whole, p * layoutX.c() + from, part, p * layoutY.c(), layoutY.c());
        }
        Pixels.store(part, 0, y, offsetY, layoutY, image, first, count);
    }
}
