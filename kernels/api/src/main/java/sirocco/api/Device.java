package sirocco.api;

/** An opened device: turns graphs into plans and plans into executables. */
public interface Device extends AutoCloseable {
    /** One line: what it is and how it was opened. */
    String describe();

    /**
     * Plans a graph's memory and algorithms, allocating nothing of its size.
     *
     * @throws UnsupportedOperationException listing every op that this backend lacks
     */
    Plan plan(Graph graph);

    /**
     * Allocates a plan's memory and readies it to run.
     *
     * @throws IllegalArgumentException if the plan is too large for the device, saying what it needs and what there is
     */
    Executable load(Plan plan);

    @Override
    void close();
}
