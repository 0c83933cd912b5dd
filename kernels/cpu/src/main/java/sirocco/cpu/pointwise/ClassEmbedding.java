package sirocco.cpu.pointwise;

import sirocco.cpu.Layout;
import sirocco.cpu.Workers;

/** y[i] = row ids[i] of a table, and the gradient of the table. Tables are small; everything runs on the calling thread. */
public final class ClassEmbedding implements Workers.Task {
    private final Workers workers;
    private final Layout layout;
    private final int rows;
    private int[] ids;
    private int offsetIds;
    private float[] table;
    private int offsetTable;
    private float[] y;
    private int offsetY;
    private boolean backward;

    /**
     * @param y [n,1,1,dim], the embedding or its gradient
     * @param rows of the table; a row for "no class" is one of them
     */
    public ClassEmbedding(Layout y, int rows, Workers workers) {
        Shapes.check(y.h() == 1 && y.w() == 1 && rows > 0, "embedding of one of " + rows + " classes into y [n,1,1,dim]", y);
        this.workers = workers;
        this.rows = rows;
        layout = y;
    }

    /**
     * Looks up.
     *
     * @param ids [n], each 0 … rows − 1
     * @param table [rows][dim] dense
     * @throws IllegalArgumentException for another id, before anything is written
     */
    public void run(int[] ids, int offsetIds, float[] table, int offsetTable, float[] y, int offsetY) {
        set(ids, offsetIds, table, offsetTable, y, offsetY, false);
        workers.run(1, this);
    }

    /**
     * Adds each image's gradient to its row, in the order of the images.
     *
     * @param dy [n,1,1,dim]
     * @param dtable [rows][dim] dense, accumulated
     */
    public void runBackward(int[] ids, int offsetIds, float[] dy, int offsetDy, float[] dtable, int offsetDtable) {
        set(ids, offsetIds, dtable, offsetDtable, dy, offsetDy, true);
        workers.run(1, this);
    }

    private void set(int[] ids, int offsetIds, float[] table, int offsetTable, float[] y, int offsetY, boolean backward) {
        for (int i = 0; i < layout.n(); i++) {
            int id = ids[offsetIds + i];
            if (id < 0 || id >= rows) {
                throw new IllegalArgumentException("class of image " + i + ": expected 0 to " + (rows - 1) + ", got " + id);
            }
        }
        this.ids = ids;
        this.offsetIds = offsetIds;
        this.table = table;
        this.offsetTable = offsetTable;
        this.y = y;
        this.offsetY = offsetY;
        this.backward = backward;
    }

    @Override
    public void run(int item, int worker) {
        int dim = layout.c();
        for (int image = 0; image < layout.n(); image++) {
            int row = offsetTable + ids[offsetIds + image] * dim;
            if (backward) {
                for (int c = 0; c < dim; c++) {
                    table[row + c] += y[offsetY + layout.index(image, 0, 0, c)];
                }
            } else {
                Halo.clear(y, offsetY, layout, image);
                Pixels.store(table, row, y, offsetY, layout, image, 0, 1);
            }
        }
    }
}
