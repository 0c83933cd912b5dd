package sirocco.diffusion;

import java.util.Optional;

/** A kind of solvers that has one name on the command line and one class of diffusers. */
abstract class SingleNameKind implements Solver.Kind {
    private final String className;
    private final String name;

    SingleNameKind(String className, String name) {
        this.className = className;
        this.name = name;
    }

    @Override
    public Optional<String> className() {
        return Optional.of(className);
    }

    @Override
    public String names() {
        return name;
    }

    @Override
    public boolean has(String name) {
        return this.name.equals(name);
    }
}
