package sirocco.diffusion;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.Set;

/**
 * How data becomes noise, and what the network's output says about it: the times that training draws, and for each time the noise level and the form of
 * the network's input and target. All coefficients are computed on the host in double precision.
 */
public interface ForwardProcess {
    /** Returns what the network's output stands for. */
    Parameterization output();

    /** Returns what the second half of the network's output channels says about the variance; empty if there is no such half. */
    default Optional<VarianceHead> varianceHead() {
        return Optional.empty();
    }

    /**
     * Records the draw of a time for each image of a batch, and noising to it. A step is noised once: a second call in the same graph is refused, since its inputs
     * would have the same names and its noise the same address.
     *
     * @param weighting weight of each image by its noise level
     */
    Noised noise(TrainingStep step, Weighting weighting);

    /**
     * Returns the noise levels of a solver in σ.
     *
     * @param steps 1 … {@link #mostSteps}
     * @throws IllegalArgumentException if that many steps are not possible
     */
    SigmaGrid sigmas(Sigmas sigmas, int steps);

    /** Returns the noise levels as a continuous function of σ, for a solver that chooses them itself. */
    SigmaRange sigmaRange();

    /** Returns the largest number of steps that a solver can take. */
    int mostSteps();

    /**
     * Returns this process if its timesteps are discrete.
     *
     * @param solver name of the solver that needs them
     * @throws IllegalArgumentException if they are not
     */
    default DiscreteProcess discrete(String solver) {
        throw new IllegalArgumentException("sampler " + solver + ": the model was trained without discrete timesteps, which this sampler needs. Choose another, such as "
                + defaultSolver().name() + ".");
    }

    /** Returns the solver that a model folder of this process names. */
    Solver usualSolver();

    /** Returns the solver that samples if none is chosen. */
    Solver defaultSolver();

    /** Returns a solver that makes good images in few steps. */
    Solver fastSolver();

    /**
     * Returns whether images noised by this process and by another are alike, so that a network trained on one knows the other's.
     */
    boolean sameNoise(ForwardProcess other);

    /** Returns the class of diffusers that samples this process with a solver. */
    String className(Solver solver);

    /**
     * Adds the settings of this process and of a solver to a scheduler's configuration, by the keys of {@link #className}.
     *
     * @throws IllegalArgumentException if diffusers has no class for the two
     */
    void write(ObjectNode config, Solver solver);

    /** How processes of one class are read from a scheduler's configuration. */
    interface Kind {
        /** Returns the classes of diffusers that sample such a process. */
        Set<String> classNames();

        /**
         * Reads the process.
         *
         * @throws IllegalArgumentException naming the setting, if it is impossible or not supported
         */
        ForwardProcess read(SchedulerSettings settings, String className);

        /**
         * Reads the solver.
         *
         * @throws IllegalArgumentException naming the setting, if it is impossible or not supported, as the class may be
         */
        Solver solver(SchedulerSettings settings, String className);
    }
}
