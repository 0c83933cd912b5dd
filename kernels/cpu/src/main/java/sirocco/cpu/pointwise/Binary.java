package sirocco.cpu.pointwise;

import sirocco.api.BinaryFunction;
import sirocco.cpu.Layout;
import sirocco.cpu.Workers;

/**
 * y = f(a, b) of operands of one shape; y may be a or b in the same layout. In blocked layouts f(0, 0) must be 0, since what fills blocks up is computed too.
 */
public final class Binary extends Elementwise {
    private final BinaryFunction function;

    public Binary(BinaryFunction function, Layout a, Layout b, Layout y, Workers workers) {
        super(a, b, y, workers);
        this.function = function;
    }

    public void run(float[] a, int offsetA, float[] b, int offsetB, float[] y, int offsetY) {
        apply(a, offsetA, b, offsetB, y, offsetY);
    }

    @Override
    void span(float[] a, int i, float[] b, int j, float[] y, int k, int n) {
        Pairs.vectors(function, a, i, b, j, y, k, n);
    }
}
