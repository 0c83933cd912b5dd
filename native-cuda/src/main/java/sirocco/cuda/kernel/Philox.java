package sirocco.cuda.kernel;

/** How kernels that draw noise are laid out: a thread for each Philox block, whose four words belong to elements 16 apart. */
final class Philox {
    private static final int ELEMENTS = sirocco.api.Philox.GROUP;
    private static final int THREADS = 16;

    private Philox() { }

    /** Thread blocks for all elements of an image. */
    static long threadBlocks(int elements) {
        return Launch.blocks(Launch.blocks(elements, ELEMENTS) * THREADS, Launch.BLOCK);
    }
}
