package sirocco.api;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Assembles the reverse pass: walks the recorded steps from the loss back and records the hand-derived gradient of each. The
 * gradient of a value that is used several times is the sum of its uses' gradients; where the last of them is a GroupNorm's, the
 * sum is made inside that op.
 */
public final class Backward {
    private final GraphBuilder g;
    private final Set<Value> needed = new HashSet<>();
    private final Map<Value, Value> gradients = new HashMap<>();
    private final Map<Value, Value> ofParameters = new LinkedHashMap<>();

    private Backward(GraphBuilder g) {
        this.g = g;
    }

    /**
     * Appends the reverse pass of {@code loss}, an {@link Op.MseLoss}'s.
     *
     * @return each parameter that the loss depends on with its gradient: a STATE "grad.NAME" that a run adds to; in the order the
     *     parameters were made
     */
    public static Map<Value, Value> of(GraphBuilder g, Value loss) {
        return new Backward(g).run(loss);
    }

    private Map<Value, Value> run(Value loss) {
        List<Step> forward = g.steps();
        Set<Value> parameters = new HashSet<>();
        for (Step s : forward) {
            for (Value v : s.op().inputs()) {
                if (v.role() == Value.Role.PARAMETER && parameters.add(v)) {
                    needed.add(v);
                }
            }
            if (s.op().inputs().stream().anyMatch(needed::contains)) {
                needed.addAll(s.op().outputs());
            }
        }
        // Gradients are made in the parameters' own order, so that a planner that places states one after the other keeps them aligned.
        parameters.stream().sorted((a, b) -> Integer.compare(a.id(), b.id()))
                .forEach(p -> ofParameters.put(p, g.state("grad." + p.name(), p.shape(), DType.F32)));
        boolean found = false;
        for (Step s : forward.reversed()) {
            if (s.op() instanceof Op.MseLoss l && l.loss() == loss) {
                found = true;
                Value d = temporary("d.loss", l.prediction().shape());
                record("loss.backward", new Op.MseLossBackward(l.prediction(), l.target(), l.weight(), d));
                add(s.name(), l.prediction(), d);
            } else {
                backward(s);
            }
        }
        if (!found) {
            throw new IllegalArgumentException("backward: " + loss + " is not the loss of an MseLoss of this graph");
        }
        return ofParameters;
    }

