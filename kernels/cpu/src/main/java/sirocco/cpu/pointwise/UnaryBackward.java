package sirocco.cpu.pointwise;

import sirocco.api.UnaryFunction;
import sirocco.cpu.Layout;
import sirocco.cpu.Workers;
import sirocco.cpu.math.Functions;

/** dx = dy · f′(x). In blocked layouts f′(0) must be finite, since what fills blocks up is computed too. */
public final class UnaryBackward implements Workers.Task {
    private final UnaryFunction function;
    private final Layout layoutX;
    private final Layout layoutDy;
    private final Layout layoutDx;
    private final Spans spans;
    private final Workers workers;
    private final float[][] scratch;
    private float[] x;
    private float[] dy;
    private float[] dx;
    private int offsetX;
    private int offsetDy;
    private int offsetDx;

    public UnaryBackward(UnaryFunction function, Layout x, Layout dy, Layout dx, Workers workers) {
        this.function = function;
        this.workers = workers;
        layoutX = x;
        layoutDy = dy;
        layoutDx = dx;
        spans = new Spans(x, dy, dx);
        scratch = new float[workers.threads()][spans.longest()];
    }

    /** dx must not overlap x or dy. */
    public void run(float[] x, int offsetX, float[] dy, int offsetDy, float[] dx, int offsetDx) {
        this.x = x;
        this.dy = dy;
        this.dx = dx;
        this.offsetX = offsetX;
        this.offsetDy = offsetDy;
        this.offsetDx = offsetDx;
        workers.run(spans.items(), this);
    }

    @Override
    public void run(int item, int worker) {
        for (int s = spans.first(item); s < spans.end(item); s++) {
            spans.clearHalo(dx, offsetDx, layoutDx, s);
            Functions.gradient(function, x, offsetX + spans.offset(layoutX, s), dy, offsetDy + spans.offset(layoutDy, s), dx,
                    offsetDx + spans.offset(layoutDx, s), spans.length(s), scratch[worker]);
        }
    }
}
