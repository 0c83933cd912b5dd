package sirocco.gpu;

import java.util.function.IntFunction;

/** A kernel that is chosen for a step but not yet bound to memory. */
public interface PlannedKernel {
    /** Returns the bytes of working memory in the arena, for as long as the step runs. */
    long scratchBytes();

    /** Returns how the kernel computes, as plans name it; empty if there is only one way. */
    String algorithm();

    /** Returns the error text for a number that the kernel reports as bad data; see {@link FaultMessages}. */
    IntFunction<String> fault();
}
