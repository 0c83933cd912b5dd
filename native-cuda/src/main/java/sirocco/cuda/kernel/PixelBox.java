package sirocco.cuda.kernel;

/**
 * Pixels that are copied as one box, and are the rows of a tile: so many images, rows and columns of them, each a power of two. As in
 * implicit_gemm_v5_convolution.cuh.
 */
record PixelBox(int images, int height, int width) {
    /** Elements that a box may span in one dimension. */
    private static final int WIDEST = 256;

    /**
     * The box of so many pixels that covers n images of h × w by the fewest, and of those the one with the fewest images and the longest rows.
     *
     * @param pixels a power of two
     * @param stride from one pixel that is taken to the next
     */
    static PixelBox of(int pixels, int n, int h, int w, int stride) {
        PixelBox best = null;
        for (int width = pixels; width >= 1; width /= 2) {
            for (int height = pixels / width; height >= 1; height /= 2) {
                PixelBox box = new PixelBox(pixels / width / height, height, width);
                if (Math.max(width, height) * stride <= WIDEST && (best == null || box.better(best, n, h, w))) {
                    best = box;
                }
            }
        }
        return best;
    }

    private boolean better(PixelBox other, int n, int h, int w) {
        int fewer = Long.compare(count(n, h, w), other.count(n, h, w));
        return fewer < 0 || fewer == 0 && images < other.images;
    }

    /** Boxes that cover n images of h × w. */
    int count(int n, int h, int w) {
        return Math.toIntExact(Launch.blocks(n, images) * Launch.blocks(h, height) * Launch.blocks(w, width));
    }

    /** The structure, for {@link Launch}: the exponents of height and width. */
    byte[] argument() {
        return Structure.of(Integer.numberOfTrailingZeros(height), Integer.numberOfTrailingZeros(width));
    }
}
