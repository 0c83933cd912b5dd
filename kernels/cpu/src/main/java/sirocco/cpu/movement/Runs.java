package sirocco.cpu.movement;

import sirocco.api.Axis;
import sirocco.api.Shape;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/**
 * Copies part of each of a dense value's runs to part of each of another's: concatenation (from all of a run to a part) and slices (from a part to all of a
 * run) along any axis. A run is what lies between two neighbours along the axis before: all elements of the axis and of those behind it.
 */
public final class Runs implements Workers.Task {
    /** Floats of an item. */
    private static final int ITEM = 32768;

    private final int runs;
    private final int runX;
    private final int runY;
    private final int fromX;
    private final int toY;
    private final int floats;
    private final int perItem;
    private final int pieces;
    private final Workers workers;
    private Slice x;
    private Slice y;

    private Runs(int runs, int runX, int fromX, int runY, int toY, int floats, Workers workers) {
        this.runs = runs;
        this.runX = runX;
        this.fromX = fromX;
        this.runY = runY;
        this.toY = toY;
        this.floats = floats;
        this.workers = workers;
        perItem = Math.max(1, ITEM / floats);
        pieces = (floats + ITEM - 1) / ITEM;
    }

    /** y's elements {@code at}, {@code at} + 1, … along the axis = x. */
    public static Runs into(Shape x, Axis axis, int at, Shape y, Workers workers) {
        int behind = behind(x, axis);
        int run = x.size(axis) * behind;
        return new Runs(Math.toIntExact(x.elements() / run), run, 0, y.size(axis) * behind, at * behind, run, workers);
    }

    /** y = x's elements {@code from}, {@code from} + 1, … along the axis. */
    public static Runs outOf(Shape x, Axis axis, int from, Shape y, Workers workers) {
        int behind = behind(x, axis);
        int run = y.size(axis) * behind;
        return new Runs(Math.toIntExact(y.elements() / run), x.size(axis) * behind, from * behind, run, 0, run, workers);
    }

    /** Elements of the axes behind one. */
    private static int behind(Shape s, Axis axis) {
        return switch (axis) {
            case N -> s.h() * s.w() * s.c();
            case H -> s.w() * s.c();
            case W -> s.c();
            case C -> 1;
        };
    }

    /** x and y must not overlap. */
    public void run(Slice x, Slice y) {
        this.x = x;
        this.y = y;
        workers.run(pieces > 1 ? runs * pieces : (runs + perItem - 1) / perItem, this);
    }

    @Override
    public void run(int item, int worker) {
        if (pieces > 1) {
            int run = item / pieces;
            int first = item % pieces * ITEM;
            System.arraycopy(x.array(), x.offset() + run * runX + fromX + first, y.array(), y.offset() + run * runY + toY + first,
                    Math.min(ITEM, floats - first));
            return;
        }
        for (int run = item * perItem; run < Math.min(runs, (item + 1) * perItem); run++) {
            System.arraycopy(x.array(), x.offset() + run * runX + fromX, y.array(), y.offset() + run * runY + toY, floats);
        }
    }
}
