package sirocco.cuda.kernel;

import sirocco.api.Shape;

/**
 * How the vectorised kernels of GroupNorm cut a tensor: a thread block has a slab, whole groups whose channels take a multiple of 16 bytes.
 *
 * @param tensors how many of x's shape a block goes over
 */
record NormSlabs(Shape x, int groups, Target target, int tensors) {
    /** What a pixel's piece has at least, if there is memory for it: a sector, the least that DRAM gives. */
    private static final int SECTOR = 32;
    /** And at most: a line. */
    private static final int LINE = 128;
    /** Thread blocks that should fit on a multiprocessor, so that some load while others compute. */
    private static final int RESIDENT = 4;
    private static final int THREADS = 256;
    /** Pixels of a piece at least: fewer are not worth a block. */
    private static final int FEWEST_PIXELS = 16;

    boolean fits() {
        return x.c() % vector() == 0 && unit() / vector() <= THREADS && x.n() <= 65535;
    }

    /** Whether all pixels of a slab fit in a multiprocessor's shared memory. */
    boolean holdsAllPixels() {
        return fits() && heldShared(unit()) <= target.sharedBytes();
    }

    private int vector() {
        return target.activations().vector();
    }

    int pixels() {
        return x.h() * x.w();
    }

    /** The fewest channels that are whole groups and whole vectors. */
    private int unit() {
        int group = x.c() / groups;
        int unit = group;
        while (unit % vector() != 0) {
            unit += group;
        }
        return unit;
    }

    private int bytes(int channels) {
        return channels * target.activations().bytes();
    }

    private int slabs(int width) {
        return (x.c() + width - 1) / width;
    }

    /** Channels of a slab where a block holds all its pixels: more for whole lines, fewer for enough blocks. */
    int heldWidth() {
        int width = unit();
        while (2 * width <= x.c() && 2 * width / vector() <= THREADS && wider(width, heldShared(2 * width), slabs(2 * width) * x.n())) {
            width *= 2;
        }
        return width;
    }

    private boolean wider(int width, long shared, long blocks) {
        if (bytes(width) < SECTOR) {
            return shared <= target.sharedBytes() && blocks >= target.multiprocessors();
        }
        return bytes(2 * width) <= LINE && shared <= target.sharedBytes() / RESIDENT && blocks >= 2L * target.multiprocessors();
    }

    /** Shared memory of a block that holds all pixels. */
    long heldShared(int width) {
        return heldShared(pixels(), width);
    }

    /** That of one which holds some: the tensors, two numbers for each group, and room for sums. */
    long heldShared(int pixels, int width) {
        return (long) tensors * pixels * bytes(width) + 2L * width * Float.BYTES + sumBytes(width);
    }

    /** What sums of each channel take, of as many numbers as tensors: the sums, those of parts, and those of threads. */
    int sumBytes(int width) {
        return tensors * (width + Math.max(THREADS, width) + THREADS * vector()) * Float.BYTES;
    }

    // ---- where pixels are cut into pieces ------------------------------------------------------------------------------------------

    /** Channels of a slab: a line of them. */
    int pieceWidth() {
        int width = unit();
        while (2 * width <= x.c() && bytes(2 * width) <= LINE) {
            width *= 2;
        }
        return width;
    }

    boolean fitsInPieces() {
        return fits() && mostPixels() > 0;
    }

    /** Pixels that a block can hold at most. */
    private long mostPixels() {
        return (target.sharedBytes() / RESIDENT - heldShared(0, pieceWidth())) / ((long) tensors * bytes(pieceWidth()));
    }

    /** Pixels of a piece: as many as fill the device twice, and fit. */
    int piecePixels() {
        long fill = Launch.blocks((long) pixels() * slabs(pieceWidth()) * x.n(), 2L * target.multiprocessors());
        return (int) Math.min(Math.max(FEWEST_PIXELS, fill), mostPixels());
    }

    int pieces() {
        return (int) Launch.blocks(pixels(), piecePixels());
    }

    /** Blocks of slabs, of pieces and of images. */
    Launch launch(String kernel, int width, int pieces, long shared, Object... arguments) {
        return Launch.blocks(kernel, slabs(width), pieces, x.n(), arguments).withBlock(THREADS).withShared(Math.toIntExact(shared));
    }

    /** The last step of the gradients: sums [n, c, 2] over images. */
    static Launch parameters(Shape x, long sums, long dGamma, long dBeta) {
        return Launch.blocks("group_norm_parameters", Launch.blocks(x.c(), 32), 1, 1, sums, x.n(), x.c(), dGamma, dBeta);
    }
}
