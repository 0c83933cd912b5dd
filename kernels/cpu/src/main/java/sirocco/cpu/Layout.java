package sirocco.cpu;

/**
 * Where the elements of one logical [n,h,w,c] value lie in a {@code float[]}.
 *
 * <p>Two layouts. <b>Plain</b>: the logical NHWC order, dense; for anything with fewer than {@link #BLOCK} channels, for weights, and for activations of
 * kernels that work on rows of channels.
 * <b>Blocked</b>: nChw16c, channels in blocks of 16, the last one filled up with zeros, each block a plane of (h + 2·halo) × (w + 2·halo)
 * pixels. A halo of zeros lets a 3×3 convolution read its padding
 * instead of testing for it; whoever writes a value writes its halo too, since the arena reuses memory.
 *
 * <p>Filled-up channels are zero in every value: an op that would write anything else there must not.
 *
 * @param n images
 * @param h height in pixels
 * @param w width in pixels
 * @param c channels
 * @param halo pixels of zeros around each plane: 0 or 1; 0 for a plain layout
 * @param blocked nChw16c if true, dense NHWC otherwise
 */
public record Layout(int n, int h, int w, int c, int halo, boolean blocked) {
    /** Channels in a block: one 512-bit vector of float32, two of AVX2, four of NEON. */
    public static final int BLOCK = 16;

    /**
     * The layout of a value for kernels that work on blocks: plain below {@link #BLOCK} channels, whatever the number of pixels, blocked from
     * there on. So per-image numbers [n,1,1,1] are n floats.
     *
     * @param halo the halo wanted; a plain layout has none
     */
    public static Layout of(int n, int h, int w, int c, int halo) {
        return c < BLOCK ? plain(n, h, w, c) : blocked(n, h, w, c, halo);
    }

    public static Layout plain(int n, int h, int w, int c) {
        return new Layout(n, h, w, c, 0, false);
    }

    public static Layout blocked(int n, int h, int w, int c, int halo) {
        return new Layout(n, h, w, c, halo, true);
    }

    /** Whether elements lie in logical order without gaps, which blocks do too where they follow each other so. */
    public boolean dense() {
        return !blocked || halo == 0 && c % BLOCK == 0 && (c == BLOCK || h * w == 1);
    }

    /** Channel blocks of an image. */
    public int blocks() {
        return (c + BLOCK - 1) / BLOCK;
    }

    /** Floats from a pixel to the one on its right. */
    public int pixel() {
        return blocked ? BLOCK : c;
    }

    /** Floats from a row to the next one. */
    public int row() {
        return (w + 2 * halo) * pixel();
    }

    /** Floats from a channel block to the next one of the same image (blocked only). */
    public int plane() {
        return (h + 2 * halo) * row();
    }

    /** Floats from an image to the next one. */
    public int image() {
        return blocked ? blocks() * plane() : plane();
    }

    /**
     * Floats of the whole value, halo and fill included; a long because a plan may be too large to run. Everything else that is counted here
     * is right only where this can be an array's length.
     */
    public long floats() {
        return (long) n * (h + 2 * halo) * (w + 2 * halo) * (blocked ? blocks() * BLOCK : c);
    }

    /** Floats from the value's start to pixel (0,0) of channel block {@code block} of image {@code image}. */
    public int origin(int image, int block) {
        return image * image() + block * plane() + halo * (row() + pixel());
    }

    /** Floats from the value's start to one element. */
    public int index(int image, int y, int x, int channel) {
        return blocked
                ? origin(image, channel / BLOCK) + y * row() + x * BLOCK + channel % BLOCK
                : ((image * h + y) * w + x) * c + channel;
    }
}
