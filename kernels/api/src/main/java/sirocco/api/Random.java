package sirocco.api;

import static sirocco.api.OperandRole.INDEX;

import java.util.List;
import java.util.Optional;

/** Random draws: {@link Philox}, addressed by seed, sample index, step, stream and element. */
public sealed interface Random extends Op {
    /** What a draw is distributed as. */
    enum Distribution {
        /** Standard normal. */
        NORMAL,
        /** Uniform in [0, 1). */
        UNIFORM
    }

    /**
     * y [n,h,w,c] = draws from {@code stream}, at the step in {@code rng}, or at the step in {@code step} (I32 [1,1,1,1]) if there is one. Primitive.
     */
    record Draw(Distribution distribution, @Reads(INDEX) Value rng, @Reads(INDEX) Value index, @Reads(INDEX) Optional<Value> step, int stream, @Writes Value y)
            implements Random {
        @Override
        public void reverse(Reverse r) {
            // depends on nothing that has a gradient
        }
    }

    /** t I32 [n,1,1,1] = uniform in 0 … bound − 1, from stream TRAIN ({@link Philox#timestep}). Primitive. */
    record DrawTimestep(@Reads(INDEX) Value rng, @Reads(INDEX) Value index, int bound, @Writes(INDEX) Value t) implements Random {
        @Override
        public void reverse(Reverse r) {
            // depends on nothing that has a gradient
        }
    }

    /**
     * y = x / (1 − p) where the element is kept, 0 elsewhere (inverted dropout, Srivastava et al. 2014). The mask is drawn from {@link
     * Philox} stream DROPOUT + {@code id}; the reverse pass is the same op on dy.
     */
    record Dropout(@Reads Value x, @Reads(INDEX) Value rng, @Reads(INDEX) Value index, float p, int id, @Writes Value y) implements Random {
        @Override
        public Optional<List<Value>> decompose(GraphBuilder g) {
            Value u = g.draw(Distribution.UNIFORM, rng, index, Optional.empty(), Philox.DROPOUT + id, x.shape());
            Value kept = g.step(g.affine(u, 1, -p));
            return Optional.of(List.of(g.multiply(x, g.scale(kept, 1 / (1 - (double) p)))));
        }

        @Override
        public void reverse(Reverse r) {
            if (r.needs(x)) {
                Value dx = r.temporary("dx", x.shape());
                r.record(new Dropout(r.gradientOf(y), rng, index, p, id, dx));
                r.add(x, dx);
            }
        }
    }

    /** y I32 [n,1,1,1] = labels, or nullLabel with probability p (Ho &amp; Salimans 2022, algorithm 1), drawn from stream TRAIN. Primitive. */
    record DropLabels(@Reads(INDEX) Value labels, @Reads(INDEX) Value rng, @Reads(INDEX) Value index, float p, int nullLabel, @Writes(INDEX) Value y)
            implements Random {
        @Override
        public void reverse(Reverse r) {
            // labels have no gradient
        }
    }

    /** Methods that record draws. */
    interface Recording extends Recorder {
        /** The number of the next dropout of this graph, which is its stream's. */
        int nextDropout();

        /** Records {@link Draw}. */
        default Value draw(Distribution distribution, Value rng, Value index, Optional<Value> step, int stream, Shape shape) {
            checkRng("draw", rng, index, shape.n());
            step.ifPresent(s -> check(s.dtype() == DType.I32 && s.shape().equals(Shape.SCALAR), "draw", () -> "step must be I32 [1,1,1,1], got " + s));
            Value y = temporary("y", shape);
            return record(new Draw(distribution, rng, index, step, stream, y), y);
        }

        /** Records {@link DrawTimestep}. */
        default Value drawTimestep(Value rng, Value index, int bound) {
            checkRng("drawTimestep", rng, index, index.shape().n());
            check(bound > 0, "drawTimestep", () -> "bound must be at least 1, got " + bound);
            Value t = temporary("t", index.shape(), DType.I32);
            return record(new DrawTimestep(rng, index, bound, t), t);
        }

        /** Records dropout with a mask of its own; p = 0 records nothing. */
        default Value dropout(Value x, Value rng, Value index, float p) {
            check(p >= 0 && p < 1, "dropout", () -> "p must be in [0,1), got " + p);
            checkRng("dropout", rng, index, x.shape().n());
            if (p == 0) {
                return x;
            }
            Value y = temporary("y", x.shape());
            return record(new Dropout(x, rng, index, p, nextDropout(), y), y);
        }

        /** Records {@link DropLabels}. */
        default Value dropLabels(Value labels, Value rng, Value index, float p, int nullLabel) {
            check(p >= 0 && p <= 1, "dropLabels", () -> "p must be in [0,1], got " + p);
            checkRng("dropLabels", rng, index, labels.shape().n());
            Value y = temporary("labels", labels.shape(), DType.I32);
            return record(new DropLabels(labels, rng, index, p, nullLabel, y), y);
        }
    }
}
