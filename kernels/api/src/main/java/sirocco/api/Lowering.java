package sirocco.api;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/** Replaces the fused ops that a backend has no kernel for by their decompositions, until only ops are left that it has kernels for. */
public final class Lowering {
    private final GraphBuilder g;
    private final Predicate<Op> supported;
    private final Graph graph;
    private final Set<String> missing = new TreeSet<>();
    private final List<Step> lowered = new ArrayList<>();

    private Lowering(Graph graph, Predicate<Op> supported) {
        this.graph = graph;
        this.supported = supported;
        g = new GraphBuilder(graph);
    }

    /**
     * Lowers a graph.
     *
     * @param backend for errors
     * @param supported whether the backend has a kernel for an op, with its shapes and attributes
     * @return a graph with the same persistent values and outputs; {@code graph} itself if every op is supported
     * @throws UnsupportedOperationException listing every primitive that the backend lacks
     */
    public static Graph lower(String backend, Graph graph, Predicate<Op> supported) {
        if (graph.steps().stream().allMatch(s -> supported.test(s.op()))) {
            return graph;
        }
        return new Lowering(graph, supported).run(backend);
    }

    /** Lowers every fused op: only primitives are left. */
    public static Graph toPrimitives(Graph graph) {
        return lower("primitives", graph, Lowering::isPrimitive);
    }

    /** Whether an op has no decomposition. */
    public static boolean isPrimitive(Op op) {
        return op.decompose(new GraphBuilder(new Graph(operands(op), List.of(), List.of()))).isEmpty();
    }

    private static List<Value> operands(Op op) {
        return op.operands().stream().map(Operand::value).distinct().toList();
    }

    private Graph run(String backend) {
        List<Graph.Phase> phases = new ArrayList<>();
        Set<Value> read = new HashSet<>(graph.outputs());
        graph.steps().forEach(s -> read.addAll(s.op().inputs()));
        for (Graph.Phase phase : graph.phases()) {
            int first = lowered.size();
            for (Step step : graph.steps().subList(phase.first(), phase.end())) {
                if (supported.test(step.op())) {
                    lowered.add(step);
                } else {
                    lowered.addAll(needed(expand(step), read));
                }
            }
            phases.add(new Graph.Phase(phase.name(), first, lowered.size()));
        }
        if (!missing.isEmpty()) {
            throw new UnsupportedOperationException(backend + ": no kernel for " + String.join(", ", missing));
        }
        return new Graph(g.build().values(), lowered, graph.outputs(), phases);
    }

    /** A step's decomposition, all the way down. */
    private List<Step> expand(Step step) {
        int before = g.steps().size();
        Optional<List<Value>> results = g.in(step.name(), () -> step.op().decompose(g));
        if (results.isEmpty()) {
            missing.add(step.op().kind());
            return List.of(step);
        }
        List<Step> parts = new ArrayList<>(g.steps().subList(before, g.steps().size()));
        // The values that the decomposition ends in are the op's outputs.
        List<Value> outputs = step.op().outputs();
        Set<Value> made = new HashSet<>();
        parts.forEach(p -> made.addAll(p.op().outputs()));
        Map<Value, Value> renamed = new HashMap<>();
        List<Step> copies = new ArrayList<>();
        for (int i = 0; i < outputs.size(); i++) {
            Value result = results.get().get(i);
            if (made.contains(result) && !renamed.containsKey(result)) {
                renamed.put(result, outputs.get(i));
            } else {
                copies.add(new Step(step.name(), new Movement.Reshape(renamed.getOrDefault(result, result), outputs.get(i))));
            }
        }
        List<Step> all = new ArrayList<>();
        for (Step part : parts) {
            Step own = renamed.isEmpty() ? part : new Step(part.name(), part.op().withOperands((v, _) -> renamed.getOrDefault(v, v)));
            if (supported.test(own.op())) {
                all.add(own);
            } else {
                all.addAll(expand(own));
            }
        }
        all.addAll(copies);
        return all;
    }

    /** Without the steps whose results nobody reads: an op may write what only its reverse pass needs. */
    private static List<Step> needed(List<Step> steps, Set<Value> readOutside) {
        Set<Value> read = new HashSet<>(readOutside);
        List<Step> kept = new ArrayList<>();
        for (Step s : steps.reversed()) {
            boolean counts = !s.op().updates().isEmpty() || s.op().outputs().stream().anyMatch(read::contains);
            if (counts) {
                kept.add(s);
                read.addAll(s.op().inputs());
            }
        }
        return kept.reversed();
    }
}
