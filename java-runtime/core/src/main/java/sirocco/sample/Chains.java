package sirocco.sample;

import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import sirocco.api.Executable;

/** The way of a batch of images from noise to the end, by one kind of solver. */
interface Chains {
    /**
     * Starts anew.
     *
     * @param first number of the first image
     * @param x [n,h,w,c], the start, which is written to the device already
     */
    void begin(Executable executable, int first, float[] x);

    /** Returns the number of steps, if it is known before sampling. */
    OptionalInt steps();

    /** Does the next steps, or as many as are left; false if the chains are at their end. */
    boolean step(int steps);

    /** Does all steps that are left, with looks at {@code stop} now and then; false if that ended it before. */
    boolean finish(BooleanSupplier stop);

    /** Returns how often the guided network was evaluated for an image of the batch so far. */
    int evaluations(int image);
}
