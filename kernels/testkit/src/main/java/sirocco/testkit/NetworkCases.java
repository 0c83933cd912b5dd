package sirocco.testkit;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import sirocco.api.Gradients;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.api.Window;

/**
 * Op cases in which layers meet: residual and attention blocks, and a small network of every kind of layer, trained for a step and sampled from. They test
 * backends, which know no networks; tests that need one that users train take it from the library.
 */
public final class NetworkCases {
    private static final float EPS = 1e-5f;

    private NetworkCases() { }

    static void addTo(List<OpCase> cases) {
        cases.add(resBlock("gradients of a residual block", new Shape(2, 3, 3, 4), 4, 2, true));
        cases.add(resBlock("gradients of a residual block without shortcut", new Shape(2, 2, 3, 4), 4, 2, false));
        cases.add(resBlock("gradients of a wide residual block", new Shape(1, 8, 8, 20), 32, 4, true));
        cases.add(attentionBlock(new Shape(2, 2, 2, 4), 2, 2));
        cases.add(attentionBlock(new Shape(1, 8, 8, 32), 8, 4));
        cases.add(networkGradients(2, 4, 4, 2));
        cases.add(trainingStep(2, 16, 16, 4));
        cases.add(trainingStep(2, 8, 20, 4));
        cases.add(samplingStep(3, 8, 20, 4));
    }

    // ---- layers ----------------------------------------------------------------------------------------------------------------

    private static Value conv(CaseBuilder c, String name, Value x, int k, Window window, Optional<Value> perChannel, Optional<Value> residual) {
        return c.g.in(name, () -> {
            Value w = c.parameter("weight", new Shape(k, window.kernelH(), window.kernelW(), x.shape().c()));
            Value b = c.parameter("bias", Shape.vector(k), CaseBuilder.normal(0, 0.1));
            return c.g.conv2d(x, w, Optional.of(b), perChannel, residual, window);
        });
    }

    private static Value conv(CaseBuilder c, String name, Value x, int k, Window window) {
        return conv(c, name, x, k, window, Optional.empty(), Optional.empty());
    }

    private static Value norm(CaseBuilder c, String name, Value x, int groups, boolean silu) {
        return c.g.in(name, () -> c.g.groupNorm(x, c.parameter("weight", Shape.vector(x.shape().c()), CaseBuilder.normal(1, 0.1)),
                c.parameter("bias", Shape.vector(x.shape().c()), CaseBuilder.normal(0, 0.1)), groups, EPS, silu));
    }

    private static Value resnet(CaseBuilder c, String name, Value x, Value emb, int k, int groups, Value rng, Value index, float dropout) {
        return c.g.in(name, () -> {
            Value proj = conv(c, "time_emb_proj", c.g.in("nonlinearity", () -> c.g.silu(emb)), k, Window.same(1));
            Value h = conv(c, "conv1", norm(c, "norm1", x, groups, true), k, Window.same(3), Optional.of(proj), Optional.empty());
            Value activated = norm(c, "norm2", h, groups, true);
            Value kept = c.g.in("dropout", () -> c.g.dropout(activated, rng, index, dropout));
            Value skip = x.shape().c() == k ? x : conv(c, "conv_shortcut", x, k, Window.same(1));
            return conv(c, "conv2", kept, k, Window.same(3), Optional.empty(), Optional.of(skip));
        });
    }

    private static Value attention(CaseBuilder c, String name, Value x, int groups, int heads) {
        return c.g.in(name, () -> {
            Value normed = norm(c, "group_norm", x, groups, false);
            int channels = x.shape().c();
            Value q = conv(c, "to_q", normed, channels, Window.same(1));
            Value k = conv(c, "to_k", normed, channels, Window.same(1));
            Value v = conv(c, "to_v", normed, channels, Window.same(1));
            Value y = c.g.attention(q, k, v, heads);
            return conv(c, "to_out", y, channels, Window.same(1), Optional.empty(), Optional.of(x));
        });
    }

    /** Two levels with attention on the lower: input and output of {@code colours} channels. */
    private static Value network(CaseBuilder c, Value x, Value t, Value labels, int width, int groups, Value rng, Value index, float dropout) {
        Value sines = c.g.in("time_proj", () -> c.g.timestepEmbedding(t, width, true, 0));
        Value hidden = conv(c, "time_embedding.linear_1", sines, 2 * width, Window.same(1));
        Value classes = c.g.in("class_embedding",
                () -> c.g.embedding(labels, c.parameter("weight", new Shape(4, 1, 1, 2 * width), CaseBuilder.normal(0, 1))));
        Value emb = conv(c, "time_embedding.linear_2", c.g.in("time_embedding.act", () -> c.g.silu(hidden)), 2 * width, Window.same(1),
                Optional.empty(), Optional.of(classes));
        Value in = conv(c, "conv_in", x, width, Window.same(3));
        Value d0 = resnet(c, "down.0", in, emb, width, groups, rng, index, dropout);
        Value down = conv(c, "downsample", d0, width, Window.down());
        Value mid = resnet(c, "mid", down, emb, 2 * width, groups, rng, index, dropout);
        Value attended = attention(c, "attention", mid, groups, 2);
        Value up = conv(c, "upsample", c.g.in("nearest", () -> c.g.upsample(attended)), width, Window.same(3));
        Value joined = c.g.in("skip", () -> c.g.concat(up, d0));
        Value u0 = resnet(c, "up.0", joined, emb, width, groups, rng, index, dropout);
        return conv(c, "conv_out", norm(c, "conv_norm_out", u0, groups, true), x.shape().c(), Window.same(3));
    }

