package sirocco.api;

import java.util.List;
import java.util.NoSuchElementException;

/**
 * A recorded computation: steps in the order they run.
 *
 * @param values every value, at its id
 * @param outputs temporaries that the host reads after a run, and that therefore keep their memory to its end
 */
public record Graph(List<Value> values, List<Step> steps, List<Value> outputs) {
    public Graph {
        values = List.copyOf(values);
        steps = List.copyOf(steps);
        outputs = List.copyOf(outputs);
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

    public long flops() {
        return steps.stream().mapToLong(s -> s.op().flops()).sum();
    }
}
