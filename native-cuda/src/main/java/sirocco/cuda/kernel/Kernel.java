package sirocco.cuda.kernel;

import java.util.List;
import java.util.function.IntFunction;
import sirocco.api.Value;
import sirocco.gpu.FaultMessages;
import sirocco.gpu.PlannedKernel;

/**
 * A step, planned but not yet placed in memory.
 *
 * @param scratchBytes working memory, in the arena for as long as the step runs
 * @param tableWords 64-bit words of its constant table
 * @param algorithm how it computes; empty where there is one way only
 * @param fault what is wrong, given the number that a kernel reported
 * @param weights persistent values that it wants as bf16 copies, at {@link Places#weights}
 * @param binding makes its launches, in order
 */
public record Kernel(long scratchBytes, int tableWords, String algorithm, IntFunction<String> fault, List<Value> weights,
                     Binding binding) implements PlannedKernel {
    /** Takes the operands' places. */
    @FunctionalInterface
    public interface Binding {
        List<Launch> bind(Places places);
    }

    public static Kernel of(Binding binding) {
        return new Kernel(0, 0, "", FaultMessages.UNKNOWN, List.of(), binding);
    }

    public Kernel withScratch(long bytes) {
        return new Kernel(bytes, tableWords, algorithm, fault, weights, binding);
    }

    public Kernel withTable(int words) {
        return new Kernel(scratchBytes, words, algorithm, fault, weights, binding);
    }

    public Kernel withAlgorithm(String name) {
        return new Kernel(scratchBytes, tableWords, name, fault, weights, binding);
    }

    public Kernel withBinding(Binding other) {
        return new Kernel(scratchBytes, tableWords, algorithm, fault, weights, other);
    }

    /** With a weight as kernels of the target's storage want it. */
    public Kernel withWeights(Value w, Target target) {
        boolean copied = target.activations() == Storage.BF16 && w.persistent();
        return new Kernel(scratchBytes, tableWords, algorithm, fault, copied ? List.of(w) : List.of(), binding);
    }

    public Kernel withFault(IntFunction<String> text) {
        return new Kernel(scratchBytes, tableWords, algorithm, text, weights, binding);
    }
}
