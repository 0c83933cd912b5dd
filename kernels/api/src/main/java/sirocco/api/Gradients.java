package sirocco.api;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Records reverse passes (reverse-mode differentiation): walks the steps from a scalar back and has each op record its gradient rule. The gradient of a value
 * that is read several times is the sum of its readers'.
 */
public final class Gradients {
    private Gradients() { }

    /**
     * Appends the reverse pass of a scalar.
     *
     * @param scalar F32 [1,1,1,1], written by a step
     * @param wanted what to differentiate by: parameters, inputs, states or temporaries, each F32
     * @return the gradient of each wanted value, in the order of their numbers, of its shape. Of a parameter, a state "grad.NAME" that each run adds to: an
     *     optimizer zeroes it, and several reverse passes in one graph add to the same. Of any other value, a temporary that is written
     * <p>What an optimizer changes, a parameter that is assigned to, and a {@link GraphBuilder#stopGradient} are constants: a teacher that a step has averaged
     *     or copied passes no gradient on.
     *
     * @throws IllegalArgumentException if the scalar does not depend on a wanted value, or if an op between them has no derivative, a change of a state in
     *     place included
     */
    public static Map<Value, Value> of(GraphBuilder g, Value scalar, Collection<Value> wanted) {
        List<Step> forward = List.copyOf(g.steps());
        Set<Value> asked = new HashSet<>(wanted);
        check(g, forward, scalar, asked);

        Set<Value> needed = new HashSet<>(asked);
        for (Step s : forward) {
            if (s.op().inputs().stream().anyMatch(needed::contains)) {
                s.op().outputs().stream().filter(v -> !g.isConstant(v)).forEach(needed::add);
                needed.addAll(Reverse.changedStates(s.op()));
            }
        }
        // Gradients are made in the order of the values' numbers, so that a planner that places states one after the other keeps them aligned.
        List<Value> ordered = asked.stream().sorted((a, b) -> Integer.compare(a.id(), b.id())).toList();
        Map<Value, Value> ofParameters = new HashMap<>();
        for (Value v : ordered) {
            if (v.role() == Value.Role.PARAMETER) {
                ofParameters.put(v, g.stateOnce("grad." + v.name(), v.shape()));
            }
        }
        Reverse reverse = new Reverse(g, scalar, needed, ofParameters);
        forward.reversed().forEach(reverse::visit);
        Map<Value, Value> gradients = new LinkedHashMap<>();
        ordered.forEach(v -> gradients.put(v, reverse.result(v)));
        return gradients;
    }

    /** The same, for every parameter that the scalar depends on. */
    public static Map<Value, Value> ofParameters(GraphBuilder g, Value scalar) {
        Set<Value> parameters = ancestors(g, g.steps(), scalar).stream().filter(v -> v.role() == Value.Role.PARAMETER).collect(Collectors.toSet());
        if (parameters.isEmpty()) {
            throw new IllegalArgumentException("gradients: " + scalar + " depends on no parameter of this graph");
        }
        return of(g, scalar, parameters);
    }

    private static void check(GraphBuilder g, List<Step> forward, Value scalar, Set<Value> asked) {
        if (!scalar.shape().equals(Shape.SCALAR) || scalar.dtype() != DType.F32) {
            throw new IllegalArgumentException("gradients: only a scalar can be differentiated, expected F32 [1,1,1,1], got " + scalar
                    + ". Record a sum, a mean or a loss of it.");
        }
        if (forward.stream().noneMatch(s -> s.op().outputs().contains(scalar))) {
            throw new IllegalArgumentException("gradients: no step of this graph writes " + scalar + ". Differentiate what a step writes, as a loss.");
        }
        if (asked.isEmpty()) {
            throw new IllegalArgumentException("gradients: no values to differentiate " + scalar + " by. Name parameters, inputs or temporaries.");
        }
        Set<Value> ancestors = ancestors(g, forward, scalar);
        List<String> strangers = asked.stream().filter(v -> !ancestors.contains(v)).map(Value::toString).sorted().toList();
        if (!strangers.isEmpty()) {
            throw new IllegalArgumentException("gradients: " + scalar + " does not depend on " + String.join(", ", strangers)
                    + ". Ask for values that steps before it read or write.");
        }
        for (Value v : asked) {
            if (v.dtype() != DType.F32) {
                throw new IllegalArgumentException("gradients: only F32 values have gradients, got " + v);
            }
        }
    }

    /** All that the scalar depends on other than through constants, itself included. */
    private static Set<Value> ancestors(GraphBuilder g, List<Step> steps, Value scalar) {
        Set<Value> ancestors = new HashSet<>(Set.of(scalar));
        for (Step s : steps.reversed()) {
            if (s.op().outputs().stream().anyMatch(v -> ancestors.contains(v) && !g.isConstant(v))) {
                ancestors.addAll(s.op().inputs());
            }
        }
        return ancestors;
    }
}
