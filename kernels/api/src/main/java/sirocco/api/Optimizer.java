package sirocco.api;

import static sirocco.api.OperandRole.INDEX;
import static sirocco.api.OperandRole.STATISTIC;
import static sirocco.api.OperandRole.TABLE;
import static sirocco.api.OperandRole.WEIGHT;

import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** What changes weights between steps. Primitives, without gradients. */
public sealed interface Optimizer extends Op {
    @Override
    default void reverse(Reverse r) {
        r.refuse(this, "optimizers are not differentiated");
    }

    /** norm [1,1,1,1] = the Euclidean norm of all gradients together. */
    record GradientNorm(@Reads(WEIGHT) List<Value> gradients, @Writes(STATISTIC) Value norm) implements Optimizer {
        public GradientNorm {
            gradients = List.copyOf(gradients);
        }
    }

    /**
     * Keeps a step's loss and norm on the device until the host reads them. Row (step mod rows) of history F32 STATE [rows,1,1,2] ← (loss, norm), step being
     * rng's. guard [1,1,1,1] = norm as long as both were finite in every step, and NaN from the first step on in which one was not, so that {@link AdamEma}
     * leaves the weights as they were before that step. failed I32 STATE [1,1,1,1] ← 1 then; it is 0 at first.
     */
    record RecordStep(@Reads(STATISTIC) Value loss, @Reads(STATISTIC) Value norm, @Reads(INDEX) Value rng, @Updates(STATISTIC) Value history,
                      @Updates(INDEX) Value failed, @Writes(STATISTIC) Value guard) implements Optimizer { }

    /**
     * Clipping by global norm, Adam (Kingma &amp; Ba 2015) or AdamW (Loshchilov &amp; Hutter 2019), and the moving average of the weights,
     * over all parameters at once. hyper F32 [1,1,1,16] = (lr, β₁, β₂, eps, weight decay, EMA decay, clip norm, 1 − β₁ᵗ, 1 − β₂ᵗ, 0 …);
     * clip norm ≤ 0: none. With g the gradient times min(1, clip/(norm + 1e-6)): p ← p(1 − lr·decay), m, v ← …, p ← p − lr·m̂/(√v̂ + eps),
     * ema ← decay·ema + (1 − decay)·p. Gradients are zeroed. Where norm is not finite nothing but that happens. The five lists
     * run in parallel, shapes alike.
     */
    record AdamEma(@Reads(STATISTIC) Value norm, @Reads(TABLE) Value hyper, @Updates(WEIGHT) List<Value> parameters, @Updates(WEIGHT) List<Value> gradients,
                   @Updates(WEIGHT) List<Value> m, @Updates(WEIGHT) List<Value> v, @Updates(WEIGHT) List<Value> ema) implements Optimizer {
        public AdamEma {
            parameters = List.copyOf(parameters);
            gradients = List.copyOf(gradients);
            m = List.copyOf(m);
            v = List.copyOf(v);
            ema = List.copyOf(ema);
        }
    }

    /**
     * target ← decay·target + (1 − decay)·source for each pair of the two lists, which run in parallel, shapes alike: the exponential moving average of
     * weights (Polyak &amp; Juditsky 1992). decay F32 [1,1,1,1] in 0 … 1; with decay 0 a finite target becomes its source, bit-identical.
     */
    record Average(@Reads(TABLE) Value decay, @Reads(WEIGHT) List<Value> sources, @Updates(WEIGHT) List<Value> targets) implements Optimizer {
        public Average {
            sources = List.copyOf(sources);
            targets = List.copyOf(targets);
        }
    }

    /** Methods that record optimizers. */
    interface Recording extends Recorder {
        /** A state, named by the path so far. */
        Value state(String name, Shape shape, DType dtype);

        /** Runs {@code layer} with {@code name} added to the path. */
        <T> T in(String name, Supplier<T> layer);

        /** Records gradient norm, clipping, Adam(W) and EMA for all of {@code gradients}' parameters. Returns the norm. */
        default Value adamEma(Map<Value, Value> gradients, Value hyper) {
            return adamEma(gradients, hyper, norm -> norm);
        }

        /** @param guard given the norm, returns what the optimizer receives: that, or NaN for it to change nothing */
        default Value adamEma(Map<Value, Value> gradients, Value hyper, UnaryOperator<Value> guard) {
            same("adamEma", "hyper", hyper.shape(), Shape.vector(16));
            List<Value> p = List.copyOf(gradients.keySet());
            List<Value> g = List.copyOf(gradients.values());
            for (Value gradient : g) {
                check(gradient.role() == Value.Role.STATE, "adamEma", () -> gradient + " is not a state that accumulates: only parameters can be trained");
            }
            List<Value> m = p.stream().map(v -> state("adam.m." + v.name(), v.shape(), DType.F32)).toList();
            List<Value> v2 = p.stream().map(v -> state("adam.v." + v.name(), v.shape(), DType.F32)).toList();
            List<Value> ema = p.stream().map(v -> state("ema." + v.name(), v.shape(), DType.F32)).toList();
            return in("optimizer", () -> {
                Value norm = temporary("norm", Shape.SCALAR);
                record(new GradientNorm(g, norm), norm);
                record(new AdamEma(guard.apply(norm), hyper, p, g, m, v2, ema), null);
                return norm;
            });
        }

        /**
         * Records {@link Average}: moves the parameters of {@code target} toward those of the same names in {@code source}.
         *
         * @param decay F32 [1,1,1,1] in 0 … 1: the share of the target that is kept
         * @throws IllegalArgumentException if the sets do not have parameters of the same names and shapes, or have none
         */
        default void average(ParameterSet target, ParameterSet source, Value decay) {
            same("average", "decay", decay.shape(), Shape.SCALAR);
            List<ParameterSet.Pair> pairs = pairs("average", target, source);
            record(new Average(decay, pairs.stream().map(ParameterSet.Pair::other).toList(), pairs.stream().map(ParameterSet.Pair::mine).toList()), null);
        }

        /**
         * Records {@link Movement.Assign} for each parameter: those of {@code to} become those of the same names in {@code from}.
         *
         * @throws IllegalArgumentException if the sets do not have parameters of the same names and shapes, or have none
         */
        default void copy(ParameterSet from, ParameterSet to) {
            for (ParameterSet.Pair pair : pairs("copy", from, to)) {
                record(new Movement.Assign(pair.mine(), pair.other()), null);
            }
        }

        private List<ParameterSet.Pair> pairs(String op, ParameterSet a, ParameterSet b) {
            check(a != b, op, () -> "both parameter sets are \"" + a.prefix() + "\". Pass two sets.");
            List<ParameterSet.Pair> pairs = a.pairedWith(b);
            check(!pairs.isEmpty(), op, () -> "parameter sets \"" + a.prefix() + "\" and \"" + b.prefix() + "\" are empty. Record their networks first.");
            return pairs;
        }

        /** Records {@link RecordStep}. Returns the guard. */
        default Value recordStep(Value loss, Value norm, Value rng, Value history, Value failed) {
            same("recordStep", "loss", loss.shape(), Shape.SCALAR);
            same("recordStep", "norm", norm.shape(), Shape.SCALAR);
            same("recordStep", "history", history.shape(), new Shape(history.shape().n(), 1, 1, 2));
            checkKey("recordStep", rng);
            check(failed.dtype() == DType.I32 && failed.shape().equals(Shape.SCALAR), "recordStep", () -> "failed must be I32 [1,1,1,1], got " + failed);
            Value guard = temporary("guard", Shape.SCALAR);
            return record(new RecordStep(loss, norm, rng, history, failed, guard), guard);
        }
    }
}
