package sirocco.cpu.pointwise;

import sirocco.api.Axis;
import sirocco.api.BinaryFunction;
import sirocco.api.Shape;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/**
 * y = f(a, b) of dense operands, either of which has size 1 along axes where the other has not. Neighbouring axes along which the operands are broadcast
 * alike count as one; the last such axis is a row, of which an operand has as many numbers or one.
 */
public final class Broadcast implements Workers.Task {
    /** Elements of an item. */
    private static final int ITEM = 16384;
    private static final int AXES = 4;

    private final BinaryFunction function;
    private final Workers workers;
    /** Sizes of y, outermost first, and floats between neighbours along an axis, 0 where an operand is broadcast. */
    private final int[] size = new int[AXES];
    private final int[] stepA = new int[AXES];
    private final int[] stepB = new int[AXES];
    private final int row;
    private final int rows;
    private final int perItem;
    private float[] a;
    private float[] b;
    private float[] y;
    private int offsetA;
    private int offsetB;
    private int offsetY;

    public Broadcast(BinaryFunction function, Shape a, Shape b, Workers workers) {
        this.function = function;
        this.workers = workers;
        int last = AXES;
        boolean alongA = false;
        boolean alongB = false;
        int floatsA = 1;
        int floatsB = 1;
        for (int i = AXES - 1; i >= 0; i--) {
            int ofA = a.size(Axis.values()[i]);
            int ofB = b.size(Axis.values()[i]);
            int ofY = Math.max(ofA, ofB);
            if (ofY == 1) {
                continue;
            }
            if (last == AXES || alongA != (ofA > 1) || alongB != (ofB > 1)) {
                last--;
                size[last] = 1;
                stepA[last] = ofA > 1 ? floatsA : 0;
                stepB[last] = ofB > 1 ? floatsB : 0;
                alongA = ofA > 1;
                alongB = ofB > 1;
            }
            size[last] *= ofY;
            floatsA *= ofA;
            floatsB *= ofB;
        }
        if (last == AXES) {
            last--;
            size[last] = 1;
        }
        while (last > 0) {
            size[--last] = 1;
        }
        row = size[AXES - 1];
        rows = size[0] * size[1] * size[2];
        perItem = Math.max(1, ITEM / row);
    }

    /** y must not overlap a or b. */
    public void run(Slice a, Slice b, Slice y) {
        this.a = a.array();
        this.b = b.array();
        this.y = y.array();
        offsetA = a.offset();
        offsetB = b.offset();
        offsetY = y.offset();
        workers.run((rows + perItem - 1) / perItem, this);
    }

    @Override
    public void run(int item, int worker) {
        for (int r = item * perItem; r < Math.min(rows, (item + 1) * perItem); r++) {
            int third = r % size[2];
            int second = r / size[2] % size[1];
            int first = r / size[2] / size[1];
            int i = offsetA + first * stepA[0] + second * stepA[1] + third * stepA[2];
            int j = offsetB + first * stepB[0] + second * stepB[1] + third * stepB[2];
            int k = offsetY + r * row;
            if (stepB[AXES - 1] == 0) {
                Pairs.scalar(function, a, i, b[j], y, k, row);
            } else if (stepA[AXES - 1] == 0) {
                Pairs.scalar(function, a[i], b, j, y, k, row);
            } else {
                Pairs.vectors(function, a, i, b, j, y, k, row);
            }
        }
    }
}
