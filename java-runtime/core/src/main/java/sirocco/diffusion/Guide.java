package sirocco.diffusion;

import java.util.List;
import java.util.Optional;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import sirocco.api.GraphBuilder;
import sirocco.api.Value;
import sirocco.data.Batch;
import sirocco.data.Column;
import sirocco.data.Samples;

/**
 * How one output for the solver is made of evaluations of the network at a step of sampling. A guide is a file; guides without state are shared.
 */
public interface Guide {
    /** One evaluation with each image's condition. */
    Guide NONE = new Guide() {
        @Override
        public List<Conditioned> evaluations() {
            return List.of(Conditioned.GIVEN);
        }

        @Override
        public Value record(Step step, Value x, Value t, BinaryOperator<Value> network) {
            return network.apply(x, t);
        }
    };

    /**
     * With what condition an evaluation is made.
     *
     * @param isNull whether it is the null condition; otherwise {@code other}, or each image's condition if that is empty
     */
    record Conditioned(boolean isNull, Optional<Samples> other) {
        public static final Conditioned GIVEN = new Conditioned(false, Optional.empty());
        public static final Conditioned NULL = new Conditioned(true, Optional.empty());

        /** Returns a condition that is the same for image i whatever was asked for it, such as a negative prompt. Where it lacks a column, that condition is null. */
        public static Conditioned on(Samples other) {
            return new Conditioned(false, Optional.of(other));
        }
    }

    /**
     * A step of sampling.
     *
     * @param inputs to which a guide adds its constants
     * @param tables for what depends on the noise level
     * @param columns of the images' conditions, [n,…], for a guide that reads them itself
     */
    record Step(GraphBuilder graph, HostInputs inputs, StepTables<?> tables, Function<Column, Value> columns) {
        /** Returns a column of the images' conditions. */
        public Value given(Column column) {
            return columns.apply(column);
        }
    }

    /**
     * Returns the conditions of the evaluations that are made of each image. The network evaluates them together: all images with the first, then all with the
     * second, and so on.
     */
    List<Conditioned> evaluations();

    /**
     * Checks the conditions of an image that this guide reads itself.
     *
     * @param given with the columns that {@link Step#given} was asked for
     * @param image number of the image, for the message
     * @throws IllegalArgumentException if they are not possible
     */
    default void check(Batch given, int row, long image) { }

    /**
     * Records the evaluations and their combination.
     *
     * @param x F32 [n,h,w,c], the network's input
     * @param t F32 [k·n,1,1,1] for k evaluations
     * @param network records the network for k·n images
     * @return F32 [n,h,w,c]
     */
    Value record(Step step, Value x, Value t, BinaryOperator<Value> network);
}
