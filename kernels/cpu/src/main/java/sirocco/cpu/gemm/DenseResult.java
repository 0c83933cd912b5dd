package sirocco.cpu.gemm;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.LANES;
import static sirocco.cpu.Simd.load;
import static sirocco.cpu.gemm.Product.PANEL;

import java.util.Arrays;
import sirocco.cpu.Slice;

/** Row-major matrices as a result: c = sum + bias + addend. */
final class DenseResult implements Result {
    private final Matrix matrix;
    /** The last panel's bias can be loaded whole; zeros if there is no bias. */
    private final float[] bias;
    private float[] array;
    private int offset;
    private float[] addend;
    private int addendOffset;

    DenseResult(Matrix matrix) {
        this.matrix = matrix;
        bias = new float[(matrix.columns() + PANEL - 1) / PANEL * PANEL];
    }

    /** @param biasAt, addend null if absent */
    void bind(float[] array, int offset, Slice biasAt, float[] addend, int addendOffset) {
        this.array = array;
        this.offset = offset;
        this.addend = addend;
        this.addendOffset = addendOffset;
        if (biasAt != null) {
            System.arraycopy(biasAt.array(), biasAt.offset(), bias, 0, matrix.columns());
        } else {
            Arrays.fill(bias, 0f);
        }
    }

    @Override
    public float[] array() {
        return array;
    }

    @Override
    public int at(int batch, int row) {
        return offset + batch * matrix.batchStride() + row * matrix.stride();
    }

    @Override
    public int panelAt(int panel) {
        return panel * PANEL;
    }

    @Override
    public int rowStep() {
        return matrix.stride();
    }

    @Override
    public int blockStep() {
        return BLOCK;
    }

    @Override
    public int run() {
        return matrix.rows();
    }

    @Override
    public boolean whole(int panel) {
        int columns = Math.min(PANEL, matrix.columns() - panel * PANEL);
        return columns % BLOCK == 0;
    }

    @Override
    public boolean starts() {
        return addend != null;
    }

    @Override
    public void start(int batch, int row, int rows, int panel, float[] sums, int at) {
        int columns = Math.min(PANEL, matrix.columns() - panel * PANEL);
        int from = addendOffset + batch * matrix.batchStride() + row * matrix.stride() + panel * PANEL;
        for (int i = 0; i < rows; i++) {
            start(from + i * matrix.stride(), columns, panel * PANEL, sums, at + i * PANEL);
        }
    }

    private void start(int from, int columns, int column, float[] sums, int at) {
        int j = 0;
        for (; j + LANES <= columns; j += LANES) {
            load(addend, from + j).add(load(bias, column + j)).intoArray(sums, at + j);
        }
        for (; j < columns; j++) {
            sums[at + j] = addend[from + j] + bias[column + j];
        }
        for (; j < PANEL; j++) {
            sums[at + j] = 0;
        }
    }

    @Override
    public float[] startArray() {
        return bias;
    }

    @Override
    public int startAt(int batch, int row, int panel) {
        return panel * PANEL;
    }

    @Override
    public void store(int batch, int row, int rows, int panel, float[] sums, int at) {
        int columns = Math.min(PANEL, matrix.columns() - panel * PANEL);
        int place = batch * matrix.batchStride() + row * matrix.stride() + panel * PANEL;
        for (int i = 0; i < rows; i++) {
            int from = at + i * PANEL;
            int to = place + i * matrix.stride();
            System.arraycopy(sums, from, array, offset + to, columns);
        }
    }
}
