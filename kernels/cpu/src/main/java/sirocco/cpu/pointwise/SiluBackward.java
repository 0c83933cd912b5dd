package sirocco.cpu.pointwise;

import sirocco.cpu.Layout;
import sirocco.cpu.Workers;
import sirocco.cpu.math.Sigmoids;

/** dx = dy · sigma(x) · (1 + x · (1 − sigma(x))); written, not accumulated. */
public final class SiluBackward extends Elementwise {
    public SiluBackward(Layout x, Layout dy, Layout dx, Workers workers) {
        super(x, dy, dx, workers);
    }

    public void run(float[] x, int offsetX, float[] dy, int offsetDy, float[] dx, int offsetDx) {
        apply(x, offsetX, dy, offsetDy, dx, offsetDx);
    }

    @Override
    void span(float[] x, int i, float[] dy, int j, float[] dx, int k, int n) {
        Sigmoids.gradient(x, i, dy, j, dx, k, n);
    }
}
