package sirocco.nn;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import sirocco.api.DType;
import sirocco.api.GraphBuilder;
import sirocco.api.RandomKey;
import sirocco.api.Shape;
import sirocco.api.Value;

/**
 * A neural network f(x, t, conditions) of an image, its time and what it is conditioned on. It records ops and holds no weights, so one instance may record any
 * number of graphs.
 */
public interface Network {
    NetworkConfig config();

    /** Returns the parameters in the order of a model file, input first. */
    List<Parameter> parameters();

    /** Returns the conditions that the network receives; none if it is unconditional. */
    List<Condition> conditions();

    /**
     * Records the network.
     *
     * @param x F32 [n,h,w,inChannels]; height and width may differ from the configuration's if {@link NetworkConfig#checkSize} allows them
     * @param t F32 [n,1,1,1]: times
     * @param conditions the column of n samples of each of {@link #conditions}
     * @param dropout random key of dropout in training; empty, and no dropout, at any other time
     * @return F32 [n,…]; of a denoising network [n,h,w,outChannels]
     * @throws IllegalArgumentException if a shape does not fit, or a condition is missing or not expected
     */
    Value apply(GraphBuilder g, Value x, Value t, Map<Condition, Value> conditions, Optional<RandomKey> dropout);

    /** Returns the number of weights. */
    default long parameterCount() {
        return parameters().stream().mapToLong(p -> p.shape().elements()).sum();
    }

    /** Returns the shape [n,h,w,c] of {@code n} images of the configuration's size. */
    default Shape images(int n) {
        return new Shape(n, config().size().height(), config().size().width(), config().inChannels());
    }

    /** Adds inputs to a graph that receive the conditions of {@code n} samples. */
    default Map<Condition, Value> conditionInputs(GraphBuilder g, int n) {
        Map<Condition, Value> inputs = new LinkedHashMap<>();
        conditions().forEach(c -> inputs.put(c, c.column().input(g, n)));
        return inputs;
    }

    /** Returns the floating-point operations of one image's forward pass at the configuration's size, a multiply-add counting two. */
    default long flopsPerImage() {
        GraphBuilder g = new GraphBuilder();
        apply(g, g.input("x", images(1), DType.F32), g.input("t", Shape.features(1, 1), DType.F32), conditionInputs(g, 1), Optional.empty());
        return g.build().flops();
    }

    /**
     * Checks that conditions are given for exactly the network's {@link #conditions}.
     *
     * @throws IllegalArgumentException naming what is missing or not expected
     */
    default void checkConditions(Map<Condition, Value> given) {
        if (!given.keySet().equals(Set.copyOf(conditions()))) {
            throw new IllegalArgumentException(config().className() + ": the conditions are not those of this network (expected " + names(conditions()) + ", got "
                    + names(given.keySet()) + ").");
        }
    }

    private static List<String> names(Collection<Condition> conditions) {
        return conditions.stream().map(c -> c.column().name()).toList();
    }
}
