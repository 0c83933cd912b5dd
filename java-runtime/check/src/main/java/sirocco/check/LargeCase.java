package sirocco.check;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import sirocco.api.Attention;
import sirocco.api.Convolution;
import sirocco.api.DType;
import sirocco.api.Executable;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.Normalization;
import sirocco.api.Op;
import sirocco.api.Shape;
import sirocco.api.Value;

/**
 * One op of a model at its full size as a graph by itself, with random operands: a convolution, attention or a norm, forward or backward. A backward op
 * that needs a forward op's statistics has that one before it.
 */
final class LargeCase {
    /** Normally distributed numbers; operands begin at different places of it. */
    private static final int POOL = 1 << 22;
    private static final int POOL_CHUNK = 1 << 16;

    private record Operand(Value value, float mean, float deviation) { }

    /** What is compared, and how closely. */
    record Result(Value value, Closeness closeness) { }

    private static float[] pool;

    private final GraphBuilder g = new GraphBuilder();
    private final List<Operand> operands = new ArrayList<>();
    private final List<Value> sums = new ArrayList<>();
    private final List<Result> results = new ArrayList<>();
    private final String name;
    private final Graph graph;

    private LargeCase(Op op) {
        name = name(op);
        switch (op) {
            case Convolution.Conv2d c -> conv2d(c);
            case Convolution.Conv2dBackwardData c -> conv2dBackwardData(c);
            case Convolution.Conv2dBackwardWeights c -> conv2dBackwardWeights(c);
            case Normalization.GroupNorm n -> groupNorm(n, input("x", n.x().shape()), true);
            case Normalization.GroupNormBackward n -> groupNormBackward(n);
            case Attention.Forward a -> attention(a.q().shape(), a.heads(), true);
            case Attention.Backward a -> attentionBackward(a);
            default -> throw new IllegalArgumentException("no large case of " + op.kind());
        }
        graph = g.build();
    }

    /** The cases of a graph's ops, one for each that kernels compute alike, those with the most arithmetic first. */
    static List<LargeCase> of(List<Graph> graphs) {
        List<String> seen = new ArrayList<>();
        return graphs.stream().flatMap(graph -> graph.steps().stream()).map(s -> s.op()).filter(LargeCase::has).filter(op -> {
            String signature = op.signature();
            return !seen.contains(signature) && seen.add(signature);
        }).sorted(Comparator.comparingLong(Op::flops).reversed()).map(LargeCase::new).toList();
    }

    private static boolean has(Op op) {
        return switch (op) {
            case Convolution _, Normalization.GroupNorm _, Normalization.GroupNormBackward _ -> true;
            case Attention.Forward a -> a.keyMask().isEmpty() && !a.causal();
            case Attention.Backward a -> a.keyMask().isEmpty() && !a.causal();
            default -> false;
        };
    }

    private static String name(Op op) {
        return switch (op) {
            case Convolution.Conv2d c -> conv(op, c.x(), c.w(), c.window() + (c.bias().isPresent() ? " bias" : "") + (c.perChannel().isPresent() ? " perChannel" : "")
                    + (c.residual().isPresent() ? " residual" : ""));
            case Convolution.Conv2dBackwardData c -> conv(op, c.dx(), c.w(), c.window().toString());
            case Convolution.Conv2dBackwardWeights c -> conv(op, c.x(), c.dw(), c.window() + (c.dBias().isPresent() ? " dBias" : ""));
            default -> op.kind() + " " + op.inputs().getFirst().shape();
        };
    }

    private static String conv(Op op, Value x, Value w, String rest) {
        return op.kind() + " " + x.shape() + " → " + w.shape().n() + ", " + rest;
    }

    // ---- graphs ----------------------------------------------------------------------------------------------------------------

    private Value input(String name, Shape shape) {
        return operand(g.input(name, shape, DType.F32), 0, 1);
    }

    private Value parameter(String name, Shape shape, double mean, double deviation) {
        return operand(g.parameter(name, shape), mean, deviation);
    }

