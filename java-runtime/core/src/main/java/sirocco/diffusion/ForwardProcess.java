package sirocco.diffusion;

/**
 * How data becomes noise, and what the network's output says about it: the times that training draws, and for each time the noise level and the form of
 * the network's input and target. All coefficients are computed on the host in double precision.
 */
public interface ForwardProcess {
    /** Returns what the network's output stands for. */
    Parameterization output();

    /**
     * Records the draw of a time for each image of a batch, and noising to it.
     *
     * @param weighting weight of each image by its noise level
     */
    Noised noise(TrainingStep step, Weighting weighting);

    /** Returns the text of a {@code scheduler_config.json} that describes this process, with the solver that samples it by default. */
    String toJson();
}
