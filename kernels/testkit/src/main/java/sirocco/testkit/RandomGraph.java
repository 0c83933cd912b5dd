package sirocco.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import sirocco.api.DType;
import sirocco.api.Shape;
import sirocco.api.Value;

/**
 * A generated graph before it is recorded: nodes in the order they run, each reading what earlier ones write. Made by {@link RandomGraphs}, made smaller by
 * {@link Shrinking}. A node knows the values that it wrote when it was generated, so that it can be replaced by an input that holds them.
 *
 * @param seed of the generator
 * @param loss number of the scalar that is differentiated; −1 for a graph without a reverse pass
 * @param wanted numbers of the values to differentiate by
 * @param results numbers of the values to compare, beside the loss and the gradients
 */
record RandomGraph(long seed, List<Node> nodes, int loss, List<Integer> wanted, List<Integer> results) {
    /** Records a node's op, and returns what it writes. */
    @FunctionalInterface
    interface Recording {
        List<Value> record(CaseBuilder c, List<Value> reads);
    }

    /**
     * Something a node writes.
     *
     * @param number in the graph
     * @param values its elements when it was generated
     * @param bound of an I32 value: its elements are in 0 … bound − 1
     */
    record Output(int number, Shape shape, DType dtype, double[] values, int bound) {
        @Override
        public String toString() {
            return "v" + number + " " + shape + (dtype == DType.F32 ? "" : ":" + dtype);
        }
    }

    /** What a node is. */
    enum Kind {
        /** A persistent value that may be differentiated by. */
        LEAF,
        /** A persistent value that may not: a table, a mask, row numbers. */
        CONSTANT,
        /** An op without effect but what it writes. */
        OP,
        /** An op that changes a state, whose new contents it "writes". */
        UPDATE
    }

    /**
     * One persistent value, or one op.
     *
     * @param text what it is, for people
     * @param reads numbers of the values that it reads
     */
    record Node(String text, Kind kind, List<Integer> reads, List<Output> outputs, Recording recording) {
        boolean isOp() {
            return kind == Kind.OP || kind == Kind.UPDATE;
        }

        @Override
        public String toString() {
            return outputs.stream().map(Output::toString).collect(Collectors.joining(", ")) + " = " + text
                    + (reads.isEmpty() ? "" : reads.stream().map(r -> "v" + r).collect(Collectors.joining(", ", " (", ")")));
        }
    }

    RandomGraph {
        nodes = List.copyOf(nodes);
        wanted = List.copyOf(wanted);
        results = List.copyOf(results);
    }

    boolean hasGradients() {
        return loss >= 0;
    }

    /** Records the graph; with a reverse pass if it has a loss. Tolerances are those of {@link RoundingErrors}. */
    OpCase record() {
        return RoundingErrors.withTolerances(recordExact());
    }

    /** The same, with tolerances that let nothing pass: for checks that do not compare with the reference. */
    OpCase recordExact() {
        return OpCase.of("random graph " + seed, c -> {
            Value[] values = new Value[1 + nodes.stream().flatMap(n -> n.outputs.stream()).mapToInt(Output::number).max().orElse(0)];
            for (Node node : nodes) {
                List<Value> reads = node.reads.stream().map(r -> values[r]).toList();
                List<Value> written = c.g.in("v" + node.outputs.getFirst().number, () -> node.recording.record(c, reads));
                for (int i = 0; i < written.size(); i++) {
                    values[node.outputs.get(i).number] = written.get(i);
                }
            }
            for (int r : results) {
                c.result(values[r], Tolerance.EXACT);
            }
            if (hasGradients()) {
                c.backward(values[loss], wanted.stream().map(w -> values[w]).toList(), Tolerance.EXACT);
            }
        });
    }

    // ---- smaller graphs --------------------------------------------------------------------------------------------------------

    /** The graph without the nodes that nothing in it needs. */
    RandomGraph pruned() {
        Set<Integer> needed = new TreeSet<>(results);
        if (hasGradients()) {
            needed.add(loss);
        }
        List<Node> kept = new ArrayList<>();
        for (Node node : nodes.reversed()) {
            if (node.outputs.stream().anyMatch(o -> needed.contains(o.number))) {
                kept.addFirst(node);
                needed.addAll(node.reads);
            }
        }
        return new RandomGraph(seed, kept, loss, wanted.stream().filter(needed::contains).toList(), results);
    }

    /** The graph with node number {@code at} replaced by inputs that hold what it wrote. */
    RandomGraph withInputsFor(int at) {
        List<Node> all = new ArrayList<>(nodes.subList(0, at));
        for (Output o : nodes.get(at).outputs) {
            all.add(Leaves.holding(o));
        }
        all.addAll(nodes.subList(at + 1, nodes.size()));
        return new RandomGraph(seed, all, loss, wanted, results).pruned();
    }

    /** The graph without op number {@code at}, which writes one value: what read that reads {@code instead}. */
    RandomGraph bypassing(int at, int instead) {
        int gone = nodes.get(at).outputs.getFirst().number;
        UnaryOperator<List<Integer>> renamed = numbers -> numbers.stream().map(n -> n == gone ? instead : n).distinct().toList();
        List<Node> all = new ArrayList<>(nodes.subList(0, at));
        for (Node n : nodes.subList(at + 1, nodes.size())) {
            all.add(new Node(n.text, n.kind, n.reads.stream().map(r -> r == gone ? instead : r).toList(), n.outputs, n.recording));
        }
        return new RandomGraph(seed, all, loss == gone ? instead : loss, renamed.apply(wanted), renamed.apply(results)).pruned();
    }

    RandomGraph withoutLoss() {
        return new RandomGraph(seed, nodes, -1, List.of(), results).pruned();
    }

    RandomGraph withResults(List<Integer> fewer) {
        return new RandomGraph(seed, nodes, loss, wanted, fewer).pruned();
    }

    RandomGraph withWanted(List<Integer> fewer) {
        return new RandomGraph(seed, nodes, loss, fewer, results);
    }

    /** The numbers of the nodes that are ops. */
    List<Integer> ops() {
        return IntStream.range(0, nodes.size()).filter(i -> nodes.get(i).isOp()).boxed().toList();
    }

    Node writerOf(int value) {
        return nodes.stream().filter(n -> n.outputs.stream().anyMatch(o -> o.number == value)).findFirst().orElseThrow();
    }

    Output output(int value) {
        return writerOf(value).outputs.stream().filter(o -> o.number == value).findFirst().orElseThrow();
    }

    /** A line for each node, and what is compared. */
    String listing() {
        StringBuilder text = new StringBuilder();
        nodes.forEach(n -> text.append("  ").append(n).append('\n'));
        text.append("  compared: ").append(names(results));
        if (hasGradients()) {
            text.append(results.isEmpty() ? "" : ", ").append("the loss v").append(loss).append(" and its gradients by ").append(names(wanted));
        }
        return text.toString();
    }

    private static String names(List<Integer> numbers) {
        return numbers.stream().map(n -> "v" + n).collect(Collectors.joining(", "));
    }

    @Override
    public String toString() {
        return "random graph " + seed;
    }
}
