package sirocco.cpu.pointwise;

import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import sirocco.cpu.Layout;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/** y_j = Σ_k C[row, j, k] · x_k, the terms added in order of k: linear combinations of values of one shape, all plain or all blocked. */
public final class Combine implements Workers.Task {
    private final Layout[] layoutX;
    private final Layout[] layoutY;
    private final Spans spans;
    private final int tableRows;
    private final Workers workers;
    private Slice[] x;
    private Slice[] y;
    private Slice table;
    private int[] rows;

    /** @param tableRows rows of the table */
    public Combine(Layout[] x, Layout[] y, int tableRows, Workers workers) {
        layoutX = x.clone();
        layoutY = y.clone();
        this.tableRows = tableRows;
        this.workers = workers;
        Layout[] all = new Layout[x.length + y.length];
        System.arraycopy(x, 0, all, 0, x.length);
        System.arraycopy(y, 0, all, x.length, y.length);
        spans = new Spans(all);
    }

    /**
     * @param table [rows][y.length][x.length]
     * @param rows the row of all images, or one for each
     * @param x, y no y may overlap an x
     * @throws IllegalStateException for a row that the table does not have, before anything is written
     */
    public void run(Slice table, int[] rows, Slice[] x, Slice[] y) {
        for (int row : rows) {
            Shapes.checkRow(row, tableRows);
        }
        this.table = table;
        this.rows = rows;
        this.x = x;
        this.y = y;
        workers.run(spans.items(), this);
    }

    @Override
    public void run(int item, int worker) {
        for (int s = spans.first(item); s < spans.end(item); s++) {
            int row = rows[rows.length == 1 ? 0 : spans.image(s)];
            int c = table.offset() + row * y.length * x.length;
            int n = spans.length(s);
            for (int j = 0; j < y.length; j++) {
                float[] to = y[j].array();
                spans.clearHalo(to, y[j].offset(), layoutY[j], s);
                int at = y[j].offset() + spans.offset(layoutY[j], s);
                scaled(table.array()[c + j * x.length], x[0].array(), x[0].offset() + spans.offset(layoutX[0], s), to, at, n);
                for (int k = 1; k < x.length; k++) {
                    add(table.array()[c + j * x.length + k], x[k].array(), x[k].offset() + spans.offset(layoutX[k], s), to, at, n);
                }
            }
        }
    }

    private static void scaled(float c, float[] x, int i, float[] y, int j, int n) {
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector.fromArray(F, x, i + e).mul(c).intoArray(y, j + e);
        }
        for (int e = whole; e < n; e++) {
            y[j + e] = c * x[i + e];
        }
    }

    private static void add(float c, float[] x, int i, float[] y, int j, int n) {
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector.fromArray(F, x, i + e).fma(FloatVector.broadcast(F, c), FloatVector.fromArray(F, y, j + e)).intoArray(y, j + e);
        }
        for (int e = whole; e < n; e++) {
            y[j + e] = Math.fma(x[i + e], c, y[j + e]);
        }
    }
}