    // ---- cases -----------------------------------------------------------------------------------------------------------------

    private static OpCase resBlock(String name, Shape s, int k, int groups, boolean shortcut) {
        return OpCase.of(name, c -> {
            Value rng = c.rng(3, 1);
            Value index = c.index(s.n(), 0);
            Value x = c.input("x", s);
            Value start = conv(c, "start", x, shortcut ? s.c() : k, Window.same(1));
            Value emb = c.input("emb", Shape.features(s.n(), 3));
            c.train(resnet(c, "block", start, emb, shortcut ? k + groups : k, groups, rng, index, 0.1f));
        });
    }

    private static OpCase attentionBlock(Shape s, int groups, int heads) {
        return OpCase.of("gradients of an attention block " + s, c -> {
            Value x = c.input("x", s);
            c.train(attention(c, "block", conv(c, "start", x, s.c(), Window.same(1)), groups, heads));
        });
    }

    private static Value trainingLoss(CaseBuilder c, int n, int size, int width, int groups) {
        Value images = c.images(new Shape(n, size, size, 3));
        Value schedule = c.input("schedule", new Shape(100, 1, 1, 8), (random, i) -> DiffusionCases.epsilonSchedule(i, 100));
        Value rng = c.rng(21, 4);
        Value index = c.index(n, 5);
        int[] classes = new int[n];
        for (int i = 0; i < n; i++) {
            classes[i] = i % 3;
        }
        Value labels = c.ids("labels", classes);
        var noised = c.g.in("noising", () -> c.g.noising(images, schedule, rng, index, true));
        Value dropped = c.g.in("labels", () -> c.g.dropLabels(labels, rng, index, 0.5f, 3));
        Value out = network(c, noised.xt(), noised.t(), dropped, width, groups, rng, index, 0.1f);
        return c.g.in("loss", () -> c.g.mseLoss(out, noised.target(), Optional.of(noised.weight())));
    }

    private static OpCase networkGradients(int n, int size, int width, int groups) {
        return OpCase.of("gradients of a small network", c -> c.backward(trainingLoss(c, n, size, width, groups)));
    }

    /** Noising, network, loss, reverse pass, Adam: all of a training step, of images {@code size}² and {@code width} channels. */
    public static OpCase trainingStep(int n, int size, int width, int groups) {
        return OpCase.of("training step of a small network, n " + n + " size " + size + " width " + width, c -> {
            Value loss = trainingLoss(c, n, size, width, groups);
            Map<Value, Value> gradients = Gradients.ofParameters(c.g, loss);
            Value hyper = c.input("hyper", Shape.vector(16), (random, i) -> new double[] {1e-3, 0.9, 0.999, 1e-8, 0, 0.99, 1, 0.1, 0.001, 0, 0, 0, 0,
                0, 0, 0}[i]);
            Value norm = c.g.adamEma(gradients, hyper);
            c.result(loss, Tolerance.network());
            c.result(norm, Tolerance.gradients());
            // Adam's first step is lr times the gradient's sign, so a gradient that is zero but for rounding moves its parameter by up
            // to lr either way: parameters say little, and the first moment, 0.1 of the gradient, says it all.
            List<Value> m = gradients.keySet().stream().map(p -> c.g.build().find("adam.m." + p.name())).toList();
            c.result(m, Tolerance.gradients());
            c.result(List.copyOf(gradients.values()), Tolerance.EXACT);
        });
    }

    /** Both halves of guidance through the network, then a sampler's step. */
    public static OpCase samplingStep(int n, int size, int width, int groups) {
        return OpCase.of("sampling step of a small network with guidance, n " + n + " size " + size + " width " + width, c -> {
            Value rng = c.rng(21, 0);
            Value index = c.index(n, 5);
            Value both = c.ids("index of both halves", new int[2 * n]);
            int[] classes = new int[2 * n];
            for (int i = 0; i < 2 * n; i++) {
                classes[i] = i < n ? i % 3 : 3;
            }
            Value labels = c.ids("labels", classes);
            Value table = c.input("table", new Shape(3, 1, 1, 12), (random, i) -> new double[] {60, 1.5, -1.1, 1, 0.6, 0.5, 0, 0, 0, 0.2, 0, 0}[i % 12]);
            Value cursor = c.cursor(0);
            Value x = c.state("x", new Shape(n, size, size, 3));
            Value scale = c.input("guidance", Shape.vector(1), (random, i) -> 2);
            Value t = c.g.in("t", () -> c.g.chainTimestep(table, cursor, 2 * n));
            Value twice = c.g.in("repeat", () -> c.g.repeat(x));
            Value out = network(c, twice, t, labels, width, groups, rng, both, 0);
            Value guided = c.g.in("guide", () -> c.g.guidance(out, scale));
            c.g.in("sampler", () -> {
                c.g.samplingStep(guided, table, rng, index, x, Optional.empty(), Optional.empty(), cursor);
                return null;
            });
            c.result(guided, Tolerance.gradients()); // guidance takes a difference of two networks' outputs
            c.result(x, Tolerance.gradients());
            c.result(cursor, Tolerance.EXACT);
        });
    }
}
