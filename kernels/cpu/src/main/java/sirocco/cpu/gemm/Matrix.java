package sirocco.cpu.gemm;

/**
 * A batch of dense row-major matrices in memory.
 *
 * @param rows of a matrix as stored
 * @param columns of a matrix as stored, contiguous
 * @param stride floats from a row to the next one, at least {@code columns}
 * @param batchStride floats from a matrix to the next one; 0 repeats one matrix
 */
public record Matrix(int rows, int columns, int stride, int batchStride) {
    public Matrix {
        if (rows < 1 || columns < 1 || stride < columns || batchStride < 0) {
            throw new IllegalArgumentException("matrix: expected rows and columns >= 1, stride >= columns and batchStride >= 0, got " + rows + " × "
                    + columns + ", stride " + stride + ", batchStride " + batchStride);
        }
    }

    /** Matrices without gaps. */
    public static Matrix dense(int rows, int columns) {
        return new Matrix(rows, columns, columns, Math.multiplyExact(rows, columns));
    }
}
