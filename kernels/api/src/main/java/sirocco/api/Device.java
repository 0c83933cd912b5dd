package sirocco.api;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** An opened device: turns graphs into plans and plans into executables. */
public interface Device extends AutoCloseable {
    /** One line: what it is and how it was opened. */
    String describe();

    /** The hardware's name, the same for all devices of its kind: what a {@link Tuning} is kept by. Empty where kernels leave no choice. */
    default String hardware() {
        return "";
    }

    /**
     * Bytes of the device's own memory that are free now; empty where values lie in the host's memory, from which nothing has to be carried
     * anywhere.
     */
    default OptionalLong freeBytes() {
        return OptionalLong.empty();
    }

    /**
     * Returns what the device's sensors read now, by name and unit, as {@code sm_mhz}: what a measured time depends on besides the kernels. Empty where
     * there are none.
     */
    default Map<String, Double> readings() {
        return Map.of();
    }

    /**
     * Returns loops that reach what the hardware can do at most, on what this device was opened with; empty if the backend has none. They may allocate memory,
     * which is freed with the returned object.
     */
    default Optional<HardwareLimits> limits() {
        return Optional.empty();
    }

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
