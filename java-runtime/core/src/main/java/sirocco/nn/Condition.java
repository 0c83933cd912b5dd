package sirocco.nn;

import java.util.function.Function;
import sirocco.api.GraphBuilder;
import sirocco.api.RandomKey;
import sirocco.api.Value;
import sirocco.data.Batch;
import sirocco.data.Column;

/**
 * What a network receives beside a noisy image and its time: a class label, token embeddings, a low-resolution image. It is a column of each sample
 * that is generated; in training it is a column of the dataset, or follows from one.
 *
 * <p>For classifier-free guidance (Ho &amp; Salimans 2022) a condition has a null value, which stands for "no condition": training replaces the condition by it
 * now and then, and sampling evaluates the network with it too.
 */
public interface Condition {
    /** Returns the column that holds this condition. */
    Column column();

    /**
     * Records this condition of a batch of training samples. By default it is the samples' own {@link #column}.
     *
     * @param columns the columns of the n samples by name, as the dataset has them
     * @param key of the batch
     * @param flip whether images are flipped at random, by the {@link sirocco.api.Philox} bit of {@code key}
     * @return the column of n samples
     * @throws IllegalArgumentException if the dataset lacks a column that is read
     */
    default Value ofSamples(GraphBuilder g, Function<String, Value> columns, RandomKey key, boolean flip) {
        return columns.apply(column().name());
    }

    /**
     * Records dropping: with a probability, each sample's condition becomes the null condition.
     *
     * @param given the column of n samples
     * @param key of the batch; word 2 of its TRAIN block decides ({@link sirocco.api.Philox})
     * @param p probability in [0,1]
     * @return of the shape and type of {@code given}
     */
    Value drop(GraphBuilder g, Value given, RandomKey key, double p);

    /** Writes the null condition into a row of a batch. */
    void writeNull(Batch into, int row);

    /**
     * Checks a sample's condition.
     *
     * @param sample number of the sample, for the message
     * @throws IllegalArgumentException if the network does not know the condition in this row of a batch
     */
    void check(Batch given, int row, long sample);
}
