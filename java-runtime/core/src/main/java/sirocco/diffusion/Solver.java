package sirocco.diffusion;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A way from noise to an image. Settings follow diffusers' scheduler of the same name, if there is one, so that a folder from there samples alike here. A solver
 * is a file: the record, its {@link SolverProgram} or {@link SolverDriver}, and its {@link Kind}, which {@link Solvers} lists.
 */
public interface Solver {
    /**
     * Returns how this solver samples a process.
     *
     * @param steps number of steps; the usual number if empty. It must be empty for a solver that chooses its steps itself
     * @throws IllegalArgumentException if this solver cannot sample this process in that many steps, saying why
     */
    SamplingMethod method(ForwardProcess process, OptionalInt steps);

    /** The short name, without settings: ddpm, ddim, dpm++2m, … */
    String name();

    /** How solvers of this class are named, read and written. */
    Kind kind();

    /**
     * Adds the settings to a scheduler's configuration, by the keys of diffusers' class.
     *
     * @throws IllegalArgumentException if diffusers has no class for this solver
     */
    void writeTo(ObjectNode config);

    /** A solver's names, and how it is read. */
    interface Kind {
        /** Returns the class of diffusers, as in {@code _class_name}; empty if diffusers has no class for this solver. */
        Optional<String> className();

        /** The names on a command line, for help and errors. */
        String names();

        /** Whether this kind has a solver of that name. */
        boolean has(String name);

        /** Reads a solver from a name and the settings after it. */
        Solver read(String name, SolverText settings);

        /** Reads a solver from a scheduler's configuration of {@link #className}. Not called if there is no such class. */
        Solver read(SchedulerSettings settings);
    }

    /**
     * A solver from a command line: a name, and settings after a colon if any, as in {@code ddim:eta=0.5,spacing=trailing}. Settings, where a solver has
     * them: {@code clip} (bound of |x̂_0|, or none), {@code spacing} (leading, trailing, linspace), {@code offset} (of leading), {@code eta} (ddim), {@code
     * type} (midpoint, heun) and {@code final} (zero, sigma_min) (dpm++, euler, rk45), {@code sigmas} (schedule, karras, exponential) (euler, heun), {@code
     * rtol}, {@code atol} and {@code limit} (rk45).
     */
    static Solver parse(String text) {
        return new SolverText(text).solver();
    }
}
