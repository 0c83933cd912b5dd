package sirocco.cpu.movement;

import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/** Copies contiguous floats. */
public final class Copy implements Workers.Task {
    private static final int ITEM = 32768;

    private final int count;
    private final Workers workers;
    private Slice x;
    private Slice y;

    /** @param count floats */
    public Copy(int count, Workers workers) {
        this.count = count;
        this.workers = workers;
    }

    /** x and y must not overlap. */
    public void run(Slice x, Slice y) {
        this.x = x;
        this.y = y;
        workers.run(count / ITEM + (count % ITEM == 0 ? 0 : 1), this);
    }

    @Override
    public void run(int item, int worker) {
        int first = item * ITEM;
        System.arraycopy(x.array(), x.offset() + first, y.array(), y.offset() + first, Math.min(ITEM, count - first));
    }
}
