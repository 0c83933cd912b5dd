package sirocco.api;

import static sirocco.api.OperandRole.STATISTIC;

import java.util.List;
import java.util.Optional;

/** Scaled dot-product attention with several heads (Vaswani et al. 2017, section 3.2). */
public sealed interface Attention extends Op {
    /** What is added to the score of a masked key: exp of it is 0 beside any other score. */
    double MASKED = -1e30;

    /**
     * Per head, y = softmax(q kᵀ / √d) v with d = c / heads; head j has channels j·d … (j+1)·d − 1. q and y [n,h,w,c]: Lq = h·w queries; k and v [n,h',w',c]:
     * Lk = h'·w' keys. If {@code causal}, query i attends to keys 0 … i. keyMask F32 [n,1,1,Lk] has 1 for keys to attend to and 0 for others; a query
     * without any key to attend to attends to all Lk keys alike, and its gradients are unspecified. logSumExp [n,1,1,heads·Lq]: log of each row's sum
     * of exponentials, kept for the reverse pass.
     */
    record Forward(@Reads Value q, @Reads Value k, @Reads Value v, @Reads(STATISTIC) Optional<Value> keyMask, boolean causal, int heads, @Writes Value y,
                   @Writes(STATISTIC) Value logSumExp) implements Attention {
        @Override
        public String kind() {
            return "Attention";
        }

        @Override
        public long flops() {
            return Attention.flops(q.shape(), k.shape(), 2);
        }

        @Override
        public Optional<List<Value>> decompose(GraphBuilder g) {
            AttentionScores scores = AttentionScores.of(g, this.q, this.k, keyMask, causal, heads);
            Value largest = g.maximum(scores.all(), AttentionScores.KEYS);
            Value exponentials = g.unary(g.subtract(scores.all(), largest), UnaryFunction.EXP);
            Value sum = g.sum(exponentials, AttentionScores.KEYS);
            Value mean = g.matMul(g.divide(exponentials, sum), AttentionScores.split(g, v, heads), false, false);
            Value logs = g.add(largest, g.unary(sum, UnaryFunction.LOG));
            return Optional.of(List.of(AttentionScores.join(g, mean, q.shape()), g.reshape(logs, logSumExp.shape())));
        }

        @Override
        public void reverse(Reverse r) {
            keyMask.ifPresent(m -> r.refuseIfNeeded(this, m, "a mask is a constant"));
            Value dy = r.gradientOf(y);
            Value dq = r.temporary("dq", q.shape());
            Value dk = r.temporary("dk", k.shape());
            Value dv = r.temporary("dv", v.shape());
            r.record(new Backward(q, k, v, keyMask, causal, y, logSumExp, dy, heads, dq, dk, dv));
            r.add(q, dq);
            r.add(k, dk);
            r.add(v, dv);
        }
    }

    /** Gradients of {@link Forward} with respect to q, k and v (Dao et al. 2022, algorithm 4). */
    record Backward(@Reads Value q, @Reads Value k, @Reads Value v, @Reads(STATISTIC) Optional<Value> keyMask, boolean causal, @Reads Value y,
                    @Reads(STATISTIC) Value logSumExp, @Reads Value dy, int heads, @Writes Value dq, @Writes Value dk, @Writes Value dv) implements Attention {
        @Override
        public String kind() {
            return "AttentionBackward";
        }

        @Override
        public long flops() {
            return Attention.flops(q.shape(), k.shape(), 5);
        }

        @Override
        public Optional<List<Value>> decompose(GraphBuilder g) {
            Shape s = q.shape();
            AttentionScores scores = AttentionScores.of(g, q, k, keyMask, causal, heads);
            Value logs = g.reshape(logSumExp, new Shape(s.n(), heads, s.h() * s.w(), 1));
            Value p = g.unary(g.subtract(scores.all(), logs), UnaryFunction.EXP);
            Value dOut = AttentionScores.split(g, dy, heads);
            Value dV = g.matMul(p, dOut, true, false);
            Value dP = g.matMul(dOut, AttentionScores.split(g, v, heads), false, true);
            Value row = g.sum(g.multiply(dOut, AttentionScores.split(g, y, heads)), AttentionScores.KEYS);
            Value dS = g.scale(g.multiply(p, g.subtract(dP, row)), scores.scale());
            Value dQ = g.matMul(dS, scores.k(), false, false);
            Value dK = g.matMul(dS, scores.q(), true, false);
            return Optional.of(List.of(AttentionScores.join(g, dQ, s), AttentionScores.join(g, dK, k.shape()), AttentionScores.join(g, dV, v.shape())));
        }

        @Override
        public void reverse(Reverse r) {
            r.refuse(this, "second derivatives of attention are not implemented");
        }
    }

    private static long flops(Shape q, Shape k, int products) {
        return 2L * products * q.n() * q.h() * q.w() * k.h() * k.w() * q.c();
    }

    /** Methods that record attention. */
    interface Recording extends Recorder {
        /** Records self-attention without a mask: q, k and v of one shape. */
        default Value attention(Value q, Value k, Value v, int heads) {
            return attention(q, k, v, Optional.empty(), false, heads);
        }

        /** Records {@link Forward}. */
        default Value attention(Value q, Value k, Value v, Optional<Value> keyMask, boolean causal, int heads) {
            Shape s = q.shape();
            Shape keys = k.shape();
            check(keys.n() == s.n() && keys.c() == s.c(), "attention", () -> "k must have q's images and channels, got q=" + s + ", k=" + keys);
            same("attention", "v", v.shape(), keys);
            check(heads > 0 && s.c() % heads == 0, "attention", () -> s.c() + " channels cannot be split into " + heads + " heads (q=" + s + ")");
            keyMask.ifPresent(m -> check(m.shape().equals(Shape.features(s.n(), keys.h() * keys.w())), "attention", () -> "keyMask has shape " + m.shape()
                    + ", expected " + Shape.features(s.n(), keys.h() * keys.w()) + ": one number for each of " + keys.h() * keys.w() + " keys"));
            long rows = (long) heads * s.h() * s.w();
            check(rows <= Integer.MAX_VALUE, "attention", () -> heads + " heads of " + s.h() + "×" + s.w() + " pixels make " + rows
                    + " rows of scores an image, and " + Integer.MAX_VALUE + " is the most; attend at a lower resolution, or take smaller images");
            Value y = temporary("y", s);
            Value logSumExp = temporary("logSumExp", Shape.features(s.n(), (int) rows));
            return record(new Forward(q, k, v, keyMask, causal, heads, y, logSumExp), y);
        }
    }
}
