package sirocco.cpu.pointwise;

import sirocco.cpu.Layout;

/**
 * How a loop over pixels is cut: into chunks of a few thousand elements of one image, whose first element is a multiple of 64 (a whole group
 * of noise) as far as the image goes. Chunk = item.
 */
public final class Chunks {
    private static final int ALIGN = 64;

    private final int images;
    private final int pixels;
    private final int perChunk;
    private final int perImage;

    /** @param elements about how many in a chunk */
    public Chunks(Layout shape, int elements) {
        int align = ALIGN / Math.min(ALIGN, Integer.lowestOneBit(shape.c()));
        images = shape.n();
        pixels = shape.h() * shape.w();
        perChunk = Math.min(pixels, Math.max(1, elements / shape.c() / align) * align);
        perImage = (pixels + perChunk - 1) / perChunk;
    }

    /** Items of the loop. */
    public int items() {
        return images * perImage;
    }

    /** Pixels of the largest chunk. */
    public int most() {
        return perChunk;
    }

    public int image(int chunk) {
        return chunk / perImage;
    }

    /** The chunk's first pixel within its image. */
    public int first(int chunk) {
        return chunk % perImage * perChunk;
    }

    /** Pixels of the chunk. */
    public int count(int chunk) {
        return Math.min(perChunk, pixels - first(chunk));
    }
}
