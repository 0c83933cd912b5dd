package sirocco.diffusion;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * A way from noise to an image, as a {@link SolverProgram}. Settings follow diffusers' scheduler of the same name, so that a folder from there samples alike
 * here. A solver is a file: the record, its program, and its {@link Kind}, which {@link Solvers} lists.
 */
public interface Solver {
    /**
     * The program of a chain of {@code steps} steps.
     *
     * @param steps at least 1, at most {@link ForwardProcess#mostSteps}
     * @throws IllegalArgumentException if this solver cannot sample this process in that many steps, saying why
     */
    SolverProgram program(ForwardProcess process, int steps);

    /** The short name, without settings: ddpm, ddim, dpm++2m, … */
    String name();

    /** How solvers of this class are named, read and written. */
    Kind kind();

    /** Adds the settings to a scheduler's configuration, by the keys of diffusers' class. */
    void writeTo(ObjectNode config);

    /**
     * Returns the number of steps if none is given.
     *
     * @param most the most steps that the process allows
     */
    int usualSteps(int most);

    /** A solver's names, and how it is read. */
    interface Kind {
        /** The class of diffusers, as in {@code _class_name}. */
        String className();

        /** The names on a command line, for help and errors. */
        String names();

        /** Whether this kind has a solver of that name. */
        boolean has(String name);

        /** Reads a solver from a name and the settings after it. */
        Solver read(String name, SolverText settings);

        /** Reads a solver from a scheduler's configuration. */
        Solver read(SchedulerSettings settings);
    }

    /**
     * A solver from a command line: a name, and settings after a colon if any, as in {@code ddim:eta=0.5,spacing=trailing}. Settings, where a solver has
     * them: {@code clip} (bound of |x̂_0|, or none), {@code spacing} (leading, trailing, linspace), {@code offset} (of leading), {@code eta} (ddim), {@code
     * type} (midpoint, heun) and {@code final} (zero, sigma_min) (dpm++, euler), {@code sigmas} (schedule, karras, exponential) (euler, heun).
     */
    static Solver parse(String text) {
        return new SolverText(text).solver();
    }
}
