package sirocco.api;

import static sirocco.api.OperandRole.INDEX;
import static sirocco.api.OperandRole.STATISTIC;
import static sirocco.api.OperandRole.WEIGHT;

import java.util.List;
import java.util.Optional;
import java.util.function.ToLongFunction;

/** Embeddings of timesteps, classes and tokens. */
public sealed interface Conditioning extends Op {
    /**
     * Sinusoidal embedding (Vaswani et al. 2017, as Ho et al. use it): t F32 [n,1,1,1] → y [n,1,1,dim]; with half = dim/2 and ω_i =
     * exp(−ln(maxPeriod) · i / (half − freqShift)), y = [sin(tω), cos(tω)], or [cos, sin] if {@code flipSinToCos}; an odd dim ends in 0.
     */
    record TimestepEmbedding(@Reads(STATISTIC) Value t, boolean flipSinToCos, float freqShift, float maxPeriod, @Writes Value y) implements Conditioning {
        @Override
        public Optional<List<Value>> decompose(GraphBuilder g) {
            int dim = y.shape().c();
            int half = dim / 2;
            Value omega = g.unary(g.ramp(0, -Math.log(maxPeriod) / (half - freqShift), Axis.C, Shape.vector(half)), UnaryFunction.EXP);
            Value angle = g.multiply(t, omega);
            Value sin = g.unary(angle, UnaryFunction.SIN);
            Value cos = g.unary(angle, UnaryFunction.COS);
            Value both = flipSinToCos ? g.concat(cos, sin) : g.concat(sin, cos);
            return Optional.of(List.of(dim % 2 == 0 ? both : g.concat(both, g.constant(0, Shape.features(y.shape().n(), 1)))));
        }

        @Override
        public void reverse(Reverse r) {
            r.byDecomposition(this);
        }
    }

    /**
     * y [n,h,w,dim] = row ids[i] of table [rows,1,1,dim] for each id; ids I32 [n,h,w,1] in 0 … rows − 1, anything else is an error at run time. Primitive.
     */
    record Embedding(@Reads(INDEX) Value ids, @Reads(WEIGHT) Value table, @Writes Value y) implements Conditioning {
        @Override
        public long bytes(ToLongFunction<Value> size) {
            return size.applyAsLong(ids) + 2 * size.applyAsLong(y);
        }

        @Override
        public void reverse(Reverse r) {
            if (r.needs(table)) {
                r.record(new EmbeddingBackward(ids, r.gradientOf(y), r.accumulator(table)));
            }
        }
    }

    /** dTable row ids[i] += dy[i], in order of i. Primitive. */
    record EmbeddingBackward(@Reads(INDEX) Value ids, @Reads Value dy, @Updates(WEIGHT) Value dTable) implements Conditioning {
        @Override
        public void reverse(Reverse r) {
            r.refuse(this, "second derivatives of embeddings are not implemented");
        }
    }

    /** Methods that record embeddings. */
    interface Recording extends Recorder {
        /** Records {@link TimestepEmbedding} with a longest period of 10,000. */
        default Value timestepEmbedding(Value t, int dim, boolean flipSinToCos, float freqShift) {
            same("timestepEmbedding", "t", t.shape(), Shape.features(t.shape().n(), 1));
            check(dim >= 2 && dim / 2 > freqShift, "timestepEmbedding", () -> "dim " + dim + " is too small for freqShift " + freqShift);
            Value y = temporary("y", Shape.features(t.shape().n(), dim));
            return record(new TimestepEmbedding(t, flipSinToCos, freqShift, 10_000f, y), y);
        }

        /** Records {@link Embedding}. */
        default Value embedding(Value ids, Value table) {
            check(ids.dtype() == DType.I32, "embedding", () -> "ids must be I32, got " + ids);
            same("embedding", "ids", ids.shape(), ids.shape().withC(1));
            same("embedding", "table", table.shape(), new Shape(table.shape().n(), 1, 1, table.shape().c()));
            Value y = temporary("y", ids.shape().withC(table.shape().c()));
            return record(new Embedding(ids, table, y), y);
        }
    }
}
