package sirocco.api;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Records a graph. The recording methods of each family stand beside its ops, as {@link Convolution.Recording}: each checks shapes, adds one step and returns
 * the value it writes; nothing is computed. Layers name their steps by {@link #in}.
 */
public final class GraphBuilder implements Attention.Recording, Conditioning.Recording, Convolution.Recording, Diffusion.Recording, Loss.Recording,
        Movement.Recording, Normalization.Recording, Optimizer.Recording, Pointwise.Recording, Product.Recording, Random.Recording, Reduction.Recording {
    static final String ONLY_PHASE = "run";

    private final List<Value> values = new ArrayList<>();
    private final List<Step> steps = new ArrayList<>();
    private final List<Value> outputs = new ArrayList<>();
    private final Map<String, Value> persistent = new LinkedHashMap<>();
    private final Set<Value> written = new HashSet<>();
    /** What reverse passes treat as constants. */
    private final Set<Value> constants = new HashSet<>();
    private final Deque<String> path = new ArrayDeque<>();
    private final Map<String, Integer> phases = new LinkedHashMap<>();
    private final Map<String, ParameterSet> sets = new HashMap<>();
    private ParameterSet set = new ParameterSet("");
    private int dropouts;

    public GraphBuilder() { }

    /** A builder whose values are those of a graph, and which has no steps yet: for {@link Lowering}. */
    GraphBuilder(Graph graph) {
        for (Value v : graph.values()) {
            values.add(v);
            written.add(v);
            if (v.persistent()) {
                persistent.put(v.name(), v);
            }
        }
    }

    // ---- values ----------------------------------------------------------------------------------------------------------------

    /** An array that the host writes. */
    public Value input(String name, Shape shape, DType dtype) {
        return persistent(name, shape, dtype, Value.Role.INPUT);
    }

    /**
     * A weight of the current {@link ParameterSet}, named by the set's prefix, the path so far and {@code name}. Asked for again, the same value is returned:
     * layers may share weights.
     *
     * @throws IllegalArgumentException if the name is taken by another value or shape, or the prefix by another set
     */
    public Value parameter(String name, Shape shape) {
        check(sets.computeIfAbsent(set.prefix(), _ -> set) == set, "parameter", () -> "two parameter sets of this graph have the prefix \"" + set.prefix()
                + "\". Give each set a prefix of its own.");
        String local = qualified(name);
        String full = set.prefix() + local;
        Value known = persistent.get(full);
        if (known == null || known.role() != Value.Role.PARAMETER || !known.shape().equals(shape)) {
            known = persistent(full, shape, DType.F32, Value.Role.PARAMETER);
        }
        set.add(local, known);
        return known;
    }

    /** An array that ops change in place and that is zero at first. */
    @Override
    public Value state(String name, Shape shape, DType dtype) {
        return persistent(name, shape, dtype, Value.Role.STATE);
    }

    /** The F32 state of this name and shape, made if there is none. */
    Value stateOnce(String name, Shape shape) {
        Value known = persistent.get(name);
        return known != null && known.role() == Value.Role.STATE && known.shape().equals(shape) ? known : state(name, shape, DType.F32);
    }

    /** A name that no persistent value has: {@code name}, or that and a number. */
    String unused(String name) {
        String free = name;
        for (int i = 2; persistent.containsKey(free); i++) {
            free = name + "." + i;
        }
        return free;
    }

    /** Records a copy of x that reverse passes treat as a constant: no gradient passes through it to x. */
    public Value stopGradient(Value x) {
        Value y = in("stop_gradient", () -> copy(x));
        constants.add(y);
        return y;
    }

    boolean isConstant(Value v) {
        return constants.contains(v);
    }

    /** Marks a value as one that the host reads after a run. */
    public Value output(Value v) {
        check(written.contains(v), "output", () -> v + " is not written by any step of this graph");
        if (!v.persistent() && !outputs.contains(v)) {
            outputs.add(v);
        }
        return v;
    }

    // ---- scopes ----------------------------------------------------------------------------------------------------------------

    @Override
    public <T> T in(String name, Supplier<T> layer) {
        path.addLast(name);
        try {
            return layer.get();
        } finally {
            path.removeLast();
        }
    }

    /** Runs {@code network} with its parameters taken from, and added to, {@code parameters}. */
    public <T> T with(ParameterSet parameters, Supplier<T> network) {
        ParameterSet outer = set;
        set = parameters;
        try {
            return network.get();
        } finally {
            set = outer;
        }
    }

    /**
     * Begins a phase: the steps from here on, to the next call or the end. {@link Executable#run(String)} runs one phase.
     *
     * @throws IllegalArgumentException if the name is taken, or if steps were recorded before the first phase began
     */
    public void phase(String name) {
        check(!phases.containsKey(name), "phase", () -> "there is a phase \"" + name + "\" already");
        check(!phases.isEmpty() || steps.isEmpty(), "phase", () -> steps.size() + " steps were recorded before phase \"" + name
                + "\". Begin the first phase before the first step.");
        phases.put(name, steps.size());
    }

    public Graph build() {
        if (phases.isEmpty()) {
            return new Graph(values, steps, outputs);
        }
        List<String> names = List.copyOf(phases.keySet());
        List<Graph.Phase> all = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            int end = i + 1 < names.size() ? phases.get(names.get(i + 1)) : steps.size();
            all.add(new Graph.Phase(names.get(i), phases.get(names.get(i)), end));
        }
        return new Graph(values, steps, outputs, all);
    }

    /** The steps recorded so far. */
    List<Step> steps() {
        return Collections.unmodifiableList(steps);
    }

    // ---- plumbing --------------------------------------------------------------------------------------------------------------

    @Override
    public Value temporary(String what, Shape shape) {
        return temporary(what, shape, DType.F32);
    }

    @Override
    public Value temporary(String what, Shape shape, DType dtype) {
        Value v = new Value(values.size(), what.equals("y") ? path() : qualified(what), shape, dtype, Value.Role.TEMPORARY);
        values.add(v);
        return v;
    }

    private Value persistent(String name, Shape shape, DType dtype, Value.Role role) {
        Value v = new Value(values.size(), name, shape, dtype, role);
        check(persistent.putIfAbsent(name, v) == null, "graph", () -> "two persistent values are called \"" + name + "\"");
        values.add(v);
        written.add(v);
        return v;
    }

    @Override
    public Value record(Op op, Value result) {
        for (Value v : op.inputs()) {
            check(written.contains(v), op.kind(), () -> v + " is read before anything wrote it, or belongs to another graph");
        }
        for (Value v : op.updates()) {
            check(v.persistent() && written.contains(v), op.kind(), () -> v + " is updated in place, so it must be a persistent value of this graph");
        }
        op.operands().forEach(o -> checkType(op, o));
        steps.add(new Step(path(), op));
        written.addAll(op.outputs());
        return result;
    }

    /** Checks an operand's element type by its role. Ops that only move elements also take I32. */
    private void checkType(Op op, Operand o) {
        DType type = o.value().dtype();
        boolean moves = op instanceof Movement.Reshape || op instanceof Movement.Repeat || op instanceof Movement.Assign;
        if (o.role() == OperandRole.INDEX) {
            check(type != DType.F32, op.kind(), () -> o.name() + " must be I32 or U8, got " + o.value());
        } else {
            check(type == DType.F32 || moves && type == DType.I32, op.kind(), () -> o.name() + " must be F32" + (moves ? " or I32" : "") + ", got " + o.value());
        }
    }

    @Override
    public int nextDropout() {
        return dropouts++;
    }

    @Override
    public String path() {
        return path.isEmpty() ? "graph" : String.join(".", path);
    }

    private String qualified(String what) {
        return path.isEmpty() ? what : path() + "." + what;
    }
}
