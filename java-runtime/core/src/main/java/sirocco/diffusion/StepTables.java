package sirocco.diffusion;

import sirocco.api.Value;

/**
 * Tables of a sampling step: coefficients that depend on the evaluation that the step makes. A solver and a guide record one step with them, whether all evaluations
 * are known before sampling (a row each) or not (a row for each image, written before each evaluation).
 *
 * @param <E> what is known of an evaluation
 */
public interface StepTables<E extends Evaluation> {
    /** Computes an entry. */
    @FunctionalInterface
    interface Entry<E> {
        /** @param column 0 … height·width − 1 */
        double of(E evaluation, int column);
    }

    /** Returns the row of the tables that the step reads: I32 [1,1,1,1] for all images or [n,1,1,1] for each. */
    Value row();

    /**
     * Adds a table to the graph.
     *
     * @return F32 [rows,1,height,width]
     */
    Value table(String name, int height, int width, Entry<? super E> entry);
}
