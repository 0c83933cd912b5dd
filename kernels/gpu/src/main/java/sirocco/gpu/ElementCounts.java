package sirocco.gpu;

import java.util.function.Predicate;
import sirocco.api.Graph;
import sirocco.api.Value;

/** Limits of kernels that index elements by 32-bit integers. */
public final class ElementCounts {
    private ElementCounts() { }

    /**
     * Checks every value of a graph.
     *
     * @param backend the backend's name, for errors
     * @param most elements that a value may have
     * @param unlimited values that kernels index by 64-bit integers
     * @throws IllegalArgumentException if a value has more elements
     */
    public static void check(String backend, Graph graph, int most, Predicate<Value> unlimited) {
        for (Value v : graph.values()) {
            if (v.shape().elements() > most && !unlimited.test(v)) {
                throw new IllegalArgumentException(backend + ": " + v + " has too many elements (expected at most " + most + ", got " + v.shape().elements()
                        + "). Use a smaller batch.");
            }
        }
    }
}
