package sirocco.tornado.kernel;

import uk.ac.manchester.tornado.api.math.TornadoMath;

/**
 * The error function in float32, which TornadoVM does not have: an odd minimax polynomial for |x| &lt; 0.925, and erfc(|x|) = e^p(|x|) from there on, p being a
 * minimax fit of ln(erfc). Relative error below 4e-7. Inlined into kernels.
 */
final class ErrorFunction {
    private static final float SMALL = 0.925f;
    /** erf is 1 from here on. */
    private static final float LARGE = 3.95f;

    private ErrorFunction() { }

    /** erf(x). */
    static float erf(float x) {
        float size = TornadoMath.abs(x);
        float far = 1 - complement(size);
        return size < SMALL ? near(x) : x < 0 ? -far : far;
    }

    /** erfc(−x) / 2, without cancellation below 0. */
    static float half(float x) {
        float size = TornadoMath.abs(x);
        float far = 0.5f * complement(size);
        return size < SMALL ? 0.5f + 0.5f * near(x) : x < 0 ? far : 1 - far;
    }

    /** erf(x) for small |x|. */
    private static float near(float x) {
        float s = x * x;
        float p = ((((-0.00059658f * s + 0.004988307f) * s - 0.02676333f) * s + 0.112817265f) * s - 0.37612486f) * s + 0.12837915f;
        return p * x + x;
    }

    /** erfc(a) for a of at least {@link #SMALL}. */
    private static float complement(float a) {
        float p = (((((0.0001959373f * a - 0.003043218f) * a + 0.022226922f) * a - 0.1039316f) * a - 0.63718224f) * a - 1.1276757f) * a - 0.00019567496f;
        return a > LARGE ? 0 : TornadoMath.exp(p);
    }
}
