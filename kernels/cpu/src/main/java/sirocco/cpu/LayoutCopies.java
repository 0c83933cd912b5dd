package sirocco.cpu;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import sirocco.api.Graph;
import sirocco.api.Movement;
import sirocco.api.Op;
import sirocco.api.Operand;
import sirocco.api.Step;
import sirocco.api.Value;

/**
 * Inserts copies where a step reads a value in another layout than it has, so that every graph can run. A value is copied once for all steps of a phase that
 * read it the other way; one that is updated in place is copied again afterwards, and in each phase, since phases may run by themselves.
 */
final class LayoutCopies {
    private final Graph graph;
    private final Layouts layouts;
    private final List<Value> values;
    private final List<Step> steps = new ArrayList<>();
    private final Map<Value, Value> copies = new HashMap<>();

    private LayoutCopies(Graph graph) {
        this.graph = graph;
        layouts = new Layouts(graph);
        values = new ArrayList<>(graph.values());
    }

    /** The graph with its copies; {@code graph} itself if it needs none. */
    static Graph insert(Graph graph) {
        return new LayoutCopies(graph).run();
    }

    private Graph run() {
        List<Graph.Phase> phases = new ArrayList<>();
        for (Graph.Phase phase : graph.phases()) {
            int first = steps.size();
            copies.clear();
            for (int i = phase.first(); i < phase.end(); i++) {
                visit(i, graph.steps().get(i));
            }
            phases.add(new Graph.Phase(phase.name(), first, steps.size()));
        }
        return values.size() == graph.values().size() ? graph : new Graph(values, steps, graph.outputs(), phases);
    }

    private void visit(int number, Step step) {
        Op op = step.op();
        List<Operand> operands = op.operands();
        Value[] read = new Value[operands.size()];
        boolean replaced = false;
        for (int i = 0; i < read.length; i++) {
            Operand o = operands.get(i);
            read[i] = o.value();
            if (!layouts.suits(number, op, o)) {
                if (o.access() != Operand.Access.READ) {
                    throw new IllegalStateException("cpu: " + step + " cannot write " + o.value() + " in the layout that it has");
                }
                read[i] = copies.computeIfAbsent(o.value(), v -> copy(step, v));
                replaced = true;
            }
        }
        Iterator<Value> inOrder = List.of(read).iterator();
        steps.add(replaced ? new Step(step.name(), op.withOperands((_, _) -> inOrder.next())) : step);
        op.updates().forEach(copies::remove);
    }

    private Value copy(Step step, Value v) {
        Value copy = new Value(values.size(), v.name() + ".copy", v.shape(), v.dtype(), Value.Role.TEMPORARY);
        values.add(copy);
        steps.add(new Step(step.name(), new Movement.Reshape(v, copy)));
        return copy;
    }
}
