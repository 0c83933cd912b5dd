package sirocco.testkit;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.api.Window;

/**
 * Every op between 3×3 convolutions, forward and, where there is one, backward. A layout may surround images with zeros that a convolution
 * reads, or fill channels up: whatever writes a value must leave these as the next op expects them.
 */
final class ChainCases {
    private static final List<Shape> SHAPES = List.of(new Shape(1, 8, 8, 20), new Shape(2, 5, 4, 16));

    private ChainCases() { }

    /** An op with a reverse pass, from an activation to another. */
    private interface Link extends BiFunction<CaseBuilder, Value, Value> { }

    private static Map<String, Link> links() {
        Map<String, Link> links = new LinkedHashMap<>();
        links.put("nothing", (c, x) -> x);
        links.put("Silu", (c, x) -> c.g.silu(x));
        links.put("GroupNorm", (c, x) -> norm(c, x, false));
        links.put("GroupNorm+Silu", (c, x) -> norm(c, x, true));
        links.put("Attention", (c, x) -> c.g.attention(x, x, x, 2));
        links.put("Add", (c, x) -> c.g.add(x, c.input("summand", x.shape())));
        links.put("Add to itself", (c, x) -> c.g.add(x, x));
        links.put("Concat", (c, x) -> c.g.concat(x, c.g.in("other", () -> c.g.silu(x))));
        links.put("Upsample", (c, x) -> c.g.upsample(x));
        links.put("Dropout", (c, x) -> c.g.dropout(x, c.rng(8, 2), c.index(x.shape().n(), 3), 0.25f));
        links.put("1×1 Conv2d", (c, x) -> conv(c, "pointwise", x, x.shape().c() + 4, Window.same(1), Optional.empty()));
        links.put("strided Conv2d", (c, x) -> conv(c, "down", x, x.shape().c(), Window.down(), Optional.empty()));
        links.put("Conv2d with its input added", (c, x) -> conv(c, "residual", x, x.shape().c(), Window.same(3), Optional.of(x)));
        return links;
    }

    static void addTo(List<OpCase> cases) {
        for (Shape s : SHAPES) {
            links().forEach((name, link) -> cases.add(between(name, link, s)));
            cases.add(moved(s));
            cases.add(sampled(s));
            cases.add(noised(s));
        }
    }

    private static Value conv(CaseBuilder c, String name, Value x, int k, Window window, Optional<Value> residual) {
        return c.g.in(name, () -> c.g.conv2d(x, c.parameter("weight", new Shape(k, window.kernelH(), window.kernelW(), x.shape().c())),
                Optional.of(c.parameter("bias", Shape.vector(k), CaseBuilder.normal(0, 0.1))), Optional.empty(), residual, window));
    }

    private static Value conv3(CaseBuilder c, String name, Value x) {
        return conv(c, name, x, 17, Window.same(3), Optional.empty());
    }

    private static Value norm(CaseBuilder c, Value x, boolean silu) {
        Value gamma = c.parameter("gamma", Shape.vector(x.shape().c()), CaseBuilder.normal(1, 0.1));
        Value beta = c.parameter("beta", Shape.vector(x.shape().c()), CaseBuilder.normal(0, 0.1));
        return c.g.groupNorm(x, gamma, beta, 2, 1e-5f, silu);
    }

    /** Convolution, convolution, link, convolution, loss: the second one's gradient to its input starts from what the link's reverse writes. */
    private static OpCase between(String name, Link link, Shape s) {
        return OpCase.of("gradients of " + name + " between convolutions " + s, c -> {
            Value first = conv(c, "first", c.input("x", s), s.c(), Window.same(3), Optional.empty());
            Value second = conv(c, "second", first, s.c(), Window.same(3), Optional.empty());
            c.train(conv3(c, "last", c.g.in("link", () -> link.apply(c, second))));
        });
    }

    private static OpCase moved(Shape s) {
        return OpCase.of("Repeat, Slice and Guidance before convolutions " + s, c -> {
            Value x = c.input("x", s);
            Value twice = c.g.in("repeat", () -> c.g.repeat(x));
            Value a = conv3(c, "a", twice);
            Value b = conv3(c, "b", c.g.in("slice", () -> c.g.slice(twice, 3, s.c() - 3)));
            Value scale = c.input("scale", Shape.vector(1), (random, i) -> 0.5);
            Value d = conv3(c, "d", c.g.in("guidance", () -> c.g.guidance(c.g.in("silu", () -> c.g.silu(twice)), scale)));
            c.result(List.of(a, b, d), Tolerance.network());
        });
    }

    /** A state of the chain that the sampler changes in place, before and after. */
    private static OpCase sampled(Shape s) {
        return OpCase.of("SamplingStep between convolutions " + s, c -> {
            Value table = c.input("table", new Shape(2, 1, 1, 12), (random, i) -> new double[] {9, 1.2, -0.7, 1, 0.5, 0.9, 0, 0, 0, 0.1, 0, 0}[i % 12]);
            Value rng = c.rng(2, 0);
            Value index = c.index(s.n(), 1);
            Value x = c.state("x", s);
            Value cursor = c.cursor(0);
            Value out = conv(c, "before", x, s.c(), Window.same(3), Optional.empty());
            c.g.in("sampler", () -> {
                c.g.samplingStep(out, table, rng, index, x, Optional.empty(), Optional.empty(), cursor);
                return null;
            });
            c.result(conv3(c, "after", x), Tolerance.network());
        });
    }

    private static OpCase noised(Shape s) {
        return OpCase.of("Noising before a convolution " + s, c -> {
            Value schedule = c.input("schedule", new Shape(10, 1, 1, 8), (random, i) -> DiffusionCases.epsilonSchedule(i, 10));
            Value images = c.images(s);
            Value rng = c.rng(6, 1);
            Value index = c.index(s.n(), 0);
            Value xt = c.g.in("noising", () -> c.g.noising(images, schedule, rng, index, true)).xt();
            c.result(conv3(c, "conv", xt), Tolerance.network());
        });
    }
}
