package sirocco.diffusion;

/** Programs of solvers by name, for tests. */
public final class Programs {
    private Programs() { }

    /** Returns the program of a solver whose steps are known before sampling. */
    public static SolverProgram of(String solver, ForwardProcess process, int steps) {
        return ((FixedStepSolver) Solver.parse(solver)).program(process, steps);
    }
}
