package sirocco.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntSupplier;
import java.util.stream.IntStream;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.api.Window;
import sirocco.testkit.RandomOps.Maker;

/** Adds random convolutions, normalizations, attention and embeddings to a sketch. */
final class RandomLayers {
    private static final List<Window> WINDOWS = List.of(Window.same(1), Window.same(1), Window.same(3), Window.same(3), Window.down(), Window.padded(1, 2, 0),
            Window.padded(2, 1, 1), new Window(3, 1, 1, 1, 0, 1, 0), new Window(1, 3, 2, 0, 2, 0, 0), Window.same(5));
    /** Least variance of what is normalized: with less, the slope is too steep for finite differences. */
    private static final double LEAST_VARIANCE = 0.05;
    private static final float EPS = 1e-5f;

    private RandomLayers() { }

    static List<Maker> all() {
        return List.of(RandomLayers::conv, RandomLayers::conv, RandomLayers::conv, RandomLayers::groupNorm, RandomLayers::groupNorm, RandomLayers::layerNorm,
                RandomLayers::layerNorm, RandomLayers::attention, RandomLayers::attention, RandomLayers::embedding, RandomLayers::timestepEmbedding);
    }

    private static Optional<Value> at(List<Value> reads, int i) {
        return i < 0 ? Optional.empty() : Optional.of(reads.get(i));
    }

    /** Adds an operand with some probability. Returns its place among those read, or −1. */
    private static int maybe(Sketch s, List<Integer> reads, double p, IntSupplier operand) {
        if (!s.chance(p)) {
            return -1;
        }
        reads.add(operand.getAsInt());
        return reads.size() - 1;
    }

    private static void conv(Sketch s) {
        int x = s.any();
        Shape xs = s.shape(x);
        Window window = s.one(WINDOWS);
        int k = s.channels();
        Shape w = new Shape(k, window.kernelH(), window.kernelW(), xs.c());
        if (window.outH(xs.h()) < 1 || window.outW(xs.w()) < 1 || w.elements() > 4000) {
            return;
        }
        Shape y = new Shape(xs.n(), window.outH(xs.h()), window.outW(xs.w()), k);
        if (!Sketch.small(y)) {
            return;
        }
        List<Integer> reads = new ArrayList<>(List.of(x, s.weight(w, 0, 1 / Math.sqrt(w.imageElements()))));
        int bias = maybe(s, reads, 0.6, () -> s.weight(Shape.vector(k), 0, 0.5));
        int perChannel = maybe(s, reads, 0.3, () -> s.like(Shape.features(xs.n(), k)));
        int residual = maybe(s, reads, 0.3, () -> s.like(y));
        String text = "conv2d " + window + (bias < 0 ? "" : " +bias") + (perChannel < 0 ? "" : " +perChannel") + (residual < 0 ? "" : " +residual");
        s.op(text, reads, (c, r) -> List.of(c.g.conv2d(r.get(0), r.get(1), at(r, bias), at(r, perChannel), at(r, residual), window)));
    }

    private static List<Integer> divisors(int c) {
        return IntStream.rangeClosed(1, c).filter(d -> c % d == 0).boxed().toList();
    }

    private static void groupNorm(Sketch s) {
        int x = s.any();
        Shape shape = s.shape(x);
        int groups = s.one(divisors(shape.c()));
        boolean silu = s.chance(0.5);
        if (leastVariance(new Tensor(shape, s.values(x), 0), groups, true) > LEAST_VARIANCE) {
            List<Integer> reads = List.of(x, s.weight(Shape.vector(shape.c()), 1, 0.3), s.weight(Shape.vector(shape.c()), 0, 0.3));
            s.op("groupNorm of " + groups + (silu ? " with SiLU" : ""), reads,
                    (c, r) -> List.of(c.g.groupNorm(r.get(0), r.get(1), r.get(2), groups, EPS, silu)));
        }
    }

