package sirocco.cuda.kernel;

import sirocco.api.Shape;

/**
 * How the tiled kernels of attention are laid out: a thread block for so many rows of a head, whose size is padded.
 *
 * @param length pixels of an image
 * @param headSize channels of a head
 */
record HeadTiles(Shape q, int heads, int length, int headSize) {
    private static final int SMALLEST = 32;
    static final int LARGEST = 256;

    HeadTiles(Shape q, int heads) {
        this(q, heads, q.h() * q.w(), q.c() / heads);
    }

    boolean fits() {
        return headSize <= LARGEST;
    }

    /** The head's size in a tile: the next power of two. */
    int padded() {
        return Math.max(SMALLEST, Integer.highestOneBit(2 * headSize - 1));
    }

    /** Bytes of tiles with so many rows together. */
    int bytes(int rows, int elementBytes) {
        return rows * padded() * elementBytes;
    }

    /** @param variant such as attention_v2 */
    String kernel(String variant, String suffix) {
        return variant + "_d" + padded() + "_" + suffix;
    }

    /** A block for {@code rows} rows of each head of each image. */
    Launch launch(String kernel, int rows, int threads, int sharedBytes, Object... arguments) {
        return Launch.blocks(kernel, Launch.blocks(length, rows), heads, q.n(), arguments).withBlock(threads).withShared(sharedBytes);
    }

    /** rowsum(dy ∘ y), float32 [n, heads, length]: what both passes of the gradients need. */
    Launch rowSums(Storage storage, long y, long dy, long to) {
        return Launch.blocks(storage.kernel("attention_row_sums"), Launch.blocks(length, Launch.BLOCK / 32), heads, q.n(), y, dy, length, q.c(), headSize, to);
    }

    long rowSumBytes() {
        return (long) q.n() * heads * length * Float.BYTES;
    }
}
