package sirocco.tornado.kernel;

import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** How kernels report bad data that only they see. */
final class Faults {
    private Faults() { }

    /** Tells the host that step {@code code} met {@code number}. */
    static void report(IntArray w, int fault, int code, int number) {
        w.set(fault, number);
        w.set(fault + 1, code);
    }
}
