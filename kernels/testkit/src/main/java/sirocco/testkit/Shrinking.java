package sirocco.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Makes a random graph that fails a check smaller, as long as it still fails. */
final class Shrinking {
    /** Checks that may be spent. */
    private static final int MOST_TRIES = 400;

    private final Function<RandomGraph, Optional<String>> check;
    private int tries;

    private Shrinking(Function<RandomGraph, Optional<String>> check) {
        this.check = check;
    }

    /**
     * Describes a failure by a graph that is as small as could be found.
     *
     * @param check says what is wrong with a graph, if anything
     */
    static String report(RandomGraph failing, String problem, Function<RandomGraph, Optional<String>> check) {
        Shrinking shrinking = new Shrinking(check);
        RandomGraph small = shrinking.smallest(failing);
        return "%s (-D%s=%d -D%s=1 repeats it): %s%n%d ops, of which these are enough:%n%s%n%s".formatted(failing, RandomGraphs.SEED, failing.seed(),
                RandomGraphs.COUNT, problem, failing.ops().size(), small.listing(), small == failing ? "" : check.apply(small).orElse(""));
    }

    private RandomGraph smallest(RandomGraph start) {
        RandomGraph best = start;
        while (true) {
            RandomGraph from = best;
            Optional<RandomGraph> smaller = smaller(from);
            if (smaller.isEmpty()) {
                return best;
            }
            best = smaller.get();
        }
    }

    private Optional<RandomGraph> smaller(RandomGraph g) {
        if (g.hasGradients()) {
            if (!g.results().isEmpty()) {
                Optional<RandomGraph> found = first(List.of(g.withoutLoss(), g.withResults(List.of())));
                if (found.isPresent()) {
                    return found;
                }
            }
            if (g.wanted().size() > 1) {
                Optional<RandomGraph> found = first(g.wanted().stream().map(w -> g.withWanted(List.of(w))).toList());
                if (found.isPresent()) {
                    return found;
                }
            }
        } else if (g.results().size() > 1) {
            Optional<RandomGraph> found = first(g.results().stream().map(r -> g.withResults(List.of(r))).toList());
            if (found.isPresent()) {
                return found;
            }
        }
        List<RandomGraph> cut = new ArrayList<>();
        for (int op : g.ops()) {
            cut.addFirst(g.withInputsFor(op));
            RandomGraph.Node node = g.nodes().get(op);
            if (node.outputs().size() == 1 && node.kind() == RandomGraph.Kind.OP) {
                RandomGraph.Output written = node.outputs().getFirst();
                node.reads().stream().distinct().filter(r -> g.output(r).shape().equals(written.shape()) && g.output(r).dtype() == written.dtype())
                        .forEach(r -> cut.addFirst(g.bypassing(op, r)));
            }
        }
        // What cuts off most first.
        cut.sort((a, b) -> a.nodes().size() - b.nodes().size());
        return first(cut.stream().filter(c -> c.ops().size() < g.ops().size()).toList());
    }

    private Optional<RandomGraph> first(List<RandomGraph> candidates) {
        for (RandomGraph c : candidates) {
            if (tries < MOST_TRIES && !c.ops().isEmpty()) {
                tries++;
                if (check.apply(c).isPresent()) {
                    return Optional.of(c);
                }
            }
        }
        return Optional.empty();
    }
}
