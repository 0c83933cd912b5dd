package sirocco.diffusion;

import java.util.OptionalInt;

/** A solver whose steps are known before sampling, so that it is a {@link SolverProgram}. */
public interface FixedStepSolver extends Solver {
    /**
     * Returns the program of a chain of {@code steps} steps.
     *
     * @param steps at least 1, at most {@link ForwardProcess#mostSteps}
     * @throws IllegalArgumentException if this solver cannot sample this process in that many steps, saying why
     */
    SolverProgram program(ForwardProcess process, int steps);

    /**
     * Returns the number of steps if none is given.
     *
     * @param most the most steps that the process allows
     */
    int usualSteps(int most);

    @Override
    default SamplingMethod method(ForwardProcess process, OptionalInt steps) {
        return program(process, steps.orElseGet(() -> usualSteps(process.mostSteps())));
    }
}
