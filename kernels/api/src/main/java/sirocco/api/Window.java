package sirocco.api;

/**
 * How a convolution's kernel moves over its input.
 *
 * @param kernelH kernel rows
 * @param kernelW kernel columns
 * @param stride step in both directions
 * @param top rows of zeros above; likewise the others
 */
public record Window(int kernelH, int kernelW, int stride, int top, int left, int bottom, int right) {
    public Window {
        if (kernelH < 1 || kernelW < 1 || stride < 1 || top < 0 || left < 0 || bottom < 0 || right < 0) {
            throw new IllegalArgumentException("window: kernel and stride must be at least 1, padding at least 0, got " + kernelH + "×"
                    + kernelW + " stride " + stride + " padding (" + top + "," + left + "," + bottom + "," + right + ")");
        }
    }

    /** k×k, stride 1, output as large as the input (k odd). */
    public static Window same(int k) {
        return new Window(k, k, 1, k / 2, k / 2, k / 2, k / 2);
    }

    public static Window padded(int k, int stride, int padding) {
        return new Window(k, k, stride, padding, padding, padding, padding);
    }

    /** 3×3, stride 2, padding below and right only: the downsampling of Ho et al. 2020. */
    public static Window down() {
        return new Window(3, 3, 2, 0, 0, 1, 1);
    }

    public int outH(int h) {
        return Math.floorDiv(h + top + bottom - kernelH, stride) + 1;
    }

    public int outW(int w) {
        return Math.floorDiv(w + left + right - kernelW, stride) + 1;
    }

    @Override
    public String toString() {
        boolean even = top == left && left == bottom && bottom == right;
        return kernelH + "×" + kernelW + (stride == 1 ? "" : "/" + stride)
                + (even ? " pad " + top : " pad " + top + "," + left + "," + bottom + "," + right);
    }
}
