package sirocco.tornado.kernel;

import java.util.List;
import sirocco.api.Movement;
import sirocco.gpu.Strides;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Constants and ramps: one element a work item, written once; no local memory. */
final class Ramps {
    /** Bits of the largest element as an integer: sums of two such do not overflow. */
    private static final int BITS = 60;
    /** The smallest unit, and the largest, that float32 has without loss. */
    private static final int SMALLEST_UNIT = -126;
    private static final int LARGEST_UNIT = 127;

    private Ramps() { }

    static Kernel of(Movement.Ramp op) {
        int n = (int) op.y().shape().elements();
        if (op.step() == 0) {
            float value = (float) op.start();
            return Kernel.of(p -> List.of(Launch.items("fill", new int[] {p.at(op.y())}, n,
                    (g, id, c, m, at) -> g.task(id, Ramps::fill, c, m, at, n, value))));
        }
        int size = op.y().shape().size(op.axis());
        int inner = Strides.of(op.y().shape(), op.axis());
        double largest = Math.max(Math.abs(op.start()), Math.abs(op.start() + op.step() * (size - 1)));
        int exponent = Math.clamp(Math.getExponent(largest) + 1 - BITS, SMALLEST_UNIT, LARGEST_UNIT);
        long start = Math.round(Math.scalb(op.start(), -exponent));
        long step = Math.round(Math.scalb(op.step(), -exponent));
        float unit = Math.scalb(1f, exponent);
        return Kernel.of(p -> List.of(Launch.items("ramp", new int[] {p.at(op.y())}, n,
                (g, id, c, m, at) -> g.task(id, Ramps::ramp, c, m, at, n, start, step, unit, inner, size))));
    }

    /** at: y */
    static void fill(KernelContext c, FloatArray m, IntArray at, int n, float value) {
        int i = c.globalIdx;
        if (i < n) {
            m.set(at.get(0) + i, value);
        }
    }

    /**
     * In integers of 64 bits, since not every device has float64: whole numbers are exact, all others are rounded once.
     *
     * <p>at: y
     *
     * @param start in units
     * @param step in units
     * @param unit a power of two
     * @param inner elements behind each of the axis
     * @param size of the axis
     */
    static void ramp(KernelContext c, FloatArray m, IntArray at, int n, long start, long step, float unit, int inner, int size) {
        int i = c.globalIdx;
        if (i < n) {
            long number = i / inner % size;
            float units = start + step * number;
            m.set(at.get(0) + i, units * unit);
        }
    }
}
