package sirocco.diffusion;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Every kind of solver. */
public final class Solvers {
    private static final List<Solver.Kind> ALL = List.of(Ddpm.KIND, Ddim.KIND, DpmSolverPP.KIND, Euler.KIND, EulerAncestral.KIND, Heun.KIND, Rk45.KIND);

    private Solvers() { }

    static Optional<Solver.Kind> named(String name) {
        return ALL.stream().filter(k -> k.has(name)).findFirst();
    }

    static Optional<Solver.Kind> ofClass(String className) {
        return ALL.stream().filter(k -> k.className().equals(Optional.of(className))).findFirst();
    }

    /** The names of all solvers, for help and errors. */
    public static String names() {
        return ALL.stream().map(Solver.Kind::names).collect(Collectors.joining(", "));
    }

    static String classNames() {
        return ALL.stream().map(Solver.Kind::className).flatMap(Optional::stream).collect(Collectors.joining(", "));
    }
}
