package sirocco.cpu.conv;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.gemm.Product.PANEL;

import java.util.Arrays;
import sirocco.cpu.Slice;
import sirocco.cpu.gemm.Result;

/** The dense weights' gradient [k][r][s][c] as the result of a product that is added to it: rows are k, a panel is of one tap. */
final class WeightsResult implements Result {
    private final ConvShape shape;
    private final PixelPanels panels;
    private Slice dw;

    WeightsResult(ConvShape shape, PixelPanels panels) {
        this.shape = shape;
        this.panels = panels;
    }

    void bind(Slice dw) {
        this.dw = dw;
    }

    @Override
    public float[] array() {
        return dw.array();
    }

    @Override
    public int at(int batch, int row) {
        return dw.offset() + row * rowStep();
    }

    @Override
    public int panelAt(int panel) {
        return panels.tap(panel) * shape.c() + panels.block(panel) * BLOCK;
    }

    @Override
    public int rowStep() {
        return shape.r() * shape.s() * shape.c();
    }

    @Override
    public int blockStep() {
        return BLOCK;
    }

    @Override
    public int run() {
        return shape.k();
    }

    private int columns(int panel) {
        return Math.min(PANEL, shape.c() - panels.block(panel) * BLOCK);
    }

    @Override
    public boolean whole(int panel) {
        return columns(panel) % BLOCK == 0;
    }

    @Override
    public boolean starts() {
        return true;
    }

    @Override
    public void start(int batch, int row, int rows, int panel, float[] sums, int at) {
        for (int i = 0; i < rows; i++) {
            int columns = columns(panel);
            System.arraycopy(dw.array(), at(batch, row + i) + panelAt(panel), sums, at + i * PANEL, columns);
            Arrays.fill(sums, at + i * PANEL + columns, at + (i + 1) * PANEL, 0f);
        }
    }

    @Override
    public float[] startArray() {
        throw new UnsupportedOperationException();
    }

    @Override
    public int startAt(int batch, int row, int panel) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void store(int batch, int row, int rows, int panel, float[] sums, int at) {
        for (int i = 0; i < rows; i++) {
            System.arraycopy(sums, at + i * PANEL, dw.array(), at(batch, row + i) + panelAt(panel), columns(panel));
        }
    }
}
