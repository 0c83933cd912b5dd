package sirocco.cpu;

import sirocco.api.Value;

/**
 * A step, made for its operands' layouts but not yet for their places.
 *
 * @param scratchFloats working memory, in the arena for as long as the step runs
 * @param algorithm how it computes; empty where there is one way only
 * @param weights what a convolution prepares before it runs; null for all others
 * @param preparedFloats the prepared weights
 */
record Kernel(long scratchFloats, String algorithm, Value weights, long preparedFloats, Binding binding) {
    /** Takes the operands' places. What it returns, and all that runs then, allocates nothing. */
    @FunctionalInterface
    interface Binding {
        Bound bind(Memory memory, Slice scratch, Slice prepared);
    }

    /** A step ready to run. {@code prepare} comes before the first run, and again whenever the weights have changed; null if there is nothing to. */
    record Bound(Runnable run, Runnable prepare) { }

    /** Nothing but operands. */
    @FunctionalInterface
    interface Simple {
        Runnable bind(Memory memory);
    }

    /** Operands and scratch. */
    @FunctionalInterface
    interface Scratched {
        Runnable bind(Memory memory, Slice scratch);
    }

    static Kernel of(Simple binding) {
        return new Kernel(0, "", null, 0, (memory, _, _) -> new Bound(binding.bind(memory), null));
    }

    static Kernel of(long scratchFloats, Scratched binding) {
        return new Kernel(scratchFloats, "", null, 0, (memory, scratch, _) -> new Bound(binding.bind(memory, scratch), null));
    }

    // ---- one value in, one out, and the like -----------------------------------------------------------------------------------

    /** A kernel of one operand, given by arrays and offsets. */
    @FunctionalInterface
    interface Unary {
        void run(float[] x, int xAt, float[] y, int yAt);
    }

    /** A kernel of two operands, given by arrays and offsets. */
    @FunctionalInterface
    interface Binary {
        void run(float[] a, int aAt, float[] b, int bAt, float[] y, int yAt);
    }

    static Kernel unary(Unary kernel, Value x, Value y) {
        return of(m -> {
            Slice from = m.at(x);
            Slice to = m.at(y);
            return () -> kernel.run(from.array(), from.offset(), to.array(), to.offset());
        });
    }

    static Kernel binary(Binary kernel, Value a, Value b, Value y) {
        return of(m -> {
            Slice first = m.at(a);
            Slice second = m.at(b);
            Slice to = m.at(y);
            return () -> kernel.run(first.array(), first.offset(), second.array(), second.offset(), to.array(), to.offset());
        });
    }
}
