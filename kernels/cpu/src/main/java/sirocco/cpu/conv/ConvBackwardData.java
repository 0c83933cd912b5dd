package sirocco.cpu.conv;

import sirocco.cpu.Layout;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/**
 * dx = the gradient of a convolution with respect to its input, given dy: dx [n,h,w,c], dy [n,outH,outW,k], w [k,r,s,c] dense. Runs as
 * a convolution of dy with the weights rotated by half a turn and their channels exchanged; {@link #prepare} arranges them so.
 * Otherwise like {@link ConvForward}.
 */
public final class ConvBackwardData {
    private final ConvKernel kernel;
    private final String description;

    /**
     * @param shape the forward convolution's
     * @param kept whether weights stay the same from run to run
     * @throws IllegalArgumentException if a layout does not fit the shape
     */
    public ConvBackwardData(ConvShape shape, Layout dy, Layout dx, boolean kept, Workers workers, ConvRule rule) {
        Checks.fits("dy", dy, shape.n(), shape.outH(), shape.outW(), shape.k(), shape);
        Checks.fits("dx", dx, shape.n(), shape.h(), shape.w(), shape.c(), shape);
        ConvRule.Choice choice = rule.choose(shape, ConvRule.Pass.BACKWARD_DATA);
        kernel = choice.winograd() ? new WinogradConv(shape, true, dy, dx, null, kept, workers)
                : new GemmConv(shape, true, dy, dx, null, workers);
        description = shape + ": " + kernel + "; " + choice.why();
    }

    /** Floats of the prepared weights; 0 if runs take the dense weights. */
    public int preparedFloats() {
        return kernel.preparedFloats();
    }

    /** Floats of working memory for {@link #run}. */
    public long scratchFloats() {
        return kernel.scratchFloats();
    }

    /** Fills {@code prepared} from the forward convolution's dense weights. */
    public void prepare(Slice w, Slice prepared) {
        kernel.prepare(w, prepared);
    }

    /** Writes dx, its halo and fill included. Allocates nothing. */
    public void run(Slice dy, Slice prepared, Slice dx, Slice scratch) {
        kernel.run(dy, prepared, dx, null, null, null, scratch);
    }

    /** Shape, algorithm, and why this one. */
    @Override
    public String toString() {
        return description;
    }
}
