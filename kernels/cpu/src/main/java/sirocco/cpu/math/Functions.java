package sirocco.cpu.math;

import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import sirocco.api.UnaryFunction;

/**
 * {@link UnaryFunction}s over contiguous floats, some thousand at a time: what has no loop of its own is made of several, whose intermediate results stay in
 * the first-level cache. Errors are below 6e-7 of the largest term of the formula.
 */
public final class Functions {
    private static final float ROOT_HALF = (float) Math.sqrt(0.5);
    private static final float TANH_SCALE = (float) Math.sqrt(2 / Math.PI);
    private static final float TANH_CUBIC = (float) (Math.sqrt(2 / Math.PI) * 0.044715);
    private static final float QUICK = 1.702f;

    private Functions() { }

    /** y = f(x). y must not overlap x. */
    public static void apply(UnaryFunction f, float[] x, int i, float[] y, int j, int n) {
        switch (f) {
            case EXP -> Exponentials.exp(x, i, 1f, y, j, n);
            case LOG -> Logarithms.log(x, i, y, j, n);
            case SQRT, RSQRT, SQUARE, RECIPROCAL, ABS, RELU, STEP -> Roots.apply(f, x, i, y, j, n);
            case SIN -> Sinusoids.sin(x, i, y, j, n);
            case COS -> Sinusoids.cos(x, i, y, j, n);
            case TANH -> Tanh.tanh(x, i, y, j, n);
            case SIGMOID -> Sigmoids.sigmoid(x, i, 1f, y, j, n);
            case SOFTPLUS -> Softplus.softplus(x, i, y, j, n);
            case ERF -> ErrorFunction.erf(x, i, 1f, y, j, n);
            case SILU -> Sigmoids.silu(x, i, y, j, n);
            case GELU -> {
                ErrorFunction.erf(x, i, ROOT_HALF, y, j, n);
                halfGated(x, i, y, j, n);
            }
            case GELU_TANH -> {
                cubic(x, i, y, j, n);
                Tanh.tanh(y, j, y, j, n);
                halfGated(x, i, y, j, n);
            }
            case GELU_QUICK -> {
                Sigmoids.sigmoid(x, i, QUICK, y, j, n);
                multiply(x, i, y, j, y, j, n);
            }
        }
    }

    /**
     * dx = dy · f′(x). dx must not overlap x or dy.
     *
     * @param scratch at least n floats from 0 on
     */
    public static void gradient(UnaryFunction f, float[] x, int i, float[] dy, int j, float[] dx, int k, int n, float[] scratch) {
        switch (f) {
            case EXP -> Exponentials.exp(x, i, 1f, dx, k, n);
            case LOG, SQRT, RSQRT, SQUARE, RECIPROCAL, ABS, RELU, STEP -> Roots.derivative(f, x, i, dx, k, n);
            case SIN -> Sinusoids.cos(x, i, dx, k, n);
            case COS -> {
                Sinusoids.sin(x, i, dx, k, n);
                scale(dx, k, -1f, n);
            }
            case TANH -> {
                Tanh.tanh(x, i, dx, k, n);
                ofTanh(dx, k, n);
            }
            case SIGMOID -> {
                Sigmoids.sigmoid(x, i, 1f, dx, k, n);
                ofSigmoid(dx, k, n);
            }
            case SOFTPLUS -> Sigmoids.sigmoid(x, i, 1f, dx, k, n);
            case ERF -> {
                Roots.apply(UnaryFunction.SQUARE, x, i, dx, k, n);
                Exponentials.exp(dx, k, -1f, dx, k, n);
                scale(dx, k, (float) (2 / Math.sqrt(Math.PI)), n);
            }
            case SILU -> {
                Sigmoids.gradient(x, i, dy, j, dx, k, n);
                return;
            }
            case GELU -> {
                Roots.apply(UnaryFunction.SQUARE, x, i, dx, k, n);
                Exponentials.exp(dx, k, -0.5f, dx, k, n);
                ErrorFunction.erf(x, i, ROOT_HALF, scratch, 0, n);
                ofGelu(x, i, scratch, dx, k, n);
            }
            case GELU_TANH -> {
                cubic(x, i, dx, k, n);
                Tanh.tanh(dx, k, dx, k, n);
                ofGeluTanh(x, i, dx, k, n);
            }
            case GELU_QUICK -> {
                Sigmoids.sigmoid(x, i, QUICK, dx, k, n);
                ofGeluQuick(x, i, dx, k, n);
            }
        }
        multiply(dy, j, dx, k, dx, k, n);
    }

    /**
     * y = f(x) and dx = dy · f′(x). No two of x, dy, y and dx may overlap.
     *
     * @param scratch at least n floats from 0 on
     */
    public static void applyWithGradient(UnaryFunction f, float[] x, int i, float[] y, int at, float[] dy, int j, float[] dx, int k, int n, float[] scratch) {
        gradient(f, x, i, dy, j, dx, k, n, scratch);
        if (f == UnaryFunction.GELU) {
            // Its gradient has left the error function there.
            System.arraycopy(scratch, 0, y, at, n);
            halfGated(x, i, y, at, n);
        } else {
            apply(f, x, i, y, at, n);
        }
    }

