package sirocco.tornado.kernel;

import sirocco.api.Axis;
import sirocco.api.Reduction;
import sirocco.api.Shape;

/**
 * The tensor that a reduction reads, as [k0, r0, k1, r1, k2]: neighbouring axes that are both kept or both reduced are one, and where there is none of a kind
 * the size is 1. The axes k are kept, r0 and r1 are reduced.
 */
record ReductionView(int k0, int r0, int k1, int r1, int k2) {
    static ReductionView of(Reduction.Reduce op) {
        Shape x = op.x().shape();
        int[] sizes = {1, 1, 1, 1, 1};
        int last = 0;
        for (Axis axis : Axis.values()) {
            boolean reduced = op.axes().contains(axis);
            if (x.size(axis) > 1) {
                last += reduced == (last % 2 == 1) ? 0 : 1;
                sizes[last] *= x.size(axis);
            }
        }
        return new ReductionView(sizes[0], sizes[1], sizes[2], sizes[3], sizes[4]);
    }

    /** Elements of the result. */
    int results() {
        return k0 * k1 * k2;
    }

    /** Elements of each sum. */
    int terms() {
        return r0 * r1;
    }
}
