package sirocco.api;

import java.util.function.Consumer;
import java.util.function.IntPredicate;

/**
 * A plan in memory. Host arrays are dense in logical NHWC order, whatever the layout on the device. Not for use by several threads at once.
 */
public interface Executable extends AutoCloseable {
    Plan plan();

    /** Sets an F32 input, parameter or state. The array has exactly the value's elements. */
    void write(Value v, float[] data);

    /** Sets an I32 input or state. */
    void write(Value v, int[] data);

    /** Sets a U8 input. */
    void write(Value v, byte[] data);

    /** Sets elements {@code first} … {@code first + part.length − 1} of a U8 input, which may be larger than an array can be. */
    void write(Value v, long first, byte[] part);

    /** Reads an F32 persistent value, or an output after a run. */
    void read(Value v, float[] data);

    /** Reads an I32 persistent value, or an output after a run. */
    void read(Value v, int[] data);

    /**
     * Runs every step once. Allocates nothing. May return before the device is done; what is read, written or run afterwards comes after it all
     * the same.
     */
    void run();

    /**
     * Runs the steps of one phase once. What {@link #run()} does is the same as every phase in its order.
     *
     * @throws java.util.NoSuchElementException if the graph has no phase of this name
     * @throws UnsupportedOperationException if the graph has several phases and this executable can only run all of them
     */
    default void run(String phase) {
        plan().graph().phase(phase);
        if (plan().graph().phases().size() > 1) {
            throw new UnsupportedOperationException("run \"" + phase + "\": this executable runs all phases of a graph together");
        }
        run();
    }

    /**
     * The same as so many times {@link #run()}, and to the same bits. A device may do all of them without hearing from the host in between; the
     * first time it may have to be readied for that.
     *
     * @param times 0 or more
     */
    default void repeat(int times) {
        for (int i = 0; i < times; i++) {
            run();
        }
    }

    /** Waits until everything that was run is done. */
    default void await() { }

    /**
     * Runs every step once and says how long each took. Where a device works without hearing from the host, so it does here: steps are timed, not
     * their launches.
     *
     * @param nanos of each step, at its number
     */
    default void time(long[] nanos) {
        trace(_ -> false, t -> nanos[t.number()] = t.nanos());
    }

    /** Runs every step once, slowly, telling {@code observer} about each as it is done. */
    default void trace(Consumer<StepTrace> observer) {
        trace(_ -> true, observer);
    }

    /**
     * The same, looking at what some steps write only.
     *
     * @param observed takes a step's number
     */
    void trace(IntPredicate observed, Consumer<StepTrace> observer);

    @Override
    void close();
}
