package sirocco.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.opentest4j.TestAbortedException;
import sirocco.api.Executable;
import sirocco.api.Graph;
import sirocco.api.Lowering;
import sirocco.api.Op;
import sirocco.api.Step;

/**
 * What a backend owes in each {@link RandomGraph}: all that it owes in a case, the same of each fused op lowered, and the same bits by phases.
 *
 * @param checks of cases
 */
record RandomGraphChecks(CaseChecks checks) {
    /** @throws AssertionError describing a graph as small as possible that fails */
    void check(RandomGraph g) {
        OpCase c;
        try {
            c = g.record();
        } catch (RuntimeException e) {
            throw new AssertionError(g + " cannot be recorded, or run by the reference: " + e + "\n" + g.listing(), e);
        }
        failure(g, c).ifPresent(problem -> {
            throw new AssertionError(Shrinking.report(g, problem, this::failureOfPart));
        });
    }

    /** A part of a graph that cannot be recorded does not count. */
    private Optional<String> failureOfPart(RandomGraph part) {
        try {
            return failure(part, part.record());
        } catch (RuntimeException e) {
            return Optional.empty();
        }
    }

    private Optional<String> failure(RandomGraph g, OpCase c) {
        try {
            checks.matchesTheReference(c);
            checks.repeats(c);
            checks.threadsChangeNothing(c);
            checks.planningChangesNothing(c);
            for (String kind : fused(c.graph())) {
                checks.matchesTheReference(lowered(c, kind));
            }
            phasesChangeNothing(g, c);
            return Optional.empty();
        } catch (TestAbortedException e) {
            throw e;
        } catch (AssertionError | RuntimeException e) {
            return Optional.of(e.toString());
        }
    }

    private static List<String> fused(Graph g) {
        return g.steps().stream().map(Step::op).filter(op -> !Lowering.isPrimitive(op)).map(Op::kind).distinct().toList();
    }

    /** The case with the ops of one kind decomposed. */
    static OpCase lowered(OpCase c, String kind) {
        Graph graph = Lowering.lower("without " + kind, c.graph(), op -> !op.kind().equals(kind) || Lowering.isPrimitive(op));
        return new OpCase(c.name() + " with " + kind + " lowered", graph, c.data(), c.results(), c.loss(), c.gradients());
    }

    /** All at once, phase by phase, and with later phases repeated. */
    private void phasesChangeNothing(RandomGraph g, OpCase whole) {
        Graph graph = whole.graph();
        int steps = graph.steps().size();
        if (steps < 3) {
            return;
        }
        SplittableRandom random = new SplittableRandom(g.seed());
        int first = random.nextInt(1, steps - 1);
        int second = random.nextInt(first + 1, steps);
        List<Graph.Phase> phases = List.of(new Graph.Phase("a", 0, first), new Graph.Phase("b", first, second), new Graph.Phase("c", second, steps));
        OpCase c = new OpCase(whole.name(), new Graph(graph.values(), graph.steps(), graph.outputs(), phases), whole.data(), whole.results(), whole.loss(),
                whole.gradients());
        List<List<String>> orders = new ArrayList<>(List.of(List.of("a", "b", "c")));
        if (graph.steps().stream().allMatch(s -> s.op().updates().isEmpty())) {
            orders.add(List.of("a", "a", "b", "b", "c", "c"));
        }
        try (Executable e = CaseChecks.load(checks.devices().getFirst(), c.graph())) {
            List<float[]> expected = CaseChecks.runAndRead(c, e);
            for (List<String> order : orders) {
                c.fillWith(e, Float.NaN);
                e.run();
                c.fill(e);
                order.forEach(e::run);
                CaseChecks.assertSame(c, expected, c.compared().stream().map(v -> OpCase.read(e, v)).toList(), "phases " + order + " from steps 0, " + first
                        + " and " + second);
            }
        }
    }
}
