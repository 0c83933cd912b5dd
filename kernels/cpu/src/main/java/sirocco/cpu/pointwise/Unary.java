package sirocco.cpu.pointwise;

import sirocco.api.UnaryFunction;
import sirocco.cpu.Layout;
import sirocco.cpu.Workers;
import sirocco.cpu.math.Functions;

/** y = f(x). In blocked layouts f(0) must be 0, since what fills blocks up is computed too. */
public final class Unary extends Elementwise {
    private final UnaryFunction function;

    public Unary(UnaryFunction function, Layout x, Layout y, Workers workers) {
        super(x, x, y, workers);
        this.function = function;
    }

    /** y must not overlap x. */
    public void run(float[] x, int offsetX, float[] y, int offsetY) {
        apply(x, offsetX, x, offsetX, y, offsetY);
    }

    @Override
    void span(float[] x, int i, float[] same, int j, float[] y, int k, int n) {
        Functions.apply(function, x, i, y, k, n);
    }
}
