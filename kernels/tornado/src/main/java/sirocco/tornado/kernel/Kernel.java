package sirocco.tornado.kernel;

import java.util.List;
import java.util.function.IntFunction;
import sirocco.gpu.FaultMessages;
import sirocco.gpu.PlannedKernel;

/**
 * A step, planned but not yet placed in memory.
 *
 * @param scratchFloats working memory, in the arena for as long as the step runs
 * @param algorithm how it computes; empty where there is one way only
 * @param fault what is wrong, given the number that a kernel reported
 * @param binding makes its launches, in order
 */
public record Kernel(long scratchFloats, String algorithm, IntFunction<String> fault, Binding binding) implements PlannedKernel {
    /** Takes the operands' places. */
    @FunctionalInterface
    public interface Binding {
        List<Launch> bind(Places places);
    }

    @Override
    public long scratchBytes() {
        return scratchFloats * Float.BYTES;
    }

    public static Kernel of(Binding binding) {
        return new Kernel(0, "", FaultMessages.UNKNOWN, binding);
    }

    public Kernel withScratch(long floats) {
        return new Kernel(floats, algorithm, fault, binding);
    }

    public Kernel withAlgorithm(String name) {
        return new Kernel(scratchFloats, name, fault, binding);
    }

    /** The same, which says whose it is before how it computes: where there are others to choose from. */
    public Kernel named(String whose) {
        return withAlgorithm((whose + " " + algorithm).strip());
    }

    public Kernel withFault(IntFunction<String> text) {
        return new Kernel(scratchFloats, algorithm, text, binding);
    }
}
