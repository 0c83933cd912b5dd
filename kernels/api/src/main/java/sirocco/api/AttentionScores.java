package sirocco.api;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Scaled and masked scores of attention, recorded for its decompositions.
 *
 * @param q [n,heads,Lq,d]
 * @param k [n,heads,Lk,d]
 * @param all [n,heads,Lq,Lk]
 * @param scale 1/√d
 */
record AttentionScores(Value q, Value k, Value all, double scale) {
    /** The axis of keys in scores, and of channels in a head's rows. */
    static final Set<Axis> KEYS = Set.of(Axis.C);

    static AttentionScores of(GraphBuilder g, Value q, Value k, Optional<Value> keyMask, boolean causal, int heads) {
        Value qs = split(g, q, heads);
        Value ks = split(g, k, heads);
        double scale = 1 / Math.sqrt(qs.shape().c());
        Value all = g.scale(g.matMul(qs, ks, false, true), scale);
        Optional<Value> open = open(g, keyMask, causal, qs.shape().w(), ks.shape().w());
        if (open.isPresent()) {
            all = g.add(all, g.affine(open.get(), -Attention.MASKED, Attention.MASKED));
        }
        return new AttentionScores(qs, ks, all, scale);
    }

    /** 1 where a query may attend to a key, else 0: broadcasts to [n,heads,Lq,Lk]. Empty if every query may attend to every key. */
    private static Optional<Value> open(GraphBuilder g, Optional<Value> keyMask, boolean causal, int queries, int keys) {
        Optional<Value> mask = keyMask.map(m -> g.reshape(m, new Shape(m.shape().n(), 1, 1, keys)));
        if (!causal) {
            return mask;
        }
        // Query number less key number: below 0 for keys that come later.
        Value ahead = g.subtract(g.ramp(0, 1, Axis.W, new Shape(1, 1, queries, 1)), g.ramp(0, 1, Axis.C, new Shape(1, 1, 1, keys)));
        Value past = g.step(ahead);
        return Optional.of(mask.map(m -> g.multiply(m, past)).orElse(past));
    }

    /** [n,h,w,c] → [n,heads,h·w,c/heads]. */
    static Value split(GraphBuilder g, Value x, int heads) {
        Shape s = x.shape();
        Value rows = g.reshape(x, new Shape(s.n(), s.h() * s.w(), heads, s.c() / heads));
        return g.permute(rows, List.of(Axis.N, Axis.W, Axis.H, Axis.C));
    }

    /** The inverse of {@link #split}. */
    static Value join(GraphBuilder g, Value x, Shape s) {
        return g.reshape(g.permute(x, List.of(Axis.N, Axis.W, Axis.H, Axis.C)), s);
    }
}
