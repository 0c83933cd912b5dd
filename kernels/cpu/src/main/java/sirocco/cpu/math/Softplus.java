package sirocco.cpu.math;

import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import sirocco.api.UnaryFunction;

/**
 * ln(1 + e^x) over contiguous floats: max(x, 0) + ln(1 + t) with t = e^−|x|, and ln(1 + t) = 2 artanh(s) with s = t/(2 + t) in [0, 1/3], a minimax polynomial
 * in s.
 */
final class Softplus {
    private Softplus() { }

    /** y = ln(1 + e^x), relative error below 6e-7; y must not be x. */
    static void softplus(float[] x, int i, float[] y, int j, int n) {
        Roots.apply(UnaryFunction.ABS, x, i, y, j, n);
        Exponentials.exp(y, j, -1f, y, j, n);
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector v = FloatVector.fromArray(F, x, i + e);
            FloatVector t = FloatVector.fromArray(F, y, j + e);
            FloatVector s = t.div(t.add(2f));
            FloatVector square = s.mul(s);
            FloatVector p = FloatVector.broadcast(F, 0.24306843f).fma(square, FloatVector.broadcast(F, 0.21426213f));
            p = p.fma(square, FloatVector.broadcast(F, 0.28617007f)).fma(square, FloatVector.broadcast(F, 0.39998874f));
            p = p.fma(square, FloatVector.broadcast(F, 0.66666675f)).fma(square, FloatVector.broadcast(F, 2f));
            p.fma(s, v.blend(0f, v.compare(VectorOperators.LT, 0f))).intoArray(y, j + e);
        }
        for (int e = whole; e < n; e++) {
            y[j + e] = (float) (Math.max(x[i + e], 0) + Math.log1p(y[j + e]));
        }
    }
}
