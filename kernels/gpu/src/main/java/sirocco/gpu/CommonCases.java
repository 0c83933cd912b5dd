package sirocco.gpu;

import java.util.EnumSet;
import sirocco.api.Axis;
import sirocco.api.Movement;
import sirocco.api.Reduction;

/** Cases of general ops that networks contain so often that backends have kernels for them alone. */
public final class CommonCases {
    private CommonCases() { }

    /** Returns whether an op sums the pixels of each image. */
    public static boolean sumsPixels(Reduction.Reduce op) {
        return op.function() == Reduction.Function.SUM && op.axes().equals(EnumSet.of(Axis.H, Axis.W));
    }

    /** Returns whether an op repeats a batch once: y = [x, x] along images. */
    public static boolean repeatsBatch(Movement.Repeat op) {
        return op.y().shape().equals(op.x().shape().withN(2 * op.x().shape().n()));
    }
}
