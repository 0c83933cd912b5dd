package sirocco.cpu.conv;

import sirocco.cpu.Slice;

/** An algorithm for dw += the gradient with respect to the weights. Runs allocate nothing. */
interface WeightsGradientKernel {
    /** Floats of working memory; its contents before and after a run are of no account. */
    long scratchFloats();

    void run(Slice x, Slice dy, Slice dw, Slice scratch);
}
