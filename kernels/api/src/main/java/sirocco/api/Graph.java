package sirocco.api;

import java.util.List;
import java.util.NoSuchElementException;

/**
 * A recorded computation: steps in the order they run.
 *
 * @param values every value, at its id
 * @param outputs temporaries that the host reads after a run, and that therefore keep their memory to its end
 * @param phases parts of a run, in order; one where {@link GraphBuilder#phase} was not called
 */
public record Graph(List<Value> values, List<Step> steps, List<Value> outputs, List<Phase> phases) {
    /**
     * Steps that run together, so that the host may do something between one phase and the next, or run one of them several times: gradient accumulation
     * runs the phase of the reverse pass once for each micro-batch and then that of the update. A phase may read temporaries of an earlier one, and may run
     * again without it; an output is valid until an earlier phase runs again.
     *
     * @param first number of the first step
     * @param end number of the last step, plus 1
     */
    public record Phase(String name, int first, int end) { }

    public Graph {
        values = List.copyOf(values);
        steps = List.copyOf(steps);
        outputs = List.copyOf(outputs);
        phases = List.copyOf(phases);
    }

    /** A graph of a single phase. */
    public Graph(List<Value> values, List<Step> steps, List<Value> outputs) {
        this(values, steps, outputs, List.of(new Phase(GraphBuilder.ONLY_PHASE, 0, steps.size())));
    }

    public List<Value> withRole(Value.Role role) {
        return values.stream().filter(v -> v.role() == role).toList();
    }

    public List<Value> parameters() {
        return withRole(Value.Role.PARAMETER);
    }

    /** The persistent value or output of this name. */
    public Value find(String name) {
        for (Value v : values) {
            if (v.name().equals(name) && (v.persistent() || outputs.contains(v))) {
                return v;
            }
        }
        throw new NoSuchElementException("graph: no input, parameter, state or output \"" + name + "\"");
    }

    /** The phase of this name. */
    public Phase phase(String name) {
        return phases.stream().filter(p -> p.name().equals(name)).findFirst().orElseThrow(() -> new NoSuchElementException("graph: no phase \"" + name
                + "\"; there are " + phases.stream().map(Phase::name).toList()));
    }

    public long flops() {
        return steps.stream().mapToLong(s -> s.op().flops()).sum();
    }
}