    /** As a layer's initial weights, so that results are about 1 in size. */
    private Value weights(Shape shape) {
        return parameter("w", shape, 0, 1 / Math.sqrt(shape.imageElements()));
    }

    private Value operand(Value v, double mean, double deviation) {
        operands.add(new Operand(v, (float) mean, (float) deviation));
        return v;
    }

    /** What an op adds to: zero at first. */
    private Value sum(String name, Shape shape) {
        Value v = g.state(name, shape, DType.F32);
        sums.add(v);
        return v;
    }

    private void result(Value v, Closeness closeness) {
        g.output(v);
        results.add(new Result(v, closeness));
    }

    private void op(Op op) {
        g.in(op.kind(), () -> g.record(op, null));
    }

    private void conv2d(Convolution.Conv2d c) {
        Value x = input("x", c.x().shape());
        Value w = weights(c.w().shape());
        Optional<Value> bias = c.bias().map(b -> parameter("bias", b.shape(), 0, 1));
        Optional<Value> perChannel = c.perChannel().map(p -> input("perChannel", p.shape()));
        Optional<Value> residual = c.residual().map(r -> input("residual", r.shape()));
        Value y = g.temporary("y", c.y().shape());
        op(new Convolution.Conv2d(x, w, bias, perChannel, residual, c.window(), y));
        result(y, Closeness.sum(w.shape().imageElements()));
    }

    private void conv2dBackwardData(Convolution.Conv2dBackwardData c) {
        Value dy = input("dy", c.dy().shape());
        Value w = weights(c.w().shape());
        Value dx = g.temporary("dx", c.dx().shape());
        op(new Convolution.Conv2dBackwardData(dy, w, c.window(), dx));
        result(dx, Closeness.sum((long) w.shape().n() * w.shape().h() * w.shape().w()));
    }

    private void conv2dBackwardWeights(Convolution.Conv2dBackwardWeights c) {
        Value x = input("x", c.x().shape());
        Value dy = input("dy", c.dy().shape());
        Value dw = sum("dw", c.dw().shape());
        Optional<Value> dBias = c.dBias().map(d -> sum("dBias", d.shape()));
        op(new Convolution.Conv2dBackwardWeights(x, dy, c.window(), dw, dBias));
        long terms = (long) dy.shape().n() * dy.shape().h() * dy.shape().w();
        result(dw, Closeness.sumInF32(terms));
        dBias.ifPresent(d -> result(d, Closeness.sumInF32(terms)));
    }

    private record Normed(Value gamma, Value beta, Value stats) { }

    private Normed groupNorm(Normalization.GroupNorm n, Value x, boolean compared) {
        Value gamma = parameter("gamma", n.gamma().shape(), 1, 0.3);
        Value beta = parameter("beta", n.beta().shape(), 0, 0.3);
        Value y = g.temporary("y", n.y().shape());
        Value stats = g.temporary("stats", n.stats().shape());
        op(new Normalization.GroupNorm(x, gamma, beta, n.groups(), n.eps(), n.silu(), y, stats));
        if (compared) {
            long group = x.shape().imageElements() / n.groups();
            result(y, Closeness.norm(group));
            result(stats, Closeness.normInF32(group));
        }
        return new Normed(gamma, beta, stats);
    }

    private void groupNormBackward(Normalization.GroupNormBackward n) {
        Shape shape = n.x().shape();
        Value x = input("x", shape);
        Value dy = input("dy", shape);
        Optional<Value> addend = n.addend().map(a -> input("addend", shape));
        Normed normed = groupNorm(new Normalization.GroupNorm(n.x(), n.gamma(), n.beta(), n.groups(), 1e-6f, n.silu(), n.dx(), n.stats()), x, false);
        Value dx = g.temporary("dx", shape);
        Value dGamma = sum("dGamma", n.dGamma().shape());
        Value dBeta = sum("dBeta", n.dBeta().shape());
        op(new Normalization.GroupNormBackward(x, normed.stats, normed.gamma, normed.beta, dy, addend, n.groups(), n.silu(), dx, dGamma, dBeta));
        long terms = (long) shape.n() * shape.h() * shape.w();
        result(dx, Closeness.norm(shape.imageElements() / n.groups()));
        result(dGamma, Closeness.normInF32(terms));
        result(dBeta, Closeness.normInF32(terms));
    }

