package sirocco.testkit;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import sirocco.api.DType;
import sirocco.api.Gradients;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.Op;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.api.Window;

/** Records an {@link OpCase}: its graph by {@link #g}, its persistent values with their data, its results. */
public final class CaseBuilder {
    /** The graph; persistent values are made by the methods below, so that they have data. */
    public final GraphBuilder g = new GraphBuilder();
    private final Map<Value, OpCase.Data> data = new LinkedHashMap<>();
    private final List<OpCase.Result> results = new ArrayList<>();
    private Optional<Value> loss = Optional.empty();
    private Map<Value, Value> gradients = Map.of();

    /** Element i of a value. */
    @FunctionalInterface
    public interface Floats {
        double at(RandomGenerator random, int i);
    }

    /** Normally distributed. */
    public static Floats normal(double mean, double deviation) {
        return (random, i) -> mean + deviation * random.nextGaussian();
    }

    // ---- values ----------------------------------------------------------------------------------------------------------------

    /** Standard normal. */
    public Value input(String name, Shape shape) {
        return input(name, shape, normal(0, 1));
    }

    public Value input(String name, Shape shape, Floats floats) {
        return with(g.input(name, shape, DType.F32), floats);
    }

    /** Normal with variance 1 / inputs of each output, as a layer's initial weights, so that sizes stay about 1. */
    public Value parameter(String name, Shape shape) {
        return parameter(name, shape, normal(0, 1 / Math.sqrt(shape.imageElements())));
    }

    public Value parameter(String name, Shape shape, Floats floats) {
        return with(g.parameter(name, shape), floats);
    }

    /** Standard normal. */
    public Value state(String name, Shape shape) {
        return state(name, shape, normal(0, 1));
    }

    public Value state(String name, Shape shape, Floats floats) {
        return with(g.state(name, shape, DType.F32), floats);
    }

    private Value with(Value v, Floats floats) {
        data.put(v, (e, value, random) -> {
            float[] all = new float[(int) value.shape().elements()];
            for (int i = 0; i < all.length; i++) {
                all[i] = (float) floats.at(random, i);
            }
            e.write(value, all);
        });
        return v;
    }

    /** An I32 input [n,1,1,1]. */
    public Value ids(String name, int... ids) {
        return with(g.input(name, Shape.features(ids.length, 1), DType.I32), ids);
    }

    /** An I32 input of any shape. */
    public Value integers(String name, Shape shape, int... numbers) {
        return with(g.input(name, shape, DType.I32), numbers);
    }

    public Value cursor(int row) {
        return number("cursor", row);
    }

    /** An I32 state [1,1,1,1]. */
    public Value number(String name, int number) {
        return with(g.state(name, Shape.vector(1), DType.I32), number);
    }

    public Value rng(long seed, int step) {
        return with(g.input("rng", Shape.vector(4), DType.I32), (int) seed, (int) (seed >>> 32), step, 0);
    }

    /** Sample indices from {@code first} on. */
    public Value index(int n, int first) {
        int[] all = new int[n];
        for (int i = 0; i < n; i++) {
            all[i] = first + i;
        }
        return with(g.input("index", Shape.features(n, 1), DType.I32), all);
    }

    private Value with(Value v, int... ints) {
        data.put(v, (e, value, random) -> e.write(value, ints));
        return v;
    }

    /** U8, every value from 0 to 255. */
    public Value images(Shape shape) {
        Value v = g.input("images", shape, DType.U8);
        data.put(v, (e, value, random) -> {
            byte[] all = new byte[(int) value.shape().elements()];
            random.nextBytes(all);
            e.write(value, all);
        });
        return v;
    }

    /** A U8 input of given numbers. */
    Value images(String name, Shape shape, double[] pixels) {
        byte[] all = new byte[pixels.length];
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) (int) pixels[i];
        }
        Value v = g.input(name, shape, DType.U8);
        data.put(v, (e, value, random) -> e.write(value, all));
        return v;
    }

    /**
     * An activation each of whose elements is an element of a parameter, so that a gradient check reaches it: a 1×1 convolution of as many
     * channels as there are pixels, of which pixel number i has a one in channel i.
     */
    public Value activation(String name, Shape shape, Floats floats) {
        int pixels = shape.n() * shape.h() * shape.w();
        Value x = input(name + ".pixel", shape.withC(pixels), (random, i) -> i / pixels == i % pixels ? 1 : 0);
        Value w = parameter(name, new Shape(shape.c(), 1, 1, pixels), floats);
        return g.in(name, () -> g.conv2d(x, w, Optional.empty(), Optional.empty(), Optional.empty(), Window.same(1)));
    }

    public Value activation(String name, Shape shape) {
        return activation(name, shape, normal(0, 1));
    }

    public Value temporary(String name, Shape shape) {
        return g.temporary(name, shape);
    }

    // ---- steps and results -----------------------------------------------------------------------------------------------------

    /** Records an op made by hand. */
    public void op(Op op) {
        g.in(op.kind(), () -> g.record(op, null));
    }

    /** Compares {@code v}. */
    public void result(Value v, Tolerance tolerance) {
        result(List.of(v), tolerance);
    }

    public void result(List<Value> values, Tolerance tolerance) {
        values.forEach(g::output);
        results.add(new OpCase.Result(List.copyOf(values), tolerance));
    }

    /** Ends in the mean squared error against random targets, and the reverse pass; compares loss and gradients. */
    public Map<Value, Value> train(Value prediction) {
        Value target = input("target", prediction.shape());
        return backward(g.mseLoss(prediction, target, Optional.empty()));
    }

    /** The reverse pass of a loss; compares it and the gradients, which are zero at first. */
    public Map<Value, Value> backward(Value lossValue) {
        loss = Optional.of(lossValue);
        gradients = Gradients.ofParameters(g, lossValue);
        result(lossValue, Tolerance.network());
        result(List.copyOf(gradients.values()), Tolerance.gradients());
        return gradients;
    }

    /** The same by any values, each gradient compared by itself. */
    void backward(Value lossValue, List<Value> wanted, Tolerance tolerance) {
        loss = Optional.of(lossValue);
        gradients = Gradients.of(g, lossValue, wanted);
        result(lossValue, tolerance);
        gradients.values().forEach(v -> result(v, tolerance));
    }

    /** Values without data, as the states that the graph builder makes for an optimizer, are zero at first. */
    OpCase build(String name) {
        Graph graph = g.build();
        for (Value v : graph.values()) {
            if (v.persistent() && !data.containsKey(v)) {
                switch (v.dtype()) {
                    case F32 -> with(v, (random, i) -> 0);
                    case I32 -> with(v, new int[(int) v.shape().elements()]);
                    case U8 -> data.put(v, (e, value, random) -> e.write(value, new byte[(int) value.shape().elements()]));
                }
            }
        }
        return new OpCase(name, graph, data, results, loss, gradients);
    }
}
