package sirocco.diffusion;

/**
 * What a {@link Solver} makes for a process: a table that a device executes by itself, or a driver with which the host decides during sampling where the network
 * is evaluated.
 */
public sealed interface SamplingMethod permits SolverProgram, SolverDriver {
    /** Returns the standard deviation of x at the start of a chain. */
    double start();
}