    private void backward(Step step) {
        String name = step.name() + ".backward";
        switch (step.op()) {
            case Op.Conv2d op -> ifReached(op.y(), dy -> {
                op.residual().ifPresent(r -> add(step.name(), r, dy));
                op.perChannel().ifPresent(p -> {
                    if (needed.contains(p)) {
                        Value dp = temporary(step.name() + ".dPerChannel", p.shape());
                        record(name, new Op.SumPixels(dy, dp));
                        add(step.name(), p, dp);
                    }
                });
                Optional<Value> trainedBias = op.bias().filter(needed::contains);
                if (needed.contains(op.w()) || trainedBias.isPresent()) {
                    record(name, new Op.Conv2dBackwardWeights(op.x(), dy, op.window(), weight(step, op.w()), trainedBias.map(b -> weight(step, b))));
                }
                if (needed.contains(op.x())) {
                    Value dx = temporary(step.name() + ".dx", op.x().shape());
                    record(name, new Op.Conv2dBackwardData(dy, op.w(), op.window(), dx));
                    add(step.name(), op.x(), dx);
                }
            });
            case Op.GroupNorm op -> ifReached(op.y(), dy -> {
                Value dx = temporary(step.name() + ".dx", op.x().shape());
                Optional<Value> soFar = Optional.ofNullable(gradients.remove(op.x()));
                record(name, new Op.GroupNormBackward(op.x(), op.stats(), op.gamma(), op.beta(), dy, soFar, op.groups(), op.silu(), dx,
                        weight(step, op.gamma()), weight(step, op.beta())));
                add(step.name(), op.x(), dx);
            });
            case Op.Silu op -> unary(op.x(), op.y(), step, (dy, dx) -> new Op.SiluBackward(op.x(), dy, dx));
            case Op.Attention op -> ifReached(op.y(), dy -> {
                Value dq = temporary(step.name() + ".dq", op.q().shape());
                Value dk = temporary(step.name() + ".dk", op.k().shape());
                Value dv = temporary(step.name() + ".dv", op.v().shape());
                record(name, new Op.AttentionBackward(op.q(), op.k(), op.v(), op.y(), op.logSumExp(), dy, op.heads(), dq, dk, dv));
                add(step.name(), op.q(), dq);
                add(step.name(), op.k(), dk);
                add(step.name(), op.v(), dv);
            });
            case Op.Add op -> ifReached(op.y(), dy -> {
                add(step.name(), op.a(), dy);
                add(step.name(), op.b(), dy);
            });
            case Op.Concat op -> {
                unary(op.a(), op.y(), step, (dy, da) -> new Op.Slice(dy, 0, da));
                unary(op.b(), op.y(), step, (dy, db) -> new Op.Slice(dy, op.a().shape().c(), db));
            }
            case Op.Upsample op -> unary(op.x(), op.y(), step, Op.UpsampleBackward::new);
            case Op.Dropout op -> unary(op.x(), op.y(), step, (dy, dx) -> new Op.Dropout(dy, op.rng(), op.index(), op.p(), op.id(), dx));
            case Op.Embedding op -> ifReached(op.y(), dy -> record(name, new Op.EmbeddingBackward(op.ids(), dy, weight(step, op.table()))));
            // Nothing that a weight could flow through: sources of data, or already a reverse pass.
            case Op.TimestepEmbedding _, Op.DropLabels _, Op.GatherImages _, Op.Noising _, Op.ChainTimestep _, Op.MseLoss _ -> { }
            case Op.Slice _, Op.SumPixels _, Op.Repeat _, Op.Guidance _, Op.SamplingStep _, Op.Conv2dBackwardData _, Op.Conv2dBackwardWeights _,
                    Op.GroupNormBackward _, Op.SiluBackward _, Op.AttentionBackward _, Op.UpsampleBackward _, Op.EmbeddingBackward _,
                    Op.MseLossBackward _, Op.GradientNorm _, Op.RecordStep _, Op.AdamEma _ -> {
                if (step.op().outputs().stream().anyMatch(gradients::containsKey)) {
                    throw new IllegalArgumentException("backward: " + step + " has no reverse pass, but the loss depends on it");
                }
            }
        }
    }

    private interface Rule {
        Op of(Value dy, Value dx);
    }

    private interface WithGradient {
        void record(Value dy);
    }

    private void ifReached(Value y, WithGradient rule) {
        Value dy = gradients.get(y);
        if (dy != null) {
            rule.record(dy);
        }
    }

    private void unary(Value x, Value y, Step step, Rule rule) {
        Value dy = gradients.get(y);
        if (dy != null && needed.contains(x)) {
            Value dx = temporary(step.name() + ".dx", x.shape());
            record(step.name() + ".backward", rule.of(dy, dx));
            add(step.name(), x, dx);
        }
    }

    /** The accumulated gradient of an operand that an op can only train as a parameter. */
    private Value weight(Step step, Value v) {
        Value gradient = ofParameters.get(v);
        if (gradient == null) {
            throw new IllegalArgumentException("backward: " + step + " needs the gradient of " + v + ", which must then be a parameter, but is "
                    + v.role().name().toLowerCase(Locale.ROOT) + "; make all weights of the op parameters");
        }
        return gradient;
    }

    /** Counts {@code gradient} in with what has reached {@code v} so far. */
    private void add(String where, Value v, Value gradient) {
        if (!needed.contains(v)) {
            return;
        }
        if (v.role() == Value.Role.PARAMETER) {
            throw new IllegalArgumentException("backward: \"" + where + "\" uses parameter " + v
                    + " like an activation, where no op accumulates its gradient; parameters can be weights, biases, gamma, beta and tables");
        }
        Value soFar = gradients.get(v);
        gradients.put(v, soFar == null ? gradient : g.in(where + ".backward", () -> g.add(soFar, gradient)));
    }

    private Value temporary(String name, Shape shape) {
        return g.temporary(name, shape);
    }

    private void record(String name, Op op) {
        g.in(name, () -> g.record(op, null));
    }
}
