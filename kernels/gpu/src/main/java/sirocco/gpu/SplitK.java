package sirocco.gpu;

/**
 * Division of a matrix product's depth among work groups: each sums over consecutive K-tiles, and the partial sums are added in their order.
 *
 * @param splits partial sums, at least 1
 * @param tilesPerSplit K-tiles of each partial sum; the last may have fewer
 */
public record SplitK(int splits, int tilesPerSplit) {
    /**
     * Divides as evenly as whole K-tiles allow. Every partial sum has at least one K-tile, so there may be fewer than requested.
     *
     * @param kTiles of the whole depth, at least 1
     * @param most partial sums at most, at least 1
     */
    public static SplitK of(long kTiles, long most) {
        int each = Math.toIntExact(Math.ceilDiv(kTiles, most));
        return new SplitK(Math.toIntExact(Math.ceilDiv(kTiles, each)), each);
    }

    /** Returns the algorithm's name with the number of partial sums, if there are several. */
    public String label(String algorithm) {
        return splits > 1 ? algorithm + ", " + splits + " parts" : algorithm;
    }
}
