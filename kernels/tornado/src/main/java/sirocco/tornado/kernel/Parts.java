package sirocco.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Sums whose terms several groups have added up, each a part, into scratch: the second launch, which adds the parts in their order. One element a work
 * item, all of whose reads can be in flight at once; no local memory.
 */
final class Parts {
    private Parts() { }

    /** Launches {@link #sum}. at: as there */
    static Launch sum(String kernel, int[] at, int parts, int elements, int each, int columns) {
        return Launch.items(kernel, at, elements, (g, id, c, m, places) -> g.task(id, Parts::sum, c, m, places, parts, elements, each, columns));
    }

    /**
     * The parts' sum, and what a convolution adds to it: parts + 3 reads at most, one write.
     *
     * @param at parts [parts][elements], result [images, pixels, columns], bias, perChannel, residual; −1 for what there is not
     * @param each elements of an image
     */
    static void sum(KernelContext c, FloatArray m, IntArray at, int parts, int elements, int each, int columns) {
        int from = at.get(0);
        int i = c.globalIdx;
        if (i < elements) {
            float sum = 0;
            for (int p = 0; p < parts; p++) {
                sum += m.get(from + p * elements + i);
            }
            int column = i % columns;
            sum += Gather.added(m, at.get(2), column) + Gather.added(m, at.get(3), i / each * columns + column) + Gather.added(m, at.get(4), i);
            m.set(at.get(1) + i, sum);
        }
    }

    /**
     * Adds the parts' sums to a convolution's gradients: parts + 1 reads, one write.
     *
     * @param at parts [parts][weights + k], dw, dBias or −1
     */
    static void accumulate(KernelContext c, FloatArray m, IntArray at, int parts, int weights, int k) {
        int from = at.get(0);
        int i = c.globalIdx;
        if (i < weights + k) {
            float sum = 0;
            for (int p = 0; p < parts; p++) {
                sum += m.get(from + p * (weights + k) + i);
            }
            int to = i < weights ? at.get(1) + i : at.get(2) + i - weights;
            if (i < weights || at.get(2) >= 0) {
                m.set(to, m.get(to) + sum);
            }
        }
    }
}
