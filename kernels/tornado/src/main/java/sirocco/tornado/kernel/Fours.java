package sirocco.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * How kernels that the memory's bandwidth bounds go over elements ({@link Launch#fours}): a work item has four, {@link Launch#GROUP} apart, so that
 * items side by side touch neighbours each time. All four are read before the first is written, as otherwise no read could begin before the write
 * ahead of it, which may be to the same place for all the compiler knows; for the same reason kernels read their places first.
 */
final class Fours {
    /** Elements of a work item. */
    static final int EACH = 4;

    private Fours() { }

    /** The item's first element. */
    static int first(KernelContext c) {
        return c.groupIdx * (EACH * Launch.GROUP) + c.localIdx;
    }

    /** Its j-th of n, or the last of all, which is read and not used: not for an operand that the kernel writes, whose last another item has. */
    static int read(int first, int j, int n) {
        return TornadoMath.min(first + j * Launch.GROUP, n - 1);
    }

    /** Its elements of an operand. */
    static void load(float[] four, FloatArray m, int from, int first, int n) {
        for (int j = 0; j < EACH; j++) {
            four[j] = m.get(from + read(first, j, n));
        }
    }

    static void store(FloatArray m, int to, int first, int n, float[] four) {
        for (int j = 0; j < EACH; j++) {
            if (first + j * Launch.GROUP < n) {
                m.set(to + first + j * Launch.GROUP, four[j]);
            }
        }
    }
}
