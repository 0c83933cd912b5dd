package sirocco.cpu.movement;

import static sirocco.cpu.Layout.BLOCK;

import java.util.List;
import sirocco.api.Axis;
import sirocco.api.Shape;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/**
 * y's axis i is x's axis order[i]. Dense. Where channels stay the last axis their rows are copied. Otherwise y's rows are gathered from elements that lie
 * apart in x, in tiles of 16 rows that are neighbours along x's channels, so that each cache line of x is used whole.
 */
public final class Permute implements Workers.Task {
    private static final int AXES = 4;
    /** Floats of an item. */
    private static final int ITEM = 16384;

    private final int[] size = new int[AXES];
    /** Floats of x from one element of y to its neighbour along each of y's axes. */
    private final int[] step = new int[AXES];
    /** Floats of y between neighbours along each of its axes. */
    private final int[] own = new int[AXES];
    /** y's axis that is x's last. */
    private final int channels;
    /** The two others of y's first three axes. */
    private final int outer;
    private final int inner;
    private final int tiles;
    private final int perItem;
    private final int units;
    private final Workers workers;
    private Slice x;
    private Slice y;

    public Permute(Shape x, List<Axis> order, Workers workers) {
        this.workers = workers;
        int[] ofX = {x.h() * x.w() * x.c(), x.w() * x.c(), x.c(), 1};
        for (int i = 0; i < AXES; i++) {
            size[i] = x.size(order.get(i));
            step[i] = ofX[order.get(i).ordinal()];
        }
        own[AXES - 1] = 1;
        for (int i = AXES - 2; i >= 0; i--) {
            own[i] = own[i + 1] * size[i + 1];
        }
        channels = order.indexOf(Axis.C);
        boolean rows = channels == AXES - 1;
        outer = rows || channels > 0 ? 0 : 1;
        inner = rows || channels > 1 ? 1 : 2;
        // Rows: a unit is a row of channels. Otherwise it is a tile of 16 rows of y, neighbours along x's channels.
        tiles = rows ? size[2] : (size[channels] + BLOCK - 1) / BLOCK;
        units = size[outer] * size[inner] * tiles;
        perItem = Math.max(1, ITEM / (rows ? size[AXES - 1] : BLOCK * size[AXES - 1]));
    }

    /** x and y must not overlap. */
    public void run(Slice x, Slice y) {
        this.x = x;
        this.y = y;
        workers.run((units + perItem - 1) / perItem, this);
    }

    @Override
    public void run(int item, int worker) {
        for (int unit = item * perItem; unit < Math.min(units, (item + 1) * perItem); unit++) {
            int third = unit % tiles;
            int second = unit / tiles % size[inner];
            int first = unit / tiles / size[inner];
            int from = x.offset() + first * step[outer] + second * step[inner];
            int to = y.offset() + first * own[outer] + second * own[inner];
            if (channels == AXES - 1) {
                System.arraycopy(x.array(), from + third * step[2], y.array(), to + third * own[2], size[AXES - 1]);
            } else {
                int row = third * BLOCK;
                tile(x.array(), from + row, step[AXES - 1], y.array(), to + row * own[channels], own[channels], Math.min(BLOCK, size[channels] - row),
                        size[AXES - 1]);
            }
        }
    }

    /** to[j·toStep + i] = from[i·fromStep + j]. */
    private static void tile(float[] from, int at, int fromStep, float[] to, int target, int toStep, int rows, int columns) {
        for (int i = 0; i < columns; i++) {
            for (int j = 0; j < rows; j++) {
                to[target + j * toStep + i] = from[at + i * fromStep + j];
            }
        }
    }
}
