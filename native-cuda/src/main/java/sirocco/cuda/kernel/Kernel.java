package sirocco.cuda.kernel;

import java.util.List;
import java.util.function.IntFunction;

/**
 * A step, planned but not yet placed in memory.
 *
 * @param scratchBytes working memory, in the arena for as long as the step runs
 * @param tableWords 64-bit words of its constant table
 * @param algorithm how it computes; empty where there is one way only
 * @param fault what is wrong, given the number that a kernel reported
 * @param binding makes its launches, in order
 */
public record Kernel(long scratchBytes, int tableWords, String algorithm, IntFunction<String> fault, Binding binding) {
    /** Takes the operands' places. */
    @FunctionalInterface
    public interface Binding {
        List<Launch> bind(Places places);
    }

    public static Kernel of(Binding binding) {
        return new Kernel(0, 0, "", number -> "a kernel reported " + number, binding);
    }

    public Kernel withScratch(long bytes) {
        return new Kernel(bytes, tableWords, algorithm, fault, binding);
    }

    public Kernel withTable(int words) {
        return new Kernel(scratchBytes, words, algorithm, fault, binding);
    }

    public Kernel withAlgorithm(String name) {
        return new Kernel(scratchBytes, tableWords, name, fault, binding);
    }

    public Kernel withBinding(Binding other) {
        return new Kernel(scratchBytes, tableWords, algorithm, fault, other);
    }

    public Kernel withFault(IntFunction<String> text) {
        return new Kernel(scratchBytes, tableWords, algorithm, text, binding);
    }
}
