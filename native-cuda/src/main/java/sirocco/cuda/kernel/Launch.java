package sirocco.cuda.kernel;

import java.util.List;
import sirocco.gpu.PhiloxBlocks;

/**
 * A kernel's launch with all that it is given. Arguments are fixed once a plan is loaded: what changes from run to run is read from values
 * on the device.
 *
 * @param kernel its name
 * @param block threads in a block
 * @param sharedBytes dynamic shared memory
 * @param arguments in the kernel's order: Long for a pointer or a 64-bit integer, Integer, Float,
 *     {@link TensorMap}, or byte[] for another structure
 */
public record Launch(String kernel, int gridX, int gridY, int gridZ, int block, int sharedBytes, List<Object> arguments) {
    /** Threads in a block of kernels that go over elements one by one. */
    public static final int BLOCK = 256;

    public Launch {
        if (gridX < 1 || gridY < 1 || gridZ < 1 || gridY > 65535 || gridZ > 65535 || block < 1 || block > 1024) {
            throw new IllegalArgumentException("kernel %s: cannot be launched as %d×%d×%d blocks of %d threads".formatted(kernel, gridX, gridY, gridZ, block));
        }
    }

    /** As many threads as asked for, and those that fill the last block of {@value #BLOCK}. */
    public static Launch threads(String kernel, long threads, Object... arguments) {
        return new Launch(kernel, Math.toIntExact(blocks(threads, BLOCK)), 1, 1, BLOCK, 0, List.of(arguments));
    }

    /** Blocks of {@value #BLOCK} threads. */
    public static Launch blocks(String kernel, long gridX, int gridY, int gridZ, Object... arguments) {
        return new Launch(kernel, Math.toIntExact(gridX), gridY, gridZ, BLOCK, 0, List.of(arguments));
    }

    /** A thread for each Philox block of each image: see {@link PhiloxBlocks}. */
    static Launch noise(String kernel, int images, int elements, Object... arguments) {
        return blocks(kernel, blocks(PhiloxBlocks.count(elements), BLOCK), images, 1, arguments);
    }

    public Launch withBlock(int threads) {
        return new Launch(kernel, gridX, gridY, gridZ, threads, sharedBytes, arguments);
    }

    public Launch withShared(int bytes) {
        return new Launch(kernel, gridX, gridY, gridZ, block, bytes, arguments);
    }

    /** n / size, rounded up. */
    public static long blocks(long n, long size) {
        return Math.ceilDiv(n, size);
    }
}
