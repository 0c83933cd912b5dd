package sirocco.sample;

import java.util.List;
import java.util.Optional;
import sirocco.api.Value;
import sirocco.diffusion.StepTables;

/** The solver's part of a sampling step. */
sealed interface SolverStep permits ProgramStep, DriverStep {
    /** Returns the registers, STATE [n,h,w,c] each; the first is x. */
    List<Value> registers();

    /**
     * The network's output.
     *
     * @param prediction [n,h,w,c]
     * @param variance [n,h,w,c], what the variance head says; present if the method has a variance for each element
     */
    record Output(Value prediction, Optional<Value> variance) { }

    /** Records the network, guidance included. */
    @FunctionalInterface
    interface Model {
        /**
         * @param x [n,h,w,c], the network's input
         * @param t [k·n,1,1,1] for k evaluations an image
         * @param tables for coefficients that depend on the noise level
         */
        Output output(Value x, Value t, StepTables<?> tables);
    }
}
