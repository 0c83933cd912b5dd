package sirocco.cli;

import java.util.concurrent.Callable;

/**
 * A command of another module, found by {@link java.util.ServiceLoader} where its jar is on the class path: the checks are not part of what is
 * released. Its class carries picocli's annotations, as those of this package do.
 */
public interface Subcommand extends Callable<Integer> { }
