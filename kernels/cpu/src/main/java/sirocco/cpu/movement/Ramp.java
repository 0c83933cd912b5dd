package sirocco.cpu.movement;

import java.util.Arrays;
import sirocco.api.Axis;
import sirocco.api.Shape;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/** y's element number i along an axis is start + step·i, the same along the others. Dense. */
public final class Ramp implements Workers.Task {
    /** Floats of an item. */
    private static final int ITEM = 16384;

    private final Shape shape;
    private final Axis axis;
    private final double start;
    private final double step;
    private final int rows;
    private final int perItem;
    private final Workers workers;
    private Slice y;

    public Ramp(double start, double step, Axis axis, Shape shape, Workers workers) {
        this.shape = shape;
        this.axis = axis;
        this.start = start;
        this.step = step;
        this.workers = workers;
        rows = Math.toIntExact(shape.elements() / shape.c());
        perItem = Math.max(1, ITEM / shape.c());
    }

    public void run(Slice y) {
        this.y = y;
        workers.run((rows + perItem - 1) / perItem, this);
    }

    @Override
    public void run(int item, int worker) {
        for (int row = item * perItem; row < Math.min(rows, (item + 1) * perItem); row++) {
            int at = y.offset() + row * shape.c();
            if (axis == Axis.C && step != 0) {
                for (int c = 0; c < shape.c(); c++) {
                    y.array()[at + c] = (float) (start + step * c);
                }
            } else {
                int i = switch (axis) {
                    case N -> row / shape.w() / shape.h();
                    case H -> row / shape.w() % shape.h();
                    case W -> row % shape.w();
                    case C -> 0;
                };
                Arrays.fill(y.array(), at, at + shape.c(), (float) (start + step * i));
            }
        }
    }
}
