package sirocco.cpu.conv;

import sirocco.cpu.Layout;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/**
 * dw += the gradient of a convolution with respect to its weights, db += that with respect to its bias: x [n,h,w,c],
 * dy [n,outH,outW,k], dw [k,r,s,c] dense, db [k] dense. Both accumulate. Sums are taken in an order that depends on the shape only, so
 * results are the same bits for any number of threads.
 */
public final class ConvBackwardWeights {
    private final WeightsGradientKernel kernel;
    private final BiasGradient bias;
    private final String description;

    /**
     * @param shape the forward convolution's
     * @throws IllegalArgumentException if a layout does not fit the shape
     */
    public ConvBackwardWeights(ConvShape shape, Layout x, Layout dy, Workers workers, ConvRule rule) {
        Checks.fits("x", x, shape.n(), shape.h(), shape.w(), shape.c(), shape);
        Checks.fits("dy", dy, shape.n(), shape.outH(), shape.outW(), shape.k(), shape);
        ConvRule.Choice choice = rule.choose(shape, ConvRule.Pass.BACKWARD_WEIGHTS);
        kernel = choice.winograd() ? WinogradWeightsGradient.of(shape, x, dy, workers)
                : new GemmWeightsGradient(shape, x, dy, workers);
        bias = new BiasGradient(dy, workers);
        description = shape + ": " + kernel + "; " + choice.why();
    }

    /** Always 0: this pass does not read the weights. */
    public int preparedFloats() {
        return 0;
    }

    /** Floats of working memory for {@link #run}; its contents before and after are of no account. */
    public long scratchFloats() {
        return kernel.scratchFloats();
    }

    /** Adds to dw, and to db unless it is null. Allocates nothing. */
    public void run(Slice x, Slice dy, Slice dw, Slice db, Slice scratch) {
        kernel.run(x, dy, dw, scratch);
        if (db != null) {
            bias.run(dy, db);
        }
    }

    /** Shape, algorithm, and why this one. */
    @Override
    public String toString() {
        return description;
    }
}
