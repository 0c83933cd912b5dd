package sirocco.cpu.conv;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.LANES;
import static sirocco.cpu.Simd.load;
import static sirocco.cpu.gemm.Product.PANEL;

import sirocco.cpu.Slice;
import sirocco.cpu.gemm.Result;

/** The output pixels of a set of taps as the result of a product: a row for each pixel, sums that start from the addends. */
final class PixelResult implements Result {
    private final View out;
    private final Taps set;
    private final int step;
    private final Addends addends;
    private Slice y;

    /** @param step from one output pixel of the set to the next */
    PixelResult(View out, Taps set, int step, Addends addends) {
        this.out = out;
        this.set = set;
        this.step = step;
        this.addends = addends;
    }

    void bind(Slice y) {
        this.y = y;
    }

    @Override
    public float[] array() {
        return y.array();
    }

    @Override
    public int at(int batch, int row) {
        return place(row, 0);
    }

    private int place(int row, int block) {
        int line = row / set.w();
        return y.offset() + out.at(line / set.h(), block, set.y0() + line % set.h() * step, set.x0() + row % set.w() * step);
    }

    @Override
    public int panelAt(int panel) {
        return 2 * panel * out.plane();
    }

    @Override
    public int rowStep() {
        return step * out.pixel();
    }

    @Override
    public int blockStep() {
        return out.plane();
    }

    @Override
    public int run() {
        return set.w();
    }

    @Override
    public boolean whole(int panel) {
        return out.blocked();
    }

    @Override
    public boolean starts() {
        return !addends.onlyBias();
    }

    @Override
    public void start(int batch, int row, int rows, int panel, float[] sums, int at) {
        for (int i = 0; i < rows;) {
            int line = (row + i) / set.w();
            int x = (row + i) % set.w();
            int run = Math.min(set.w() - x, rows - i);
            for (int block = 2 * panel; block < Math.min(2 * panel + 2, out.blocks()); block++) {
                addends.fill(line / set.h(), block, set.y0() + line % set.h() * step, set.x0() + x * step, step, run, sums,
                        at + i * PANEL + block % 2 * BLOCK, PANEL);
            }
            i += run;
        }
    }

    @Override
    public float[] startArray() {
        return addends.bias();
    }

    @Override
    public int startAt(int batch, int row, int panel) {
        return panel * PANEL;
    }

    @Override
    public void store(int batch, int row, int rows, int panel, float[] sums, int at) {
        for (int i = 0; i < rows; i++) {
            for (int block = 2 * panel; block < Math.min(2 * panel + 2, out.blocks()); block++) {
                int from = at + i * PANEL + block % 2 * BLOCK;
                int to = place(row + i, block);
                if (out.blocked()) {
                    for (int v = 0; v < BLOCK; v += LANES) {
                        load(sums, from + v).intoArray(y.array(), to + v);
                    }
                } else {
                    System.arraycopy(sums, from, y.array(), to, out.c());
                }
            }
        }
    }
}
