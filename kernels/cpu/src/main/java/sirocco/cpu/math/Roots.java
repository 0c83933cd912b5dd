package sirocco.cpu.math;

import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import sirocco.api.UnaryFunction;

/** Roots, powers and what compares with 0: functions and derivatives of a few instructions, over contiguous floats. */
final class Roots {
    private Roots() { }

    /** y = f(x); y may be x. What is left of a vector is computed as the definition says. */
    static void apply(UnaryFunction f, float[] x, int i, float[] y, int j, int n) {
        int whole = F.loopBound(n);
        switch (f) {
            case SQRT -> sqrt(x, i, y, j, whole);
            case RSQRT -> rsqrt(x, i, y, j, whole);
            case SQUARE -> square(x, i, y, j, whole);
            case RECIPROCAL -> reciprocal(x, i, y, j, whole);
            case ABS -> abs(x, i, y, j, whole);
            case RELU -> relu(x, i, y, j, whole);
            case STEP -> step(x, i, y, j, whole);
            default -> throw new IllegalArgumentException("no loop of its own: " + f);
        }
        for (int e = whole; e < n; e++) {
            y[j + e] = (float) f.of(x[i + e]);
        }
    }

    /** d = f′(x); d may be x. */
    static void derivative(UnaryFunction f, float[] x, int i, float[] d, int k, int n) {
        int whole = F.loopBound(n);
        switch (f) {
            case LOG -> reciprocal(x, i, d, k, whole);
            case SQRT -> {
                rsqrt(x, i, d, k, whole);
                Functions.scale(d, k, 0.5f, whole);
            }
            case RSQRT -> ofRsqrt(x, i, d, k, whole);
            case SQUARE -> {
                System.arraycopy(x, i, d, k, whole);
                Functions.scale(d, k, 2f, whole);
            }
            case RECIPROCAL -> ofReciprocal(x, i, d, k, whole);
            case ABS -> sign(x, i, d, k, whole);
            case RELU -> positive(x, i, d, k, whole);
            case STEP -> Arrays.fill(d, k, k + whole, 0f);
            default -> throw new IllegalArgumentException("no loop of its own: " + f);
        }
        for (int e = whole; e < n; e++) {
            d[k + e] = (float) f.derivative(x[i + e]);
        }
    }

    private static void sqrt(float[] x, int i, float[] y, int j, int n) {
        for (int e = 0; e < n; e += LANES) {
            FloatVector.fromArray(F, x, i + e).lanewise(VectorOperators.SQRT).intoArray(y, j + e);
        }
    }

    private static void rsqrt(float[] x, int i, float[] y, int j, int n) {
        for (int e = 0; e < n; e += LANES) {
            FloatVector.broadcast(F, 1f).div(FloatVector.fromArray(F, x, i + e).lanewise(VectorOperators.SQRT)).intoArray(y, j + e);
        }
    }

    private static void square(float[] x, int i, float[] y, int j, int n) {
        for (int e = 0; e < n; e += LANES) {
            FloatVector v = FloatVector.fromArray(F, x, i + e);
            v.mul(v).intoArray(y, j + e);
        }
    }

    private static void reciprocal(float[] x, int i, float[] y, int j, int n) {
        for (int e = 0; e < n; e += LANES) {
            FloatVector.broadcast(F, 1f).div(FloatVector.fromArray(F, x, i + e)).intoArray(y, j + e);
        }
    }

    private static void abs(float[] x, int i, float[] y, int j, int n) {
        for (int e = 0; e < n; e += LANES) {
            FloatVector.fromArray(F, x, i + e).abs().intoArray(y, j + e);
        }
    }

    /** NaN stays NaN. */
    private static void relu(float[] x, int i, float[] y, int j, int n) {
        for (int e = 0; e < n; e += LANES) {
            FloatVector v = FloatVector.fromArray(F, x, i + e);
            v.blend(0f, v.compare(VectorOperators.LT, 0f)).intoArray(y, j + e);
        }
    }

    private static void step(float[] x, int i, float[] y, int j, int n) {
        for (int e = 0; e < n; e += LANES) {
            FloatVector v = FloatVector.fromArray(F, x, i + e);
            FloatVector.zero(F).blend(1f, v.compare(VectorOperators.GE, 0f)).intoArray(y, j + e);
        }
    }

    private static void ofRsqrt(float[] x, int i, float[] d, int k, int n) {
        for (int e = 0; e < n; e += LANES) {
            FloatVector v = FloatVector.fromArray(F, x, i + e);
            FloatVector.broadcast(F, -0.5f).div(v.lanewise(VectorOperators.SQRT).mul(v)).intoArray(d, k + e);
        }
    }

    private static void ofReciprocal(float[] x, int i, float[] d, int k, int n) {
        for (int e = 0; e < n; e += LANES) {
            FloatVector v = FloatVector.fromArray(F, x, i + e);
            FloatVector.broadcast(F, -1f).div(v.mul(v)).intoArray(d, k + e);
        }
    }

    private static void sign(float[] x, int i, float[] d, int k, int n) {
        for (int e = 0; e < n; e += LANES) {
            FloatVector v = FloatVector.fromArray(F, x, i + e);
            FloatVector s = v.blend(1f, v.compare(VectorOperators.GT, 0f));
            s.blend(-1f, v.compare(VectorOperators.LT, 0f)).intoArray(d, k + e);
        }
    }

    private static void positive(float[] x, int i, float[] d, int k, int n) {
        for (int e = 0; e < n; e += LANES) {
            FloatVector v = FloatVector.fromArray(F, x, i + e);
            FloatVector.zero(F).blend(1f, v.compare(VectorOperators.GT, 0f)).intoArray(d, k + e);
        }
    }
}
