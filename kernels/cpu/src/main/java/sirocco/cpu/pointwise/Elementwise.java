package sirocco.cpu.pointwise;

import sirocco.cpu.Layout;
import sirocco.cpu.Workers;

/**
 * A kernel y = f(a, b) element by element, f(0, 0) = 0. Halos may differ between operands; y may be a or b where their layouts are alike.
 */
abstract class Elementwise implements Workers.Task {
    private final Workers workers;
    private final Layout layoutA;
    private final Layout layoutB;
    private final Layout layoutY;
    private final Spans spans;
    private float[] a;
    private float[] b;
    private float[] y;
    private int offsetA;
    private int offsetB;
    private int offsetY;

    Elementwise(Layout a, Layout b, Layout y, Workers workers) {
        this.workers = workers;
        layoutA = a;
        layoutB = b;
        layoutY = y;
        spans = new Spans(a, b, y);
    }

    /** Computes n contiguous elements; all of them belong to one image. */
    abstract void span(float[] a, int i, float[] b, int j, float[] y, int k, int n);

    final void apply(float[] a, int offsetA, float[] b, int offsetB, float[] y, int offsetY) {
        this.a = a;
        this.b = b;
        this.y = y;
        this.offsetA = offsetA;
        this.offsetB = offsetB;
        this.offsetY = offsetY;
        workers.run(spans.items(), this);
    }

    @Override
    public final void run(int item, int worker) {
        for (int s = spans.first(item); s < spans.end(item); s++) {
            spans.clearHalo(y, offsetY, layoutY, s);
            span(a, offsetA + spans.offset(layoutA, s), b, offsetB + spans.offset(layoutB, s), y, offsetY + spans.offset(layoutY, s),
                    spans.length(s));
        }
    }
}
