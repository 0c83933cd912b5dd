package sirocco.cpu.conv;

import static sirocco.cpu.conv.Taps.ceilDiv;

import sirocco.cpu.Layout;

/**
 * How many tiles a Winograd convolution takes through its three steps at a time. A matter of time only: a tile's result does not depend on
 * its neighbours.
 *
 * @param tiles of a block
 * @param shared whether all threads work on one block together
 */
record WinogradBlocks(int tiles, boolean shared) {
    /** Floats of transformed weights that stay in a level-2 cache from block to block, beside the planes of a few tiles. */
    private static final int KEPT_WEIGHTS = 320 * 1024;
    /** Floats that they and the planes are to fit into: most of 2 MiB. */
    private static final int CACHE = 448 * 1024;
    /** What shares the reading of weights that do not stay. */
    private static final int MOST_TILES = 64;
    private static final int LEAST_TILES = 16;
    /** With no more tiles than these, and weights that do not stay, it is the reading of weights that takes the time. */
    private static final int FEW_TILES = 4 * MOST_TILES;
    /** Floats of planes that a single image may have: 2.5 MiB. */
    private static final int MOST_OF_AN_IMAGE = 640 * 1024;
    /** Rows of the largest register tile. */
    private static final int ROWS = 8;

    static WinogradBlocks of(int tiles, int innerBlocks, int outerBlocks, int threads) {
        int inner = innerBlocks * Layout.BLOCK;
        int outer = outerBlocks * Layout.BLOCK;
        long weights = (long) Winograd.PLANES * inner * outer;
        if (weights > KEPT_WEIGHTS && tiles > FEW_TILES) {
            return new WinogradBlocks(MOST_TILES, false);
        }
        if (weights > KEPT_WEIGHTS) {
            // A single image's planes would be half of all the memory that a batch of one takes: two blocks then.
            boolean halved = tiles <= MOST_TILES && (long) Winograd.PLANES * tiles * (inner + outer) > MOST_OF_AN_IMAGE;
            return new WinogradBlocks(halved ? ceilDiv(ceilDiv(tiles, 2), ROWS) * ROWS : tiles, true);
        }
        long ofTile = (long) Winograd.PLANES * (inner + outer);
        int fit = (int) Math.clamp((CACHE - weights) / ofTile / ROWS * ROWS, LEAST_TILES, MOST_TILES);
        int even = ceilDiv(ceilDiv(tiles, 2 * threads), ROWS) * ROWS;
        return new WinogradBlocks(Math.min(tiles, Math.min(fit, even)), false);
    }
}