    /** y = a·b; y may be a or b. */
    public static void multiply(float[] a, int i, float[] b, int j, float[] y, int k, int n) {
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector.fromArray(F, a, i + e).mul(FloatVector.fromArray(F, b, j + e)).intoArray(y, k + e);
        }
        for (int e = whole; e < n; e++) {
            y[k + e] = a[i + e] * b[j + e];
        }
    }

    /** y ← scale·y. */
    static void scale(float[] y, int j, float scale, int n) {
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector.fromArray(F, y, j + e).mul(scale).intoArray(y, j + e);
        }
        for (int e = whole; e < n; e++) {
            y[j + e] *= scale;
        }
    }

    /** y ← x/2 · (1 + y). */
    private static void halfGated(float[] x, int i, float[] y, int j, int n) {
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector half = FloatVector.fromArray(F, x, i + e).mul(0.5f);
            half.fma(FloatVector.fromArray(F, y, j + e), half).intoArray(y, j + e);
        }
        for (int e = whole; e < n; e++) {
            y[j + e] = Math.fma(0.5f * x[i + e], y[j + e], 0.5f * x[i + e]);
        }
    }

    /** y = √(2/π)·(x + 0.044715·x³). */
    private static void cubic(float[] x, int i, float[] y, int j, int n) {
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector v = FloatVector.fromArray(F, x, i + e);
            v.mul(v).fma(FloatVector.broadcast(F, TANH_CUBIC), FloatVector.broadcast(F, TANH_SCALE)).mul(v).intoArray(y, j + e);
        }
        for (int e = whole; e < n; e++) {
            y[j + e] = Math.fma(x[i + e] * x[i + e], TANH_CUBIC, TANH_SCALE) * x[i + e];
        }
    }

    /** From tanh x, its derivative. */
    private static void ofTanh(float[] t, int k, int n) {
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector v = FloatVector.fromArray(F, t, k + e);
            FloatVector.broadcast(F, 1f).sub(v).mul(v.add(1f)).intoArray(t, k + e);
        }
        for (int e = whole; e < n; e++) {
            t[k + e] = (1 - t[k + e]) * (1 + t[k + e]);
        }
    }

    /** From σ(x), its derivative. */
    private static void ofSigmoid(float[] s, int k, int n) {
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector v = FloatVector.fromArray(F, s, k + e);
            FloatVector.broadcast(F, 1f).sub(v).mul(v).intoArray(s, k + e);
        }
        for (int e = whole; e < n; e++) {
            s[k + e] = (1 - s[k + e]) * s[k + e];
        }
    }

    /** From exp(−x²/2) in d and erf(x/√2): (1 + erf)/2 + x·d/√(2π). */
    private static void ofGelu(float[] x, int i, float[] erf, float[] d, int k, int n) {
        float density = (float) (1 / Math.sqrt(2 * Math.PI));
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector normal = FloatVector.fromArray(F, erf, e).fma(FloatVector.broadcast(F, 0.5f), FloatVector.broadcast(F, 0.5f));
            FloatVector.fromArray(F, x, i + e).mul(density).fma(FloatVector.fromArray(F, d, k + e), normal).intoArray(d, k + e);
        }
        for (int e = whole; e < n; e++) {
            d[k + e] = Math.fma(x[i + e] * density, d[k + e], Math.fma(0.5f, erf[e], 0.5f));
        }
    }

    /** From t = tanh(u(x)) in d: (1 + t)/2 + x/2·(1 − t²)·u′(x). */
    private static void ofGeluTanh(float[] x, int i, float[] d, int k, int n) {
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector v = FloatVector.fromArray(F, x, i + e);
            FloatVector t = FloatVector.fromArray(F, d, k + e);
            FloatVector slope = v.mul(v).fma(FloatVector.broadcast(F, 3 * TANH_CUBIC), FloatVector.broadcast(F, TANH_SCALE));
            FloatVector above = t.add(1f);
            FloatVector rest = FloatVector.broadcast(F, 1f).sub(t).mul(above).mul(slope);
            v.mul(rest).add(above).mul(0.5f).intoArray(d, k + e);
        }
        for (int e = whole; e < n; e++) {
            float v = x[i + e];
            float t = d[k + e];
            d[k + e] = 0.5f * (v * ((1 - t) * (t + 1) * Math.fma(v * v, 3 * TANH_CUBIC, TANH_SCALE)) + (t + 1));
        }
    }

    /** From s = σ(1.702·x) in d: s·(1 + 1.702·x·(1 − s)). */
    private static void ofGeluQuick(float[] x, int i, float[] d, int k, int n) {
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector s = FloatVector.fromArray(F, d, k + e);
            FloatVector v = FloatVector.fromArray(F, x, i + e).mul(QUICK);
            FloatVector one = FloatVector.broadcast(F, 1f);
            v.fma(one.sub(s), one).mul(s).intoArray(d, k + e);
        }
        for (int e = whole; e < n; e++) {
            d[k + e] = d[k + e] * Math.fma(x[i + e] * QUICK, 1 - d[k + e], 1);
        }
    }
}
