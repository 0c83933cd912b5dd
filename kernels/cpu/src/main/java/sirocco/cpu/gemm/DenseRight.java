package sirocco.cpu.gemm;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.LANES;
import static sirocco.cpu.Simd.load;
import static sirocco.cpu.gemm.Blocking.ceilDiv;
import static sirocco.cpu.gemm.Product.DEPTH;

import java.util.Arrays;
import sirocco.cpu.Workers;

/**
 * Row-major matrices, or their transposes, as a right operand: packed once for all rows, in a loop of its own before the product, or as
 * needed where one block of rows reads them.
 */
final class DenseRight implements Right, Workers.Task {
    /** Blocks that are packed together, so that a row is read in pieces of 512 bytes. */
    private static final int GROUP = 8;

    private final Matrix matrix;
    private final boolean transposed;
    private final int n;
    private final int k;
    private final int blocks;
    private final int chunks;
    private final int groups;
    private float[] array;
    private int offset;
    /** Null if panels are packed as needed. */
    private float[] packed;
    private int packedAt;

    DenseRight(Matrix matrix, boolean transposed) {
        this.matrix = matrix;
        this.transposed = transposed;
        n = transposed ? matrix.rows() : matrix.columns();
        k = transposed ? matrix.columns() : matrix.rows();
        blocks = ceilDiv(n, BLOCK);
        chunks = ceilDiv(k, DEPTH);
        groups = ceilDiv(blocks, GROUP);
    }

    /** Floats of {@code count} packed matrices; one matrix that repeats is packed once. */
    long packedFloats(int count) {
        return (long) distinct(count) * blocks * k * BLOCK;
    }

    private int distinct(int count) {
        return matrix.batchStride() == 0 ? 1 : count;
    }

    /** @param offset of matrix 0 */
    void bind(float[] array, int offset) {
        this.array = array;
        this.offset = offset;
    }

    /** Takes matrices that {@link #packAll} has packed before. */
    void bindPacked(float[] array, int at) {
        packed = array;
        packedAt = at;
    }

    /** Packs the first {@code count} matrices for the products to come. */
    void packAll(int count, float[] to, int at, Workers workers) {
        packed = to;
        packedAt = at;
        workers.run(distinct(count) * groups * chunks, this);
    }

    @Override
    public void run(int item, int worker) {
        int row = item % chunks * DEPTH;
        int block = item / chunks % groups * GROUP;
        int batch = item / chunks / groups;
        pack(batch, block, Math.min(GROUP, blocks - block), row, Math.min(DEPTH, k - row), packed,
                packedAt + ((batch * blocks + block) * k + row) * BLOCK, k * BLOCK);
    }

    @Override
    public int panels() {
        return ceilDiv(blocks, 2);
    }

    @Override
    public int blocks(int panel) {
        return Math.min(2, blocks - 2 * panel);
    }

    @Override
    public float[] array() {
        return packed;
    }

    @Override
    public int at(int batch, int panel, int row) {
        return packedAt + (((matrix.batchStride() == 0 ? 0 : batch) * blocks + 2 * panel) * k + row) * BLOCK;
    }

    @Override
    public int blockStep() {
        return k * BLOCK;
    }

    @Override
    public void pack(int batch, int panel, int row, int depth, float[] to, int at, int step) {
        pack(batch, 2 * panel, blocks(panel), row, depth, to, at, step);
    }

    private void pack(int batch, int block, int count, int row, int depth, float[] to, int at, int step) {
        int from = offset + batch * matrix.batchStride();
        int columns = Math.min(count * BLOCK, n - block * BLOCK);
        if (!transposed) {
            from += row * matrix.stride() + block * BLOCK;
            for (int i = 0; i < depth; i++) {
                row(from + i * matrix.stride(), columns, to, at + i * BLOCK, step);
            }
            return;
        }
        from += block * BLOCK * matrix.stride() + row;
        for (int b = 0; b < count; b++) {
            int here = Math.min(BLOCK, columns - b * BLOCK);
            if (here < BLOCK) {
                Arrays.fill(to, at + b * step, at + b * step + depth * BLOCK, 0f);
            }
            Transpose.toBlock(array, from + b * BLOCK * matrix.stride(), matrix.stride(), here, depth, to, at + b * step);
        }
    }

    private void row(int from, int count, float[] to, int at, int step) {
        int j = 0;
        for (; j + LANES <= count; j += LANES) {
            load(array, from + j).intoArray(to, at + j / BLOCK * step + j % BLOCK);
        }
        for (; j < count; j++) {
            to[at + j / BLOCK * step + j % BLOCK] = array[from + j];
        }
        for (; j % BLOCK != 0; j++) {
            to[at + j / BLOCK * step + j % BLOCK] = 0;
        }
    }
}
