package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Movement;
import sirocco.api.Reduction;
import sirocco.api.Shape;

/** Sums over pixels, in an order that depends on shapes only. */
final class Sums {
    /** Channels that a thread block sums. */
    private static final int CHANNELS = 32;
    /** Rows of a slice at least: less is not worth a block. */
    private static final int FEWEST_ROWS = 128;
    private static final int MOST_SLICES = 256;

    private final Storage storage;

    Sums(Target target) {
        storage = target.activations();
    }

    /**
     * Sums of columns: x as [batches, rows, c] → [batches, c], in two steps: each slice of the rows by a thread block, then the slices.
     */
    record Columns(int batches, int rows, int c) {
        int slices() {
            return (int) Math.clamp(Launch.blocks(rows, FEWEST_ROWS), 1, MOST_SLICES);
        }

        int rowsPerSlice() {
            return (int) Launch.blocks(rows, slices());
        }

        /** Sums of slices, float32 [batches, slices, c]. */
        long scratchBytes() {
            return (long) batches * slices() * c * Float.BYTES;
        }
    }

    /** @param accumulate whether y is a gradient, float32, that the sums are added to; or else an activation that they are written to */
    List<Launch> columns(Columns s, long x, long scratch, long y, boolean accumulate) {
        return List.of(
                Launch.blocks(storage.kernel("column_sum"), Launch.blocks(s.c, CHANNELS), s.slices(), s.batches, x, s.rows, s.c, s.rowsPerSlice(), scratch),
                Launch.blocks(accumulate ? "column_sum_add" : storage.kernel("column_sum_finish"), Launch.blocks(s.c, CHANNELS), s.batches, 1, scratch,
                        s.slices(), s.c, y));
    }

    Kernel sumPixels(Reduction.Reduce op) {
        Shape s = op.x().shape();
        Columns columns = new Columns(s.n(), s.h() * s.w(), s.c());
        return Kernel.of(m -> columns(columns, m.at(op.x()), m.scratch(), m.at(op.y()), false)).withScratch(columns.scratchBytes());
    }

    Kernel upsampleBackward(Movement.UpsampleBackward op) {
        Shape s = op.dx().shape();
        int width = s.c() % storage.vector() == 0 ? storage.vector() : 1;
        return Kernel.of(m -> List.of(Launch.threads(storage.kernel("upsample_backward"), s.elements() / width, m.at(op.dy()), m.at(op.dx()), s.n() * s.h(),
                s.w(), s.c())));
    }
}
