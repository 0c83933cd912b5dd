package sirocco.cpu.conv;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.LANES;
import static sirocco.cpu.Simd.load;

import jdk.incubator.vector.FloatVector;
import sirocco.cpu.Layout;
import sirocco.cpu.Simd;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/**
 * db[k] += Σ over images and pixels of dy[n,y,x,k]. Rows are summed first, then an image's rows, then the images: short sums of
 * short sums, which keep the rounding error near that of one row.
 */
final class BiasGradient implements Workers.Task {
    private final View dy;
    private final Workers workers;
    /** Sums of each image: [n][blocks][16]. */
    private final float[] sums;
    private float[] array;
    private int offset;

    BiasGradient(Layout layout, Workers workers) {
        dy = View.of(layout);
        this.workers = workers;
        sums = new float[dy.n() * dy.blocks() * BLOCK];
    }

    void run(Slice dyAt, Slice db) {
        array = dyAt.array();
        offset = dyAt.offset();
        workers.run(dy.n() * dy.blocks(), this);
        float[] out = db.array();
        for (int k = 0; k < dy.c(); k++) {
            float sum = 0;
            for (int n = 0; n < dy.n(); n++) {
                sum += sums[n * dy.blocks() * BLOCK + k];
            }
            out[db.offset() + k] += sum;
        }
    }

    /** Sums one plane. */
    @Override
    public void run(int item, int worker) {
        int from = offset + dy.at(item / dy.blocks(), item % dy.blocks(), 0, 0);
        if (dy.blocked()) {
            for (int v = 0; v < BLOCK; v += LANES) {
                sumPlane(from + v, item * BLOCK + v);
            }
        } else {
            for (int c = 0; c < dy.c(); c++) {
                sums[item * BLOCK + c] = sumDense(from + c);
            }
        }
    }

    private void sumPlane(int from, int to) {
        FloatVector plane = FloatVector.zero(Simd.F);
        for (int y = 0; y < dy.h(); y++) {
            plane = plane.add(sumRow(from + y * dy.row()));
        }
        plane.intoArray(sums, to);
    }

    /** Two sums side by side, since each addition waits for the one before it. */
    private FloatVector sumRow(int from) {
        FloatVector even = FloatVector.zero(Simd.F);
        FloatVector odd = even;
        int x = 0;
        for (; x + 2 <= dy.w(); x += 2) {
            even = even.add(load(array, from + x * BLOCK));
            odd = odd.add(load(array, from + x * BLOCK + BLOCK));
        }
        return x < dy.w() ? even.add(load(array, from + x * BLOCK)).add(odd) : even.add(odd);
    }

    private float sumDense(int from) {
        float plane = 0;
        for (int y = 0; y < dy.h(); y++) {
            float row = 0;
            for (int x = 0; x < dy.w(); x++) {
                row += array[from + y * dy.row() + x * dy.pixel()];
            }
            plane += row;
        }
        return plane;
    }
}
