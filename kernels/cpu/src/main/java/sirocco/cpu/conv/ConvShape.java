package sirocco.cpu.conv;

/**
 * A convolution's sizes: x [n,h,w,c] ⋆ w [k,r,s,c] → y [n,outH,outW,k].
 *
 * @param n images
 * @param h rows of the input
 * @param w columns of the input
 * @param c channels of the input
 * @param k channels of the output
 * @param r rows of the kernel
 * @param s columns of the kernel
 * @param stride step in both directions
 * @param padTop rows of zeros above the input; likewise the other three
 */
public record ConvShape(int n, int h, int w, int c, int k, int r, int s, int stride, int padTop, int padLeft, int padBottom,
        int padRight) {
    public ConvShape {
        if (n < 1 || h < 1 || w < 1 || c < 1 || k < 1 || r < 1 || s < 1 || stride < 1) {
            throw new IllegalArgumentException("convolution: sizes and stride must be at least 1, got " + text(n, h, w, c, k, r, s, stride));
        }
        if (padTop < 0 || padLeft < 0 || padBottom < 0 || padRight < 0) {
            throw new IllegalArgumentException("convolution: padding must be at least 0, got top " + padTop + ", left " + padLeft
                    + ", bottom " + padBottom + ", right " + padRight);
        }
        if (h + padTop + padBottom < r || w + padLeft + padRight < s) {
            throw new IllegalArgumentException("convolution: the kernel is larger than the padded input: "
                    + text(n, h, w, c, k, r, s, stride) + "; enlarge the padding or the input");
        }
    }

    /** k×k, stride 1, output as large as the input; k odd. */
    public static ConvShape same(int n, int h, int w, int c, int k, int kernel) {
        int pad = kernel / 2;
        return new ConvShape(n, h, w, c, k, kernel, kernel, 1, pad, pad, pad, pad);
    }

    public int outH() {
        return (h + padTop + padBottom - r) / stride + 1;
    }

    public int outW() {
        return (w + padLeft + padRight - s) / stride + 1;
    }

    /** Multiplications and additions of the definition (padding included), whichever algorithm runs. */
    public long flops() {
        return 2L * n * outH() * outW() * k * r * s * c;
    }

    /** Floats of the weights [k,r,s,c]. */
    public int weights() {
        return Math.toIntExact((long) k * r * s * c);
    }

    @Override
    public String toString() {
        return text(n, h, w, c, k, r, s, stride) + (padTop + padLeft + padBottom + padRight == 0
                ? "" : " pad " + padTop + "," + padLeft + "," + padBottom + "," + padRight);
    }

    private static String text(int n, int h, int w, int c, int k, int r, int s, int stride) {
        return "[" + n + "," + h + "," + w + "," + c + "]→" + k + " " + r + "×" + s + (stride == 1 ? "" : "/" + stride);
    }
}
