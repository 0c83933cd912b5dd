package sirocco.cpu.math;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;
import sirocco.cpu.Layout;
import sirocco.cpu.Simd;

class VectorMathTest {
    private static final int POINTS = 200_000;

    /** Largest error of f against exact over [from, to]: relative, or absolute where {@code floor} is larger than the value. */
    private static double worst(UnaryOperator<FloatVector> f, DoubleUnaryOperator exact, double from, double to, double floor) {
        float[] x = new float[Simd.LANES];
        float[] y = new float[Simd.LANES];
        double worst = 0;
        for (int i = 0; i < POINTS; i += x.length) {
            for (int j = 0; j < x.length; j++) {
                x[j] = (float) (from + (to - from) * (i + j) / (POINTS + x.length));
            }
            f.apply(Simd.load(x, 0)).intoArray(y, 0);
            for (int j = 0; j < x.length; j++) {
                double e = exact.applyAsDouble(x[j]);
                worst = Math.max(worst, Math.abs(y[j] - e) / Math.max(Math.max(floor, Double.MIN_NORMAL), Math.abs(e)));
            }
        }
        return worst;
    }

    private static void below(double bound, double error) {
        assertTrue(error < bound, "error " + error + ", promised " + bound);
    }

    @Test
    void exp() {
        below(2e-7, worst(VectorMathTest::exp, Math::exp, -87, 88, 0));
        below(2e-7, worst(VectorMathTest::exp, Math::exp, -1, 1, 0));
    }

    /** Through arrays: neither class has a vector in its interface. */
    private static FloatVector exp(FloatVector x) {
        float[] a = Arrays.copyOf(x.toArray(), 2 * Layout.BLOCK);
        Exponentials.shifted(a, 0, Layout.BLOCK, 1, 0f, Layout.BLOCK);
        return FloatVector.fromArray(Simd.F, a, 0);
    }

    private static FloatVector silu(FloatVector x) {
        float[] a = x.toArray();
        Sigmoids.silu(a, 0, a, 0, a.length);
        return FloatVector.fromArray(Simd.F, a, 0);
    }

    private static FloatVector slope(FloatVector x) {
        float[] a = x.toArray();
        float[] ones = Simd.all(1f).toArray();
        Sigmoids.gradient(a, 0, ones, 0, a, 0, a.length);
        return FloatVector.fromArray(Simd.F, a, 0);
    }

    @Test
    void silu() {
        below(5e-7, worst(VectorMathTest::silu, x -> x / (1 + Math.exp(-x)), -86, 87, 0));
        below(5e-7, worst(VectorMathTest::silu, x -> x / (1 + Math.exp(-x)), -3, 3, 0));
        below(1e-35, worst(VectorMathTest::silu, x -> x / (1 + Math.exp(-x)), -1000, -87, 1));
    }

    @Test
    void slopeOfSilu() {
        DoubleUnaryOperator exact = x -> (1 + x * (1 - 1 / (1 + Math.exp(-x)))) / (1 + Math.exp(-x));
        below(1e-6, worst(VectorMathTest::slope, exact, -100, 100, 1));
        below(1e-6, worst(VectorMathTest::slope, exact, -3, 3, 1));
    }

    @Test
    void restsOfVectorsAreComputedToo() {
        float[] x = {-2, 0.5f, 3};
        float[] y = new float[5];
        float[] dx = new float[5];
        Sigmoids.silu(x, 0, y, 1, 3);
        Sigmoids.gradient(x, 0, new float[] {2, 2, 2}, 0, dx, 1, 3);
        for (int i = 0; i < 3; i++) {
            double sigma = 1 / (1 + Math.exp(-x[i]));
            assertEquals(x[i] * sigma, y[1 + i], 1e-6);
            assertEquals(2 * sigma * (1 + x[i] * (1 - sigma)), dx[1 + i], 1e-6);
        }
        assertEquals(0f, y[0] + y[4] + dx[0] + dx[4]);
    }

    @Test
    void exponentialsAreSummed() {
        float[] a = new float[4 * Layout.BLOCK];
        Arrays.fill(a, 0, 2 * Layout.BLOCK, 3f);
        Exponentials.shifted(a, 0, Layout.BLOCK, 2, 2f, 2 * Layout.BLOCK);
        double sum = 0;
        for (int lane = 0; lane < Simd.LANES; lane++) {
            sum += a[2 * Layout.BLOCK + lane];
        }
        assertEquals(2 * Layout.BLOCK * Math.E, sum, 1e-4);
    }

    @Test
    void extremes() {
        assertTrue(Float.isNaN(silu(Simd.all(Float.NaN)).lane(0)));
        assertTrue(Float.isNaN(slope(Simd.all(Float.NaN)).lane(0)));
        assertTrue(Float.isNaN(exp(Simd.all(Float.NaN)).lane(0)));
        assertEquals(Float.POSITIVE_INFINITY, silu(Simd.all(Float.POSITIVE_INFINITY)).lane(0));
        assertEquals(1f, exp(Simd.all(0f)).lane(0));
        assertEquals(0f, silu(Simd.all(0f)).lane(0));
    }
}
