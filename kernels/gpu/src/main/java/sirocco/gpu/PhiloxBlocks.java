package sirocco.gpu;

import sirocco.api.Philox;

/** Work division of kernels that draw noise: one work item for each Philox block, whose four words belong to elements {@value #PER_GROUP} apart. */
public final class PhiloxBlocks {
    private static final int WORDS = 4;
    private static final int PER_GROUP = Philox.GROUP / WORDS;

    private PhiloxBlocks() { }

    /** Returns the number of blocks for a sample with {@code elements} elements. */
    public static long count(long elements) {
        return Math.ceilDiv(elements, Philox.GROUP) * PER_GROUP;
    }
}
