package sirocco.diffusion;

import sirocco.api.GraphBuilder;
import sirocco.api.RandomKey;
import sirocco.api.Value;

/** What an {@link Objective} records a training step with. */
public interface TrainingStep {
    GraphBuilder graph();

    /** Returns how data becomes noise. */
    ForwardProcess process();

    /** Returns the random key of the batch. */
    RandomKey key();

    /** Returns the inputs that the host writes, to which an objective may add its tables. */
    HostInputs inputs();

    /** Returns whether images are flipped at random. */
    boolean flip();

    /**
     * Returns a column of the batch, as the dataset has it: images are U8 [n,h,w,c].
     *
     * @throws IllegalArgumentException if the dataset does not have the column
     */
    Value column(String name);

    /**
     * Records an evaluation of the trained network with the batch's conditions, some of them dropped, and with dropout.
     *
     * @param x F32 [n,h,w,c]
     * @param t F32 [n,1,1,1]
     */
    Value evaluate(Value x, Value t);
}