    /** Of the groups of channels of each image. */
    private static double leastVariance(Tensor x, int groups, boolean centered) {
        int each = x.c() / groups;
        double[] sums = new double[x.n() * groups];
        double[] squares = new double[sums.length];
        x.forEach((n, h, w, c) -> {
            sums[n * groups + c / each] += x.get(n, h, w, c);
            squares[n * groups + c / each] += x.get(n, h, w, c) * x.get(n, h, w, c);
        });
        double count = (double) x.h() * x.w() * each;
        return IntStream.range(0, sums.length).mapToDouble(i -> squares[i] / count - (centered ? Math.pow(sums[i] / count, 2) : 0)).min().orElseThrow();
    }

    private static void layerNorm(Sketch s) {
        int x = s.any();
        Shape shape = s.shape(x);
        boolean rms = s.chance(0.5);
        Tensor rows = new Tensor(Shape.features(shape.n() * shape.h() * shape.w(), shape.c()), s.values(x), 0);
        if (leastVariance(rows, 1, !rms) < LEAST_VARIANCE) {
            return;
        }
        List<Integer> reads = new ArrayList<>(List.of(x));
        int gamma = maybe(s, reads, 0.6, () -> s.weight(Shape.vector(shape.c()), 1, 0.3));
        int beta = rms ? -1 : maybe(s, reads, 0.6, () -> s.weight(Shape.vector(shape.c()), 0, 0.3));
        s.op((rms ? "rmsNorm" : "layerNorm") + (gamma < 0 ? "" : " +gamma") + (beta < 0 ? "" : " +beta"), reads,
                (c, r) -> List.of(rms ? c.g.rmsNorm(r.getFirst(), at(r, gamma), EPS) : c.g.layerNorm(r.getFirst(), at(r, gamma), at(r, beta), EPS)));
    }

    private static void attention(Sketch s) {
        int q = s.any();
        Shape qs = s.shape(q);
        int heads = s.one(divisors(qs.c()));
        boolean self = s.chance(0.5);
        Shape ks = self ? qs : new Shape(qs.n(), 1, s.one(List.of(1, 3, 7)), qs.c());
        if (!Sketch.small(ks)) {
            return;
        }
        boolean causal = s.chance(0.3);
        int keys = ks.h() * ks.w();
        List<Integer> reads = new ArrayList<>(List.of(q, self && s.chance(0.5) ? q : s.like(ks), s.like(ks)));
        int mask = maybe(s, reads, 0.3, () -> {
            double[] open = new double[qs.n() * keys];
            for (int i = 0; i < open.length; i++) {
                open[i] = i % keys == 0 || s.chance(0.7) ? 1 : 0; // the first key is open to every query
            }
            return s.constant(Shape.features(qs.n(), keys), open);
        });
        s.op("attention with " + heads + " heads" + (causal ? ", causal" : "") + (mask < 0 ? "" : ", masked"), reads,
                (c, r) -> List.of(c.g.attention(r.get(0), r.get(1), r.get(2), at(r, mask), causal, heads)));
    }

    private static void embedding(Sketch s) {
        List<Integer> known = s.integers(o -> o.shape().c() == 1);
        int dim = s.channels();
        int ids = known.isEmpty() || s.chance(0.4) ? s.ids(new Shape(s.one(List.of(1, 2, 3)), 1, s.one(List.of(1, 4)), 1), s.one(List.of(1, 3, 6)))
                : s.one(known);
        if (Sketch.small(s.shape(ids).withC(dim))) {
            List<Integer> reads = List.of(ids, s.weight(new Shape(s.output(ids).bound(), 1, 1, dim), 0, 1));
            s.op("embedding", reads, (c, r) -> List.of(c.g.embedding(r.get(0), r.get(1))));
        }
    }

    private static void timestepEmbedding(Sketch s) {
        int t = s.like(Shape.features(s.one(List.of(1, 2, 3)), 1));
        int dim = s.one(List.of(4, 7, 16, 20));
        boolean flip = s.chance(0.5);
        float shift = s.chance(0.5) ? 0 : 1;
        s.op("timestepEmbedding of " + dim + (flip ? ", cos first" : "") + ", shift " + shift, List.of(t),
                (c, r) -> List.of(c.g.timestepEmbedding(r.getFirst(), dim, flip, shift)));
    }
}
