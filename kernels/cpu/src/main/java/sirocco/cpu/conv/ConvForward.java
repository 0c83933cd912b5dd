package sirocco.cpu.conv;

import sirocco.cpu.Layout;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/**
 * y = x ⋆ w (+ bias) (+ perChannel) (+ residual): x [n,h,w,c], w [k,r,s,c] dense, y [n,outH,outW,k], all float32; bias [k] dense;
 * perChannel [n,1,1,k] blocked without halo, added to every pixel of its image; residual [n,outH,outW,k]. Whether an addend is there
 * may change from run to run.
 *
 * <p>The weights are read in an arrangement of the kernel's own, which {@link #prepare} makes: once when sampling, after each update
 * when training. Where arranging them beforehand does not pay, {@link #preparedFloats} is 0, and runs take the dense weights. Results do not
 * depend on the number of threads. One object runs one convolution at a time.
 */
public final class ConvForward {
    private final ConvKernel kernel;
    private final String description;

    /**
     * @param x, y, residual how the operands lie in memory; residual null if there will never be one
     * @param kept whether weights stay the same from run to run
     * @throws IllegalArgumentException if a layout does not fit the shape
     */
    public ConvForward(ConvShape shape, Layout x, Layout y, Layout residual, boolean kept, Workers workers, ConvRule rule) {
        Checks.fits("x", x, shape.n(), shape.h(), shape.w(), shape.c(), shape);
        Checks.fits("y", y, shape.n(), shape.outH(), shape.outW(), shape.k(), shape);
        if (residual != null) {
            Checks.fits("residual", residual, shape.n(), shape.outH(), shape.outW(), shape.k(), shape);
        }
        ConvRule.Choice choice = rule.choose(shape, ConvRule.Pass.FORWARD);
        kernel = choice.winograd() ? new WinogradConv(shape, false, x, y, residual, kept, workers)
                : new GemmConv(shape, false, x, y, residual, workers);
        description = shape + ": " + kernel + "; " + choice.why();
    }

    /** Floats of the prepared weights; 0 if runs take the dense weights. */
    public int preparedFloats() {
        return kernel.preparedFloats();
    }

    /** Floats of working memory for {@link #run}; its contents before and after are of no account. */
    public long scratchFloats() {
        return kernel.scratchFloats();
    }

    /** Fills {@code prepared}, of {@link #preparedFloats}, from the dense weights. */
    public void prepare(Slice w, Slice prepared) {
        kernel.prepare(w, prepared);
    }

    /**
     * Writes y, its halo and fill included. Allocates nothing. bias, perChannel and residual may be null. y must not overlap an operand.
     */
    public void run(Slice x, Slice prepared, Slice y, Slice bias, Slice perChannel, Slice residual, Slice scratch) {
        kernel.run(x, prepared, y, bias, perChannel, residual, scratch);
    }

    /** Shape, algorithm, and why this one. */
    @Override
    public String toString() {
        return description;
    }
}
