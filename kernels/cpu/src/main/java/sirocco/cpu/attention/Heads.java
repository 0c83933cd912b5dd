package sirocco.cpu.attention;

import static sirocco.cpu.Layout.BLOCK;

import sirocco.cpu.Layout;
import sirocco.cpu.gemm.Product;
import sirocco.cpu.gemm.Tile;

/**
 * The sizes of an attention and how it is cut: each head of each image by itself ("task"), its queries in tiles of {@link #rows}, its keys in chunks. The cut
 * depends on the sizes alone, so the results do not depend on the number of threads.
 *
 * @param images images
 * @param heads heads of an image
 * @param queries queries of a head
 * @param keys keys of a head
 * @param d channels of a head
 * @param mostRows queries of a tile at most, a multiple of {@link Tile#ROWS}
 * @param mostKeys keys of a chunk at most, a multiple of 16 and no more than {@link Product#DEPTH}
 */
record Heads(int images, int heads, int queries, int keys, int d, int mostRows, int mostKeys) {
    static Heads of(Layout q, Layout k, int heads, int mostRows, int mostKeys) {
        return new Heads(q.n(), heads, q.h() * q.w(), k.h() * k.w(), q.c() / heads, mostRows, mostKeys);
    }

    int tasks() {
        return images * heads;
    }

    /** Channel blocks of a head. */
    int blocks() {
        return ceilDiv(d, BLOCK);
    }

    /** Chunks of channels that a packed row holds. */
    int channelChunks() {
        return ceilDiv(d, Product.DEPTH);
    }

    /** Channels of a chunk of channels. */
    int channels(int chunk) {
        return Math.min(Product.DEPTH, d - chunk * Product.DEPTH);
    }

    // ---- queries ---------------------------------------------------------------------------------------------------------------

    int tiles() {
        return ceilDiv(queries, mostRows);
    }

    /** Queries of a tile, a multiple of {@link Tile#ROWS}: tiles are as even as they can be, and the last one may have fewer. */
    int rows() {
        return ceilDiv(ceilDiv(queries, tiles()), Tile.ROWS) * Tile.ROWS;
    }

    /** Queries of one tile. */
    int rows(int tile) {
        return Math.min(rows(), queries - tile * rows());
    }

    /** Floats from a column block of a tile to the next: one row more than there are, since powers of two all meet in the same cache sets. */
    int step() {
        return (rows() + 1) * BLOCK;
    }

    /** Floats of a tile of channels by rows: [chunk of channels][row][{@link Product#ROW}]. */
    int rowFloats() {
        return channelChunks() * rows() * Product.ROW;
    }

    /** Where a channel block begins in a tile of channels by rows. */
    int rowBlock(int block) {
        int channel = block * BLOCK;
        return channel / Product.DEPTH * rows() * Product.ROW + channel % Product.DEPTH;
    }

    // ---- keys ------------------------------------------------------------------------------------------------------------------

    int keyBlocks() {
        return ceilDiv(keys, BLOCK);
    }

    int chunks() {
        return ceilDiv(keys, mostKeys);
    }

    /** Key blocks of a chunk; the last one may have fewer. */
    int chunkBlocks() {
        return ceilDiv(keyBlocks(), chunks());
    }

    /** The first key of a chunk. */
    int firstKey(int chunk) {
        return chunk * chunkBlocks() * BLOCK;
    }

    /** Keys of one chunk. */
    int keys(int chunk) {
        return Math.min(chunkBlocks() * BLOCK, keys - firstKey(chunk));
    }

    /** 1/√d, what scores are scaled by. */
    float scale() {
        return (float) (1 / Math.sqrt(d));
    }

    static int ceilDiv(int a, int b) {
        return (a + b - 1) / b;
    }
}
