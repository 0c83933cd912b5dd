package sirocco.diffusion;

/** What a network is trained for: records a loss of a batch. An objective is a file, listed in the table of the trainer's configuration. */
public interface Objective {
    /** Records the loss of a batch. */
    TrainingLoss record(TrainingStep step);

    /**
     * Checks that a network can be trained for this objective on a process.
     *
     * @throws IllegalArgumentException if it cannot
     */
    default void check(ForwardProcess process) { }

    /** Returns whether the network classifies noisy images; otherwise it denoises them. */
    default boolean classifies() {
        return false;
    }
}
