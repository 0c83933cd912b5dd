package sirocco.cpu.pointwise;

import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import sirocco.cpu.Layout;
import sirocco.cpu.Workers;

/** y = a + b; y may be a or b where the layouts are the same. */
public final class Add extends Elementwise {
    public Add(Layout a, Layout b, Layout y, Workers workers) {
        super(a, b, y, workers);
    }

    public void run(float[] a, int offsetA, float[] b, int offsetB, float[] y, int offsetY) {
        apply(a, offsetA, b, offsetB, y, offsetY);
    }

    @Override
    void span(float[] a, int i, float[] b, int j, float[] y, int k, int n) {
        add(a, i, b, j, y, k, n);
    }

    private static void add(float[] a, int i, float[] b, int j, float[] y, int k, int n) {
        int e = 0;
        for (; e < F.loopBound(n); e += LANES) {
            FloatVector.fromArray(F, a, i + e).add(FloatVector.fromArray(F, b, j + e)).intoArray(y, k + e);
        }
        for (; e < n; e++) {
            y[k + e] = a[i + e] + b[j + e];
        }
    }
}