    private record Attended(Value q, Value k, Value v, Value y, Value logSumExp) { }

    private Attended attention(Shape shape, int heads, boolean compared) {
        Value q = input("q", shape);
        Value k = input("k", shape);
        Value v = input("v", shape);
        Value y = g.temporary("y", shape);
        Value logSumExp = g.temporary("logSumExp", Shape.features(shape.n(), heads * shape.h() * shape.w()));
        op(new Attention.Forward(q, k, v, Optional.empty(), false, heads, y, logSumExp));
        if (compared) {
            result(y, Closeness.attention(1));
        }
        return new Attended(q, k, v, y, logSumExp);
    }

    private void attentionBackward(Attention.Backward a) {
        Shape shape = a.q().shape();
        Value dy = input("dy", shape);
        Attended f = attention(shape, a.heads(), false);
        Value dq = g.temporary("dq", shape);
        Value dk = g.temporary("dk", shape);
        Value dv = g.temporary("dv", shape);
        op(new Attention.Backward(f.q, f.k, f.v, Optional.empty(), false, f.y, f.logSumExp, dy, a.heads(), dq, dk, dv));
        for (Value d : List.of(dq, dk, dv)) {
            result(d, Closeness.attention(3));
        }
    }

    // ---- data ------------------------------------------------------------------------------------------------------------------

    Graph graph() {
        return graph;
    }

    List<Result> results() {
        return results;
    }

    private static synchronized float[] pool() {
        if (pool == null) {
            pool = new float[POOL];
            IntStream.range(0, POOL / POOL_CHUNK).parallel().forEach(c -> {
                SplittableRandom random = new SplittableRandom(c);
                for (int i = c * POOL_CHUNK; i < (c + 1) * POOL_CHUNK; i++) {
                    pool[i] = (float) random.nextGaussian();
                }
            });
        }
        return pool;
    }

    /** Writes the operands: the same every time. */
    void fill(Executable e) {
        float[] normal = pool();
        int salt = name.hashCode();
        for (Operand o : operands) {
            float[] all = new float[Math.toIntExact(o.value.shape().elements())];
            salt = salt * 31 + 12345;
            // Later rounds through the pool are shifted, or an operand larger than it would repeat itself.
            int start = salt & POOL - 1;
            IntStream.range(0, all.length / POOL_CHUNK + 1).parallel().forEach(c -> {
                for (int i = c * POOL_CHUNK; i < Math.min(all.length, (c + 1) * POOL_CHUNK); i++) {
                    all[i] = o.mean + o.deviation * normal[start + i + i / POOL * 7919 & POOL - 1];
                }
            });
            e.write(o.value, all);
        }
        for (Value v : sums) {
            e.write(v, new float[Math.toIntExact(v.shape().elements())]);
        }
    }

    /** Runs the graph on an operand of NaNs, so that no later executable finds right results in the memory that this one leaves. */
    void poison(Executable e) {
        Value smallest = operands.stream().map(Operand::value).min(Comparator.comparingLong(v -> v.shape().elements())).orElseThrow();
        float[] all = new float[Math.toIntExact(smallest.shape().elements())];
        Arrays.fill(all, Float.NaN);
        e.write(smallest, all);
        e.run();
        e.await();
    }

    /** Reads every result. */
    List<float[]> read(Executable e) {
        return results.stream().map(r -> {
            float[] all = new float[Math.toIntExact(r.value.shape().elements())];
            e.read(r.value, all);
            return all;
        }).toList();
    }

    @Override
    public String toString() {
        return name;
    }
}
