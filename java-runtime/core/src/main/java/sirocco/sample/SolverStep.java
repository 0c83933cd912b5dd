package sirocco.sample;

import java.util.List;
import sirocco.api.Value;
import sirocco.diffusion.StepTables;

/** The solver's part of a sampling step. */
sealed interface SolverStep permits ProgramStep, DriverStep {
    /** Returns the registers, STATE [n,h,w,c] each; the first is x. */
    List<Value> registers();

    /** Records the network, guidance included. */
    @FunctionalInterface
    interface Model {
        /**
         * @param x [n,h,w,c], the network's input
         * @param t [k·n,1,1,1] for k evaluations an image
         * @param tables for coefficients that depend on the noise level
         * @return [n,h,w,c]
         */
        Value output(Value x, Value t, StepTables<?> tables);
    }
}
