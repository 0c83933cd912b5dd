package sirocco.tornado.kernel;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Where the operands' elements of {@link ImplicitGemm} lie: what its tables have, and what is done with them. A row and a step of the depth are numbers of
 * pixels or taps, whichever the pass makes of them; i and j are a pixel's row and column in its phase, p and q a tap's.
 */
final class Gather {
    /** A position that is outside of the image whatever is added. */
    static final int OUTSIDE = -(1 << 30);

    private Gather() { }

    /** Items first, first + stride, … below n. */
    static int count(int n, int first, int stride) {
        return (n - first + stride - 1) / stride;
    }

    /** The first pixel, along one side, that meets taps firstTap, firstTap + stride, … */
    static int firstPixel(int firstTap, int pad, int stride) {
        return (firstTap + pad * (stride - 1)) % stride;
    }

    /** A row's position in the image: (i, j) and (p, q) meet at the sum of row's and step's. */
    static int rowH(int pass, int row, int i, int channels, int s, int stride, int top, int h0, int r0) {
        return pass == ImplicitGemm.WEIGHTS ? row / channels / s : pass == ImplicitGemm.DATA ? (h0 + top - r0) / stride + i : i * stride - top;
    }

    static int rowW(int pass, int row, int j, int channels, int s, int stride, int left, int w0, int s0) {
        return pass == ImplicitGemm.WEIGHTS ? row / channels % s : pass == ImplicitGemm.DATA ? (w0 + left - s0) / stride + j : j * stride - left;
    }

    /** In A, of its position (y, x) in an image [·, h, w, c]. */
    static int rowOffset(int pass, int row, int image, int y, int x, int h, int w, int c) {
        return pass == ImplicitGemm.WEIGHTS ? (y * w + x) * c + row % c : ((image * h + y) * w + x) * c;
    }

    /** Of a row's result; of WEIGHTS its row. */
    static int result(int pass, int row, int image, int i, int j, int h, int w, int channels, int k, int stride, int h0, int w0) {
        return pass == ImplicitGemm.WEIGHTS ? row : pass == ImplicitGemm.FORWARD ? row * k : ((image * h + h0 + i * stride) * w + w0 + j * stride) * channels;
    }

    /** A step's position in the image. */
    static int stepH(int pass, int i, int p, int stride, int top) {
        return pass == ImplicitGemm.WEIGHTS ? i * stride - top : pass == ImplicitGemm.DATA ? -p : p;
    }

    static int stepW(int pass, int j, int q, int stride, int left) {
        return pass == ImplicitGemm.WEIGHTS ? j * stride - left : pass == ImplicitGemm.DATA ? -q : q;
    }

    /** In A. */
    static int stepOffset(int pass, int d, int image, int y, int x, int h, int w, int c) {
        return pass == ImplicitGemm.WEIGHTS ? ((image * h + y) * w + x) * c : (y * w + x) * c + d % c;
    }

    /** In B. */
    static int stepMatrix(int pass, int d, int channel, int p, int q, int channels, int k, int r, int s, int stride, int r0, int s0) {
        return pass == ImplicitGemm.WEIGHTS ? d * k : pass == ImplicitGemm.FORWARD ? d
                : ((channel * r + r0 + stride * p) * s + s0 + stride * q) * channels;
    }

    /** Without a branch: none has a sign bit. */
    static boolean inside(int y, int x, int h, int w) {
        return (y | x | h - 1 - y | w - 1 - x) >= 0;
    }

    /** An element, or 0: where there is nothing to read the first word of memory is, and not taken. */
    static float element(FloatArray m, boolean inside, int i) {
        float value = m.get(inside ? i : 0);
        return inside ? value : 0;
    }

    /** An operand's element, or 0 if it is not there. */
    static float added(FloatArray m, int operand, int i) {
        return element(m, operand >= 0, operand + i);
    }
}
