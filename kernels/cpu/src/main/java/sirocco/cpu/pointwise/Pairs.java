package sirocco.cpu.pointwise;

import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import sirocco.api.BinaryFunction;

/** {@link BinaryFunction}s of contiguous floats, or of contiguous floats and a number. y may be an operand. */
final class Pairs {
    private Pairs() { }

    /** y = f(a, b). */
    static void vectors(BinaryFunction f, float[] a, int i, float[] b, int j, float[] y, int k, int n) {
        int whole = F.loopBound(n);
        switch (f) {
            case ADD -> add(a, i, b, j, y, k, whole);
            case SUBTRACT -> subtract(a, i, b, j, y, k, whole);
            case MULTIPLY -> multiply(a, i, b, j, y, k, whole);
            case DIVIDE -> divide(a, i, b, j, y, k, whole);
            case MINIMUM -> minimum(a, i, b, j, y, k, whole);
            case MAXIMUM -> maximum(a, i, b, j, y, k, whole);
        }
        for (int e = whole; e < n; e++) {
            y[k + e] = of(f, a[i + e], b[j + e]);
        }
    }

    /** y = f(a, b) with one b. */
    static void scalar(BinaryFunction f, float[] a, int i, float b, float[] y, int k, int n) {
        switch (f) {
            case ADD -> affine(a, i, 1f, b, y, k, n);
            case SUBTRACT -> affine(a, i, 1f, -b, y, k, n);
            case MULTIPLY -> affine(a, i, b, 0f, y, k, n);
            case DIVIDE -> divide(a, i, b, y, k, n);
            case MINIMUM -> minimum(a, i, b, y, k, n);
            case MAXIMUM -> maximum(a, i, b, y, k, n);
        }
    }

    /** y = f(a, b) with one a. */
    static void scalar(BinaryFunction f, float a, float[] b, int j, float[] y, int k, int n) {
        switch (f) {
            case SUBTRACT -> affine(b, j, -1f, a, y, k, n);
            case DIVIDE -> divide(a, b, j, y, k, n);
            case ADD, MULTIPLY, MINIMUM, MAXIMUM -> scalar(f, b, j, a, y, k, n);
        }
    }

    static float of(BinaryFunction f, float a, float b) {
        return switch (f) {
            case ADD -> a + b;
            case SUBTRACT -> a - b;
            case MULTIPLY -> a * b;
            case DIVIDE -> a / b;
            case MINIMUM -> Math.min(a, b);
            case MAXIMUM -> Math.max(a, b);
        };
    }

    private static void add(float[] a, int i, float[] b, int j, float[] y, int k, int n) {
        for (int e = 0; e < n; e += LANES) {
            FloatVector.fromArray(F, a, i + e).add(FloatVector.fromArray(F, b, j + e)).intoArray(y, k + e);
        }
    }

    private static void subtract(float[] a, int i, float[] b, int j, float[] y, int k, int n) {
        for (int e = 0; e < n; e += LANES) {
            FloatVector.fromArray(F, a, i + e).sub(FloatVector.fromArray(F, b, j + e)).intoArray(y, k + e);
        }
    }

    private static void multiply(float[] a, int i, float[] b, int j, float[] y, int k, int n) {
        for (int e = 0; e < n; e += LANES) {
            FloatVector.fromArray(F, a, i + e).mul(FloatVector.fromArray(F, b, j + e)).intoArray(y, k + e);
        }
    }

    private static void divide(float[] a, int i, float[] b, int j, float[] y, int k, int n) {
        for (int e = 0; e < n; e += LANES) {
            FloatVector.fromArray(F, a, i + e).div(FloatVector.fromArray(F, b, j + e)).intoArray(y, k + e);
        }
    }

    private static void minimum(float[] a, int i, float[] b, int j, float[] y, int k, int n) {
        for (int e = 0; e < n; e += LANES) {
            FloatVector.fromArray(F, a, i + e).min(FloatVector.fromArray(F, b, j + e)).intoArray(y, k + e);
        }
    }

    private static void maximum(float[] a, int i, float[] b, int j, float[] y, int k, int n) {
        for (int e = 0; e < n; e += LANES) {
            FloatVector.fromArray(F, a, i + e).max(FloatVector.fromArray(F, b, j + e)).intoArray(y, k + e);
        }
    }

    /** y = scale·x + shift. */
    private static void affine(float[] x, int i, float scale, float shift, float[] y, int k, int n) {
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector.fromArray(F, x, i + e).fma(FloatVector.broadcast(F, scale), FloatVector.broadcast(F, shift)).intoArray(y, k + e);
        }
        for (int e = whole; e < n; e++) {
            y[k + e] = Math.fma(x[i + e], scale, shift);
        }
    }

    private static void divide(float[] a, int i, float b, float[] y, int k, int n) {
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector.fromArray(F, a, i + e).div(b).intoArray(y, k + e);
        }
        for (int e = whole; e < n; e++) {
            y[k + e] = a[i + e] / b;
        }
    }

    private static void divide(float a, float[] b, int j, float[] y, int k, int n) {
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector.broadcast(F, a).div(FloatVector.fromArray(F, b, j + e)).intoArray(y, k + e);
        }
        for (int e = whole; e < n; e++) {
            y[k + e] = a / b[j + e];
        }
    }

    private static void minimum(float[] a, int i, float b, float[] y, int k, int n) {
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector.fromArray(F, a, i + e).min(b).intoArray(y, k + e);
        }
        for (int e = whole; e < n; e++) {
            y[k + e] = Math.min(a[i + e], b);
        }
    }

    private static void maximum(float[] a, int i, float b, float[] y, int k, int n) {
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector.fromArray(F, a, i + e).max(b).intoArray(y, k + e);
        }
        for (int e = whole; e < n; e++) {
            y[k + e] = Math.max(a[i + e], b);
        }
    }
}
