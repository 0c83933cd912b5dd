package sirocco.api;

import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * A reverse pass while it is being recorded: what the gradient rules of ops ({@link Op#reverse}) read and add to. Gradients of activations are temporaries,
 * written once; gradients of weights are states that ops add to.
 */
public final class Reverse {
    private final GraphBuilder g;
    private final Value scalar;
    /** What depends on a value whose gradient is wanted. */
    private final Set<Value> needed;
    /** The states that the gradients of parameters accumulate in. */
    private final Map<Value, Value> ofParameters;
    /** What has reached an activation so far. */
    private final Map<Value, Value> gradients = new HashMap<>();
    /** For weights that are no parameters: states, zeroed before the first op adds to them. */
    private final Map<Value, Value> ofComputedWeights = new LinkedHashMap<>();
    private Step step;

    Reverse(GraphBuilder g, Value scalar, Set<Value> needed, Map<Value, Value> ofParameters) {
        this.g = g;
        this.scalar = scalar;
        this.needed = needed;
        this.ofParameters = ofParameters;
    }

    void visit(Step visited) {
        step = visited;
        boolean changed = changedStates(visited.op()).stream().anyMatch(this::reached) && visited.op().inputs().stream().anyMatch(this::needs);
        if (changed || visited.op().outputs().stream().anyMatch(this::reached)) {
            visited.op().reverse(this);
        }
    }

    /** The states that an op changes by what it reads. None for an optimizer, whose changes count as constants. */
    static List<Value> changedStates(Op op) {
        return op instanceof Optimizer ? List.of() : op.updates().stream().filter(v -> v.role() == Value.Role.STATE).toList();
    }

    // ---- what rules read -------------------------------------------------------------------------------------------------------

    /** Whether the gradient of {@code v} is wanted, or needed on the way to one that is. */
    public boolean needs(Value v) {
        return needed.contains(v);
    }

    /** Whether the scalar depends on {@code y} by steps that were visited. */
    public boolean reached(Value y) {
        return y == scalar || gradients.containsKey(y) || ofComputedWeights.containsKey(y);
    }

    /** Whether the gradient of {@code y} is the constant 1, because it is the scalar itself. */
    public boolean isUnit(Value y) {
        return y == scalar && !gradients.containsKey(y);
    }

    /**
     * The gradient of what a step wrote: the sum of what its readers added.
     *
     * @throws IllegalStateException if nothing reached it
     */
    public Value gradientOf(Value y) {
        Value accumulated = ofComputedWeights.remove(y);
        if (accumulated != null) {
            put(y, accumulated);
        }
        if (isUnit(y)) {
            gradients.put(y, recording(b -> b.constant(1, Shape.SCALAR)));
        }
        Value d = gradients.get(y);
        if (d == null) {
            // Of several outputs, one that nothing reads.
            d = recording(b -> b.constant(0, y.shape()));
            gradients.put(y, d);
        }
        return d;
    }

    // ---- what rules record -----------------------------------------------------------------------------------------------------

    /** A temporary for this step's reverse pass. */
    public Value temporary(String what, Shape shape) {
        return g.temporary(step.name() + "." + what, shape);
    }

    /** Records one op. */
    public void record(Op op) {
        recording(b -> b.record(op, null));
    }

    /** Records by the builder's methods. */
    public Value recording(Function<GraphBuilder, Value> ops) {
        return g.in(step.name() + ".backward", () -> ops.apply(g));
    }

    /** Adds {@code gradient}, of x's shape, to what has reached x so far; does nothing if x's gradient is not needed. */
    public void add(Value x, Value gradient) {
        if (needs(x)) {
            put(x, gradient);
        }
    }

    private void put(Value x, Value gradient) {
        Value soFar = gradients.get(x);
        gradients.put(x, soFar == null ? gradient : recording(b -> b.add(soFar, gradient)));
    }

    /** Takes away what has reached x so far, for an op that adds it itself. */
    public Optional<Value> take(Value x) {
        return Optional.ofNullable(gradients.remove(x));
    }

    /** Adds the part of {@code dy} that starts at {@code from}, as long as x. */
    void slice(Value x, Value dy, Axis axis, int from) {
        if (needs(x)) {
            Value dx = temporary("dx", x.shape());
            record(new Movement.Slice(dy, axis, from, dx));
            add(x, dx);
        }
    }

    /** {@code gradient} summed along the axes along which {@code shape} was broadcast. */
    public Value summedTo(Value gradient, Shape shape) {
        Shape from = gradient.shape();
        if (from.equals(shape)) {
            return gradient;
        }
        EnumSet<Axis> axes = EnumSet.noneOf(Axis.class);
        for (Axis axis : Axis.values()) {
            if (shape.size(axis) != from.size(axis)) {
                axes.add(axis);
            }
        }
        return recording(b -> b.sum(gradient, axes));
    }

    /** The state to which an op adds the gradient of a weight. A weight that is computed, or that the host writes, gets one that is zeroed in each run. */
    public Value accumulator(Value w) {
        Value state = ofParameters.get(w);
        if (state != null) {
            return state;
        }
        return ofComputedWeights.computeIfAbsent(w, v -> {
            Value zeroed = g.state(g.unused("grad." + v.name()), v.shape(), DType.F32);
            recording(b -> {
                b.assign(b.constant(0, v.shape()), zeroed);
                return null;
            });
            return zeroed;
        });
    }

    /** The same; where the gradient is not needed but the op computes it, a state that nobody reads. */
    public Value accumulatorOrUnused(Value w) {
        return needs(w) ? accumulator(w) : g.state(g.unused("unused.grad." + w.name()), w.shape(), DType.F32);
    }

    /** The rule of an op without a rule of its own: its decomposition is recorded again, and that is differentiated. */
    public void byDecomposition(Op op) {
        int before = g.steps().size();
        List<Value> results = g.in(step.name() + ".again", () -> op.decompose(g))
                .orElseThrow(() -> new IllegalStateException(op.kind() + " is a primitive and needs a gradient rule"));
        List<Step> again = List.copyOf(g.steps().subList(before, g.steps().size())); // visiting them records more
        for (Step s : again) {
            if (s.op().inputs().stream().anyMatch(needed::contains)) {
                s.op().outputs().stream().filter(v -> !g.isConstant(v)).forEach(needed::add);
            }
        }
        List<Value> outputs = op.outputs();
        for (int i = 0; i < outputs.size(); i++) {
            if (reached(outputs.get(i)) && needed.contains(results.get(i))) {
                put(results.get(i), gradientOf(outputs.get(i)));
            }
        }
        Step whole = step;
        again.reversed().forEach(this::visit);
        step = whole;
    }

    /** @throws IllegalArgumentException always: the scalar depends on this op, which has no derivative */
    public void refuse(Op op, String why) {
        throw new IllegalArgumentException("gradients: " + op.kind() + " \"" + step.name() + "\" lies between " + scalar
                + " and what it is to be differentiated by, and has no derivative: " + why);
    }

    /** @throws IllegalArgumentException if the gradient of {@code operand} is needed, which the op's rule does not have */
    void refuseIfNeeded(Op op, Value operand, String why) {
        if (needs(operand)) {
            refuse(op, why);
        }
    }

    // ---- the end ---------------------------------------------------------------------------------------------------------------

    /** The gradient of what was asked for: a parameter's state, anything else's temporary. */
    Value result(Value wanted) {
        Value state = ofParameters.get(wanted);
        if (state == null) {
            step = new Step(wanted.name(), step.op());
            return gradientOf(wanted);
        }
        Value asActivation = gradients.remove(wanted);
        if (asActivation != null) {
            g.in(wanted.name() + ".backward", () -> {
                g.accumulate(asActivation, state);
                return null;
            });
        }
        return state;
    }
}
