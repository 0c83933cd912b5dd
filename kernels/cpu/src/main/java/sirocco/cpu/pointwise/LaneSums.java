package sirocco.cpu.pointwise;

import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import sirocco.cpu.Layout;

/**
 * Sums over contiguous floats: float32 in 4 vectors, whose lanes are then added up in double, in their order, and then the four sums.
 * {@code reduceLanes} would not do: its order is unspecified and changes when the compiler takes over from the interpreter.
 */
public final class LaneSums {
    /** Floats of scratch memory that a call needs. */
    public static final int SCRATCH = 4 * Layout.BLOCK;

    private LaneSums() { }

    /** The sum of a, over at most some thousand floats. */
    public static double sum(float[] a, int i, int n, float[] scratch) {
        int whole = n / (4 * LANES) * (4 * LANES);
        double sum = 0;
        if (whole > 0) {
            sum4(a, i, whole, scratch);
            sum = total(scratch);
        }
        for (int e = whole; e < n; e++) {
            sum += a[i + e];
        }
        return sum;
    }

    /** The sum of (a − shift)², over at most some thousand floats. */
    public static double squaredDeviations(float[] a, int i, int n, float shift, float[] scratch) {
        int whole = n / (4 * LANES) * (4 * LANES);
        double sum = 0;
        if (whole > 0) {
            deviations4(a, i, whole, shift, scratch);
            sum = total(scratch);
        }
        for (int e = whole; e < n; e++) {
            double d = (double) a[i + e] - shift;
            sum += d * d;
        }
        return sum;
    }

    /** The sum of a², over at most some thousand floats. */
    public static double squares(float[] a, int i, int n, float[] scratch) {
        int whole = n / (4 * LANES) * (4 * LANES);
        squares4(a, i, whole, scratch);
        double sum = total(scratch);
        for (int e = whole; e < n; e++) {
            sum += (double) a[i + e] * a[i + e];
        }
        return sum;
    }

    /** The sum of (a − b)², over at most some thousand floats. */
    public static double squaredDifferences(float[] a, int i, float[] b, int j, int n, float[] scratch) {
        int whole = n / (4 * LANES) * (4 * LANES);
        differences4(a, i, b, j, whole, scratch);
        double sum = total(scratch);
        for (int e = whole; e < n; e++) {
            double d = (double) a[i + e] - b[j + e];
            sum += d * d;
        }
        return sum;
    }

    private static double total(float[] scratch) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        for (int lane = 0; lane < LANES; lane++) {
            a += scratch[lane];
            b += scratch[LANES + lane];
            c += scratch[2 * LANES + lane];
            d += scratch[3 * LANES + lane];
        }
        return (a + b) + (c + d);
    }

    private static void sum4(float[] a, int i, int n, float[] out) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int e = i; e < i + n; e += 4 * LANES) {
            s0 = s0.add(FloatVector.fromArray(F, a, e));
            s1 = s1.add(FloatVector.fromArray(F, a, e + LANES));
            s2 = s2.add(FloatVector.fromArray(F, a, e + 2 * LANES));
            s3 = s3.add(FloatVector.fromArray(F, a, e + 3 * LANES));
        }
        s0.intoArray(out, 0);
        s1.intoArray(out, LANES);
        s2.intoArray(out, 2 * LANES);
        s3.intoArray(out, 3 * LANES);
    }

    private static void deviations4(float[] a, int i, int n, float shift, float[] out) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int e = i; e < i + n; e += 4 * LANES) {
            FloatVector v0 = FloatVector.fromArray(F, a, e).sub(shift);
            FloatVector v1 = FloatVector.fromArray(F, a, e + LANES).sub(shift);
            FloatVector v2 = FloatVector.fromArray(F, a, e + 2 * LANES).sub(shift);
            FloatVector v3 = FloatVector.fromArray(F, a, e + 3 * LANES).sub(shift);
            s0 = v0.fma(v0, s0);
            s1 = v1.fma(v1, s1);
            s2 = v2.fma(v2, s2);
            s3 = v3.fma(v3, s3);
        }
        s0.intoArray(out, 0);
        s1.intoArray(out, LANES);
        s2.intoArray(out, 2 * LANES);
        s3.intoArray(out, 3 * LANES);
    }

    private static void squares4(float[] a, int i, int n, float[] out) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int e = i; e < i + n; e += 4 * LANES) {
            FloatVector v0 = FloatVector.fromArray(F, a, e);
            FloatVector v1 = FloatVector.fromArray(F, a, e + LANES);
            FloatVector v2 = FloatVector.fromArray(F, a, e + 2 * LANES);
            FloatVector v3 = FloatVector.fromArray(F, a, e + 3 * LANES);
            s0 = v0.fma(v0, s0);
            s1 = v1.fma(v1, s1);
            s2 = v2.fma(v2, s2);
            s3 = v3.fma(v3, s3);
        }
        s0.intoArray(out, 0);
        s1.intoArray(out, LANES);
        s2.intoArray(out, 2 * LANES);
        s3.intoArray(out, 3 * LANES);
    }

    private static void differences4(float[] a, int i, float[] b, int j, int n, float[] out) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int e = 0; e < n; e += 4 * LANES) {
            FloatVector v0 = FloatVector.fromArray(F, a, i + e).sub(FloatVector.fromArray(F, b, j + e));
            FloatVector v1 = FloatVector.fromArray(F, a, i + e + LANES).sub(FloatVector.fromArray(F, b, j + e + LANES));
            FloatVector v2 = FloatVector.fromArray(F, a, i + e + 2 * LANES).sub(FloatVector.fromArray(F, b, j + e + 2 * LANES));
            FloatVector v3 = FloatVector.fromArray(F, a, i + e + 3 * LANES).sub(FloatVector.fromArray(F, b, j + e + 3 * LANES));
            s0 = v0.fma(v0, s0);
            s1 = v1.fma(v1, s1);
            s2 = v2.fma(v2, s2);
            s3 = v3.fma(v3, s3);
        }
        s0.intoArray(out, 0);
        s1.intoArray(out, LANES);
        s2.intoArray(out, 2 * LANES);
        s3.intoArray(out, 3 * LANES);
    }
}
