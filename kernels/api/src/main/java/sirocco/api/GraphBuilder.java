package sirocco.api;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * Records a graph. Every method checks shapes, adds one step and returns the value it writes; nothing is computed. Layers name
 * their steps by {@link #in}.
 */
public final class GraphBuilder {
    private final List<Value> values = new ArrayList<>();
    private final List<Step> steps = new ArrayList<>();
    private final List<Value> outputs = new ArrayList<>();
    private final Map<String, Value> persistent = new LinkedHashMap<>();
    private final Set<Value> written = new HashSet<>();
    private final Deque<String> path = new ArrayDeque<>();
    private int dropouts;

    // ---- values ----------------------------------------------------------------------------------------------------------------

    public Value input(String name, Shape shape, DType dtype) {
        return persistent(name, shape, dtype, Value.Role.INPUT);
    }

    /** A weight, named by the path so far and {@code name}. Asked for again, the same value comes back: layers may share weights. */
    public Value parameter(String name, Shape shape) {
        String full = qualified(name);
        Value known = persistent.get(full);
        if (known != null && known.role() == Value.Role.PARAMETER && known.shape().equals(shape)) {
            return known;
        }
        return persistent(full, shape, DType.F32, Value.Role.PARAMETER);
    }

    public Value state(String name, Shape shape, DType dtype) {
        return persistent(name, shape, dtype, Value.Role.STATE);
    }

    /** Marks a value as one that the host reads after a run. */
    public Value output(Value v) {
        require(written.contains(v), "output", v + " is not written by any step of this graph");
        if (!v.persistent() && !outputs.contains(v)) {
            outputs.add(v);
        }
        return v;
    }

    /** Runs {@code layer} with {@code name} added to the path. */
    public <T> T in(String name, Supplier<T> layer) {
        path.addLast(name);
        try {
            return layer.get();
        } finally {
            path.removeLast();
        }
    }

    public Graph build() {
        return new Graph(values, steps, outputs);
    }

    /** The steps recorded so far; {@link Backward} walks them. */
    List<Step> steps() {
        return List.copyOf(steps);
    }

    // ---- layers ----------------------------------------------------------------------------------------------------------------

    public Value conv2d(Value x, Value w, Optional<Value> bias, Optional<Value> perChannel, Optional<Value> residual, Window window) {
        Shape xs = x.shape();
        Shape ws = w.shape();
        check(xs.c() == ws.c(), "conv2d", () -> "input has " + xs.c() + " channels, weight expects " + ws.c() + " (x=" + xs + ", w=" + ws + ")");
        check(ws.h() == window.kernelH() && ws.w() == window.kernelW(), "conv2d", () -> "weight " + ws + " does not fit window " + window);
        check(window.outH(xs.h()) > 0 && window.outW(xs.w()) > 0, "conv2d", () -> "window " + window + " leaves no output of x=" + xs);
        Shape ys = new Shape(xs.n(), window.outH(xs.h()), window.outW(xs.w()), ws.n());
        bias.ifPresent(b -> same("conv2d", "bias", b.shape(), Shape.vector(ws.n())));
        perChannel.ifPresent(p -> same("conv2d", "perChannel", p.shape(), Shape.features(xs.n(), ws.n())));
        residual.ifPresent(r -> same("conv2d", "residual", r.shape(), ys));
        Value y = temporary("y", ys);
        return record(new Op.Conv2d(x, w, bias, perChannel, residual, window, y), y);
    }

    /** GroupNorm, with SiLU fused if {@code silu}. */
    public Value groupNorm(Value x, Value gamma, Value beta, int groups, float eps, boolean silu) {
        Shape s = x.shape();
        check(groups > 0 && s.c() % groups == 0, "groupNorm", () -> s.c() + " channels cannot be split into " + groups + " groups (x=" + s + ")");
        same("groupNorm", "gamma", gamma.shape(), Shape.vector(s.c()));
        same("groupNorm", "beta", beta.shape(), Shape.vector(s.c()));
        Value y = temporary("y", s);
        Value stats = temporary("stats", Shape.features(s.n(), 2 * groups));
        return record(new Op.GroupNorm(x, gamma, beta, groups, eps, silu, y, stats), y);
    }

    public Value silu(Value x) {
        Value y = temporary("y", x.shape());
        return record(new Op.Silu(x, y), y);
    }

    public Value attention(Value q, Value k, Value v, int heads) {
        Shape s = q.shape();
        same("attention", "k", k.shape(), s);
        same("attention", "v", v.shape(), s);
        check(heads > 0 && s.c() % heads == 0, "attention", () -> s.c() + " channels cannot be split into " + heads + " heads (q=" + s + ")");
        long rows = (long) heads * s.h() * s.w();
        check(rows <= Integer.MAX_VALUE, "attention", () -> heads + " heads of " + s.h() + "×" + s.w() + " pixels make " + rows
                + " rows of scores an image, and " + Integer.MAX_VALUE + " is the most; attend at a lower resolution, or take smaller images");
        Value y = temporary("y", s);
        Value logSumExp = temporary("logSumExp", Shape.features(s.n(), (int) rows));
        return record(new Op.Attention(q, k, v, heads, y, logSumExp), y);
    }

    public Value add(Value a, Value b) {
        same("add", "b", b.shape(), a.shape());
        Value y = temporary("sum", a.shape());
        return record(new Op.Add(a, b, y), y);
    }

    public Value concat(Value a, Value b) {
        Shape as = a.shape();
        Shape bs = b.shape();
        same("concat", "b", bs, as.withC(bs.c()));
        Value y = temporary("concat", as.withC(as.c() + bs.c()));
        return record(new Op.Concat(a, b, y), y);
    }

    public Value slice(Value x, int from, int channels) {
        check(from >= 0 && channels > 0 && from + channels <= x.shape().c(), "slice",
                () -> "channels " + from + " to " + (from + channels) + " are not all in x=" + x.shape());
        Value y = temporary("slice", x.shape().withC(channels));
        return record(new Op.Slice(x, from, y), y);
    }

    public Value upsample(Value x) {
        Shape s = x.shape();
        Value y = temporary("y", new Shape(s.n(), 2 * s.h(), 2 * s.w(), s.c()));
        return record(new Op.Upsample(x, y), y);
    }

    /** Dropout with a mask of its own; p = 0 records nothing. */
    public Value dropout(Value x, Value rng, Value index, float p) {
        check(p >= 0 && p < 1, "dropout", () -> "p must be in [0,1), got " + p);
        checkRng("dropout", rng, index, x.shape().n());
        if (p == 0) {
            return x;
        }
        Value y = temporary("y", x.shape());
        return record(new Op.Dropout(x, rng, index, p, dropouts++, y), y);
    }

    public Value timestepEmbedding(Value t, int dim, boolean flipSinToCos, float freqShift) {
        same("timestepEmbedding", "t", t.shape(), Shape.features(t.shape().n(), 1));
        check(dim >= 2 && dim / 2 > freqShift, "timestepEmbedding", () -> "dim " + dim + " is too small for freqShift " + freqShift);
        Value y = temporary("y", Shape.features(t.shape().n(), dim));
        return record(new Op.TimestepEmbedding(t, flipSinToCos, freqShift, 10_000f, y), y);
    }

    public Value embedding(Value ids, Value table) {
        check(ids.dtype() == DType.I32, "embedding", () -> "ids must be I32, got " + ids);
        same("embedding", "ids", ids.shape(), Shape.features(ids.shape().n(), 1));
        Value y = temporary("y", Shape.features(ids.shape().n(), table.shape().c()));
        return record(new Op.Embedding(ids, table, y), y);
    }

    public Value dropLabels(Value labels, Value rng, Value index, float p, int nullLabel) {
        check(p >= 0 && p <= 1, "dropLabels", () -> "p must be in [0,1], got " + p);
        checkRng("dropLabels", rng, index, labels.shape().n());
        Value y = value("labels", labels.shape(), DType.I32, Value.Role.TEMPORARY);
        return record(new Op.DropLabels(labels, rng, index, p, nullLabel, y), y);
    }

    // ---- diffusion -------------------------------------------------------------------------------------------------------------

    /** A batch of a dataset's images, by number. */
    public Value gatherImages(Value dataset, Value ids) {
        check(dataset.dtype() == DType.U8, "gatherImages", () -> "dataset must be U8, got " + dataset);
        int n = ids.shape().n();
        check(ids.dtype() == DType.I32 && ids.shape().equals(Shape.features(n, 1)), "gatherImages", () -> "ids must be I32 [n,1,1,1], got " + ids);
        Value images = value("images", dataset.shape().withN(n), DType.U8, Value.Role.TEMPORARY);
        return record(new Op.GatherImages(dataset, ids, images), images);
    }

    /** What {@link Op.Noising} writes. */
    public record Noised(Value xt, Value target, Value t, Value weight) { }

    public Noised noising(Value images, Value schedule, Value rng, Value index, boolean flip) {
        Shape s = images.shape();
        check(images.dtype() == DType.U8, "noising", () -> "images must be U8, got " + images);
        same("noising", "schedule", schedule.shape(), new Shape(schedule.shape().n(), 1, 1, 8));
        checkRng("noising", rng, index, s.n());
        Value xt = temporary("xt", s);
        Value target = temporary("target", s);
        Value t = temporary("t", Shape.features(s.n(), 1));
        Value weight = temporary("weight", Shape.features(s.n(), 1));
        record(new Op.Noising(images, schedule, rng, index, flip, xt, target, t, weight), xt);
        return new Noised(xt, target, t, weight);
    }

    public Value mseLoss(Value prediction, Value target, Optional<Value> weight) {
        same("mseLoss", "target", target.shape(), prediction.shape());
        weight.ifPresent(w -> same("mseLoss", "weight", w.shape(), Shape.features(prediction.shape().n(), 1)));
        Value loss = temporary("loss", Shape.vector(1));
        return record(new Op.MseLoss(prediction, target, weight, loss), loss);
    }

    public Value chainTimestep(Value table, Value cursor, int n) {
        Value t = temporary("t", Shape.features(n, 1));
        return record(new Op.ChainTimestep(table, cursor, t), t);
    }

    public Value repeat(Value x) {
        Value y = value("y", x.shape().withN(2 * x.shape().n()), x.dtype(), Value.Role.TEMPORARY);
        return record(new Op.Repeat(x, y), y);
    }

    public Value guidance(Value x, Value scale) {
        check(x.shape().n() % 2 == 0, "guidance", () -> "needs an even batch, conditional then unconditional, got " + x.shape());
        same("guidance", "scale", scale.shape(), Shape.vector(1));
        Value y = temporary("y", x.shape().withN(x.shape().n() / 2));
        return record(new Op.Guidance(x, scale, y), y);
    }

    public void samplingStep(Value out, Value table, Value rng, Value index, Value x, Optional<Value> h1, Optional<Value> h2, Value cursor) {
        same("samplingStep", "out", out.shape(), x.shape());
        same("samplingStep", "table", table.shape(), new Shape(table.shape().n(), 1, 1, 12));
        checkRng("samplingStep", rng, index, x.shape().n());
        check(h1.isPresent() == h2.isPresent(), "samplingStep", () -> "history is both of h1, h2 or neither");
        record(new Op.SamplingStep(out, table, rng, index, x, h1, h2, cursor), null);
    }

    // ---- optimizer -------------------------------------------------------------------------------------------------------------

    /** Gradient norm, clipping, Adam(W) and EMA for all of {@code gradients}' parameters. Returns the norm. */
    public Value adamEma(Map<Value, Value> gradients, Value hyper) {
        return adamEma(gradients, hyper, norm -> norm);
    }

    /** @param guard given the norm, returns what the optimizer is to be told: that, or NaN for it to do nothing */
    public Value adamEma(Map<Value, Value> gradients, Value hyper, UnaryOperator<Value> guard) {
        same("adamEma", "hyper", hyper.shape(), Shape.vector(16));
        List<Value> p = List.copyOf(gradients.keySet());
        List<Value> g = List.copyOf(gradients.values());
        List<Value> m = p.stream().map(v -> state("adam.m." + v.name(), v.shape(), DType.F32)).toList();
        List<Value> v2 = p.stream().map(v -> state("adam.v." + v.name(), v.shape(), DType.F32)).toList();
        List<Value> ema = p.stream().map(v -> state("ema." + v.name(), v.shape(), DType.F32)).toList();
        return in("optimizer", () -> {
            Value norm = temporary("norm", Shape.vector(1));
            record(new Op.GradientNorm(g, norm), norm);
            record(new Op.AdamEma(guard.apply(norm), hyper, p, g, m, v2, ema), null);
            return norm;
        });
    }

    /** Notes a step's loss and norm in a state of so many rows, the last steps'; {@link Op.RecordStep} says what else. Returns the guard. */
    public Value recordStep(Value loss, Value norm, Value rng, Value history, Value failed) {
        same("recordStep", "loss", loss.shape(), Shape.vector(1));
        same("recordStep", "norm", norm.shape(), Shape.vector(1));
        same("recordStep", "history", history.shape(), new Shape(history.shape().n(), 1, 1, 2));
        check(rng.dtype() == DType.I32 && rng.shape().equals(Shape.vector(4)), "recordStep", () -> "rng must be I32 [1,1,1,4], got " + rng);
        check(failed.dtype() == DType.I32 && failed.shape().equals(Shape.vector(1)), "recordStep", () -> "failed must be I32 [1,1,1,1], got " + failed);
        Value guard = temporary("guard", Shape.vector(1));
        return record(new Op.RecordStep(loss, norm, rng, history, failed, guard), guard);
    }

    // ---- plumbing --------------------------------------------------------------------------------------------------------------

    /** A temporary of the path so far, for {@link #record}; {@code what} tells several of one layer apart. */
    public Value temporary(String what, Shape shape) {
        return value(what, shape, DType.F32, Value.Role.TEMPORARY);
    }

    private Value value(String what, Shape shape, DType dtype, Value.Role role) {
        Value v = new Value(values.size(), what.equals("y") ? name() : qualified(what), shape, dtype, role);
        values.add(v);
        return v;
    }

    private Value persistent(String name, Shape shape, DType dtype, Value.Role role) {
        Value v = new Value(values.size(), name, shape, dtype, role);
        require(persistent.putIfAbsent(name, v) == null, "graph", "two persistent values are called \"" + name + "\"");
        values.add(v);
        written.add(v);
        return v;
    }

    /**
     * Adds a step made by hand: a reverse op, or one that has no method here. Its operands must all have been written before; that their
     * shapes fit together is the caller's business.
     *
     * @return {@code result}
     */
    public Value record(Op op, Value result) {
        for (Value v : op.inputs()) {
            require(written.contains(v), op.kind(), v + " is read before anything wrote it, or belongs to another graph");
        }
        for (Value v : op.updates()) {
            require(v.persistent() && written.contains(v), op.kind(), v + " is updated in place, so it must be a persistent value of this graph");
        }
        steps.add(new Step(name(), op));
        written.addAll(op.outputs());
        return result;
    }

    private String name() {
        return path.isEmpty() ? "graph" : String.join(".", path);
    }

    private String qualified(String what) {
        return path.isEmpty() ? what : name() + "." + what;
    }

    private void checkRng(String op, Value rng, Value index, int n) {
        check(rng.dtype() == DType.I32 && rng.shape().equals(Shape.vector(4)), op, () -> "rng must be I32 [1,1,1,4], got " + rng);
        check(index.dtype() == DType.I32 && index.shape().equals(Shape.features(n, 1)), op,
                () -> "index must be I32 [" + n + ",1,1,1], got " + index);
    }

    private void same(String op, String what, Shape actual, Shape expected) {
        check(actual.equals(expected), op, () -> what + " has shape " + actual + ", expected " + expected);
    }

    private void check(boolean ok, String op, Supplier<String> problem) {
        if (!ok) {
            require(false, op, problem.get());
        }
    }

    private void require(boolean ok, String op, String problem) {
        if (!ok) {
            throw new IllegalArgumentException(op + " \"" + name() + "\": " + problem);
        }
    }
}
