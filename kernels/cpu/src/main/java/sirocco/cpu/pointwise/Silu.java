package sirocco.cpu.pointwise;

import sirocco.cpu.Layout;
import sirocco.cpu.Workers;
import sirocco.cpu.math.Sigmoids;

/** y = x · sigma(x), with sigma(x) = 1 / (1 + e^−x). */
public final class Silu extends Elementwise {
    public Silu(Layout x, Layout y, Workers workers) {
        super(x, x, y, workers);
    }

    public void run(float[] x, int offsetX, float[] y, int offsetY) {
        apply(x, offsetX, x, offsetX, y, offsetY);
    }

    @Override
    void span(float[] x, int i, float[] same, int j, float[] y, int k, int n) {
        Sigmoids.silu(x, i, y, k, n);
    }
}
