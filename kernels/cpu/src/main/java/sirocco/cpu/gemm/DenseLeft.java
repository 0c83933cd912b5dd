package sirocco.cpu.gemm;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.LANES;
import static sirocco.cpu.Simd.load;
import static sirocco.cpu.gemm.Product.DEPTH;
import static sirocco.cpu.gemm.Product.ROW;

import java.util.Arrays;

/** Row-major matrices, or their transposes, times a factor, as a left operand. */
final class DenseLeft implements Left {
    private final Matrix matrix;
    private final boolean transposed;
    private float[] array;
    private int offset;
    private float factor;

    DenseLeft(Matrix matrix, boolean transposed) {
        this.matrix = matrix;
        this.transposed = transposed;
    }

    /** @param offset of matrix 0 */
    void bind(float[] array, int offset, float factor) {
        this.array = array;
        this.offset = offset;
        this.factor = factor;
    }

    @Override
    public boolean columns() {
        return transposed;
    }

    @Override
    public boolean inPlace() {
        return false;
    }

    @Override
    public float[] array() {
        throw new UnsupportedOperationException();
    }

    @Override
    public int at(int batch, int block, int k) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void pack(int batch, int row, int rows, int k, int terms, int depth, float[] to, int at, int chunkStep) {
        int from = offset + batch * matrix.batchStride();
        if (transposed) {
            for (int i = 0; i < terms; i++) {
                column(from + (k + i) * matrix.stride() + row, rows, to, at + i / depth * chunkStep + i % depth * BLOCK);
            }
            return;
        }
        for (int i = 0; i < rows; i++) {
            int source = from + (row + i) * matrix.stride() + k;
            for (int start = 0; start < terms; start += depth) {
                row(source + start, Math.min(depth, terms - start), to, at + start / depth * chunkStep + i * ROW);
            }
        }
        for (int start = 0; start < terms; start += depth) {
            for (int i = rows; i < (rows + 7) / 8 * 8; i++) {
                int target = at + start / depth * chunkStep + i * ROW;
                Arrays.fill(to, target, target + depth, 0f);
            }
        }
    }

    private void row(int from, int count, float[] to, int at) {
        if (factor == 1) {
            System.arraycopy(array, from, to, at, count);
            return;
        }
        int i = 0;
        for (; i + LANES <= count; i += LANES) {
            load(array, from + i).mul(factor).intoArray(to, at + i);
        }
        for (; i < count; i++) {
            to[at + i] = array[from + i] * factor;
        }
    }

    /** One column of all rows, to their blocks of 16. */
    private void column(int from, int rows, float[] to, int at) {
        int i = 0;
        for (; i + LANES <= rows; i += LANES) {
            load(array, from + i).mul(factor).intoArray(to, at + i / BLOCK * (BLOCK * DEPTH) + i % BLOCK);
        }
        for (; i < rows; i++) {
            to[at + i / BLOCK * (BLOCK * DEPTH) + i % BLOCK] = array[from + i] * factor;
        }
        for (; i % BLOCK != 0; i++) {
            to[at + i / BLOCK * (BLOCK * DEPTH) + i % BLOCK] = 0;
        }
    }
}
