package sirocco.cpu.tokens;

import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/** y[i] = row ids[i] of a table, and the gradient of the table, for any number of dense tokens. */
public final class Embedding {
    /** Floats of an item. */
    private static final int ITEM = 16384;
    /** Channels of an item of the reverse pass. */
    private static final int CHANNELS = 64;

    private final int count;
    private final int rows;
    private final int width;
    private final int perItem;
    private final Workers workers;
    private final Workers.Task look = this::look;
    private final Workers.Task add = this::add;
    private int[] ids;
    private Slice table;
    private Slice y;

    /**
     * @param count tokens
     * @param rows of the table
     * @param width channels of a row
     */
    public Embedding(int count, int rows, int width, Workers workers) {
        this.count = count;
        this.rows = rows;
        this.width = width;
        this.workers = workers;
        perItem = Math.max(1, ITEM / width);
    }

    /** @throws IllegalArgumentException for an id that is not 0 … rows − 1, before anything is written */
    public void run(int[] ids, Slice table, Slice y) {
        bind(ids, table, y);
        workers.run((count + perItem - 1) / perItem, look);
    }

    /** Adds each token's gradient to its row, in the order of the tokens. */
    public void runBackward(int[] ids, Slice dy, Slice dTable) {
        bind(ids, dTable, dy);
        workers.run((width + CHANNELS - 1) / CHANNELS, add);
    }

    private void bind(int[] ids, Slice table, Slice y) {
        Ids.check(ids, count, rows, "token");
        this.ids = ids;
        this.table = table;
        this.y = y;
    }

    private void look(int item, int worker) {
        for (int i = item * perItem; i < Math.min(count, (item + 1) * perItem); i++) {
            System.arraycopy(table.array(), table.offset() + ids[i] * width, y.array(), y.offset() + i * width, width);
        }
    }

    private void add(int item, int worker) {
        int first = item * CHANNELS;
        int n = Math.min(CHANNELS, width - first);
        for (int i = 0; i < count; i++) {
            add(y.array(), y.offset() + i * width + first, table.array(), table.offset() + ids[i] * width + first, n);
        }
    }

    private static void add(float[] x, int i, float[] sum, int j, int n) {
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector.fromArray(F, sum, j + e).add(FloatVector.fromArray(F, x, i + e)).intoArray(sum, j + e);
        }
        for (int e = whole; e < n; e++) {
            sum[j + e] += x[i + e];
        }
    }
}
