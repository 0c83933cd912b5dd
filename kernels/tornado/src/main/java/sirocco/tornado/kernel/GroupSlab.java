package sirocco.tornado.kernel;

/**
 * How GroupNorm's kernels cut a tensor [images, pixels, channels]: into slabs of channels that hold whole groups of channels, and along pixels
 * into pieces. A work group has a piece of a slab: its items lie side by side along channels, so that what they read is in one piece too, and the
 * rest of them along pixels. Work groups are (slabs, pieces, images).
 *
 * @param groups groups of channels in a slab; the last slab may have fewer
 * @param slabs of an image
 * @param piece pixels of a piece; the last may have fewer
 * @param pieces of an image
 */
record GroupSlab(int groups, int slabs, int piece, int pieces) {
    /** Work items of a work group. */
    static final int ITEMS = 256;

    /** Channels that are worth reading side by side: two lines of a cache. */
    private static final int WIDTH = 64;

    /** Pixels of an item, below which merging pieces costs more than it brings. */
    private static final int PIXELS = 8;

    /**
     * Work groups that keep a large GPU busy: some 1000 are there at a time, and with a few times as many the last of them, which leave others idle, are a
     * small share.
     */
    private static final int BUSY = 4096;

    static GroupSlab of(int images, int pixels, int channels, int allGroups) {
        int groupWidth = channels / allGroups;
        int slabs = (int) Launch.ceilDiv(allGroups, Math.max(1, WIDTH / groupWidth));
        int groups = (int) Launch.ceilDiv(allGroups, slabs);
        int rows = rows(lanes(groups, groupWidth));
        int wanted = (int) Math.min(Launch.ceilDiv(pixels, PIXELS * rows), Launch.ceilDiv(BUSY, (long) slabs * images));
        int piece = (int) Launch.ceilDiv(pixels, wanted);
        return new GroupSlab(groups, (int) Launch.ceilDiv(allGroups, groups), piece, (int) Launch.ceilDiv(pixels, piece));
    }

    // ---- what kernels ask, of constants ----------------------------------------------------------------------------------------

    /** Items side by side along the slab's channels; a group wider than the work group is gone over in steps. */
    static int lanes(int slabGroups, int groupWidth) {
        return Math.min(slabGroups * groupWidth, ITEMS);
    }

    /** Items along pixels; a few are left over. */
    static int rows(int lanes) {
        return ITEMS / lanes;
    }
}
