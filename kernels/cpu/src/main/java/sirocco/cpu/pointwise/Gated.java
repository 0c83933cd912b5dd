package sirocco.cpu.pointwise;

import sirocco.api.UnaryFunction;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;
import sirocco.cpu.math.Functions;

/** Gated activations of dense rows x = [a, b]: y = a·f(b), and the gradient dx = [dy·f(b), dy·a·f′(b)] (Shazeer 2020). */
public final class Gated {
    /** Floats of an item. */
    private static final int ITEM = 8192;
    /** Floats that are computed at a time. */
    private static final int PIECE = 2048;

    private final UnaryFunction function;
    private final int rows;
    private final int c;
    private final int perItem;
    private final float[][] scratch;
    private final Workers workers;
    private final Workers.Task forward = this::forward;
    private final Workers.Task backward = this::backward;
    private Slice x;
    private Slice y;
    private Slice dx;

    /** @param c channels of y; x has twice as many */
    public Gated(UnaryFunction function, int rows, int c, Workers workers) {
        this.function = function;
        this.rows = rows;
        this.c = c;
        this.workers = workers;
        perItem = Math.max(1, ITEM / c);
        scratch = new float[workers.threads()][2 * Math.min(PIECE, c)];
    }

    /** y must not overlap x. */
    public void run(Slice x, Slice y) {
        this.x = x;
        this.y = y;
        workers.run((rows + perItem - 1) / perItem, forward);
    }

    /** dx must not overlap x or dy. */
    public void runBackward(Slice x, Slice dy, Slice dx) {
        this.x = x;
        y = dy;
        this.dx = dx;
        workers.run((rows + perItem - 1) / perItem, backward);
    }

    private void forward(int item, int worker) {
        float[] from = x.array();
        float[] to = y.array();
        for (int row = item * perItem; row < Math.min(rows, (item + 1) * perItem); row++) {
            for (int first = 0; first < c; first += PIECE) {
                int n = Math.min(PIECE, c - first);
                int a = x.offset() + row * 2 * c + first;
                int at = y.offset() + row * c + first;
                Functions.apply(function, from, a + c, to, at, n);
                Functions.multiply(from, a, to, at, to, at, n);
            }
        }
    }

    private void backward(int item, int worker) {
        float[] from = x.array();
        float[] dy = y.array();
        float[] to = dx.array();
        float[] work = scratch[worker];
        for (int row = item * perItem; row < Math.min(rows, (item + 1) * perItem); row++) {
            for (int first = 0; first < c; first += PIECE) {
                int n = Math.min(PIECE, c - first);
                int a = x.offset() + row * 2 * c + first;
                int at = y.offset() + row * c + first;
                int da = dx.offset() + row * 2 * c + first;
                Functions.multiply(dy, at, from, a, work, work.length / 2, n);
                Functions.applyWithGradient(function, from, a + c, to, da, work, work.length / 2, to, da + c, n, work);
                Functions.multiply(dy, at, to, da, to, da, n);
            }
        }
    }
}
