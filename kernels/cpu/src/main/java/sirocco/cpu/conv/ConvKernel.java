package sirocco.cpu.conv;

import sirocco.cpu.Slice;

/** An algorithm for y = x ⋆ w, or for dx = dy ⋆ rotated w, on operands of given layouts. Runs allocate nothing. */
interface ConvKernel {
    /** Floats of the weights in this algorithm's own arrangement; 0 if it reads them as they are, in place of {@code prepared}. */
    int preparedFloats();

    /** Floats of working memory; its contents before and after a run are of no account. */
    long scratchFloats();

    /** Fills {@code prepared} from the dense weights [k,r,s,c] of the forward convolution. */
    void prepare(Slice w, Slice prepared);

    /** All of bias, perChannel and residual may be null. */
    void run(Slice x, Slice prepared, Slice y, Slice bias, Slice perChannel, Slice residual, Slice scratch);
}
