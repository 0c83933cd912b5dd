package sirocco.testkit;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import sirocco.api.DType;
import sirocco.testkit.RandomGraph.Kind;
import sirocco.testkit.RandomGraph.Node;

/**
 * Generates random graphs from seeds: ops of all families over odd shapes, values that several ops read, parameters read as weights and as activations,
 * computed weights, states that change. Every graph is valid, its values are of moderate size, and it lies away from kinks.
 *
 * <p>How many graphs tests try, and from which seed on, are the system properties {@value #COUNT} and {@value #SEED}. A graph depends on its seed only.
 */
final class RandomGraphs {
    /** Graphs that a test tries. */
    static final String COUNT = "sirocco.random.graphs";
    /** Seed of the first; the others follow. */
    static final String SEED = "sirocco.random.seed";

    private static final int LEAST_OPS = 3;
    private static final int MOST_OPS = 16;
    private static final double WITH_GRADIENTS = 0.6;

    private RandomGraphs() { }

    /** The graphs that a test tries. @param count unless the system property says another */
    static Stream<RandomGraph> all(int count) {
        long first = Long.getLong(SEED, 1);
        return LongStream.range(first, first + Integer.getInteger(COUNT, count)).mapToObj(RandomGraphs::of);
    }

    /** The graph of a seed. */
    static RandomGraph of(long seed) {
        SplittableRandom random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L);
        boolean gradients = random.nextDouble() < WITH_GRADIENTS;
        Sketch s = new Sketch(random);
        List<RandomOps.Maker> makers = RandomOps.all();
        int ops = random.nextInt(LEAST_OPS, MOST_OPS);
        for (int i = 0; i < ops; i++) {
            s.one(makers).make(s);
        }
        return gradients ? withLoss(seed, s) : forward(seed, s);
    }

    private static RandomGraph forward(long seed, Sketch s) {
        if (results(s).isEmpty()) {
            s.op("2·x", List.of(s.leaf(s.anyShape())), (c, r) -> List.of(c.g.scale(r.getFirst(), 2)));
        }
        return new RandomGraph(seed, s.nodes(), -1, List.of(), results(s)).pruned();
    }

    private static List<Integer> results(Sketch s) {
        return s.unread().stream().filter(v -> s.output(v).dtype() != DType.U8).toList();
    }

    /** Ends all that is unread in one scalar. */
    private static RandomGraph withLoss(long seed, Sketch s) {
        List<Integer> results = results(s);
        List<Integer> ends = new ArrayList<>(results.stream().filter(v -> s.output(v).dtype() == DType.F32 && !s.isTerminal(v)).toList());
        if (ends.isEmpty()) {
            ends.add(s.op("2·x", List.of(s.leaf(s.anyShape())), (c, r) -> List.of(c.g.scale(r.getFirst(), 2))).orElseThrow());
        }
        int loss = -1;
        for (int end : ends) {
            int scalar = RandomOps.scalarOf(s, end);
            int before = loss;
            loss = before < 0 ? scalar : s.ops("add", Kind.OP, List.of(before, scalar), 0, (c, r) -> List.of(c.g.add(r.get(0), r.get(1)))).orElseThrow()
                    .getFirst();
        }
        List<Integer> wanted = wanted(s, loss);
        return new RandomGraph(seed, s.nodes(), loss, wanted, results).pruned();
    }

    /** Most of the leaves that the loss depends on, the others being frozen; and now and then what an op writes. */
    private static List<Integer> wanted(Sketch s, int loss) {
        Set<Integer> ancestors = new HashSet<>(Set.of(loss));
        List<Integer> leaves = new ArrayList<>();
        List<Integer> between = new ArrayList<>();
        for (Node node : s.nodes().reversed()) {
            if (node.outputs().stream().anyMatch(o -> ancestors.contains(o.number()))) {
                ancestors.addAll(node.reads());
                if (node.kind() == Kind.LEAF) {
                    leaves.add(node.outputs().getFirst().number());
                } else if (node.kind() == Kind.OP) {
                    node.outputs().stream().filter(o -> o.dtype() == DType.F32 && ancestors.contains(o.number())).forEach(o -> between.add(o.number()));
                }
            }
        }
        List<Integer> wanted = new ArrayList<>(leaves.stream().filter(_ -> s.chance(0.75)).toList());
        if (s.chance(0.3)) {
            wanted.add(s.one(between));
        }
        if (wanted.isEmpty()) {
            wanted.add(leaves.isEmpty() ? loss : leaves.getFirst());
        }
        return wanted.stream().sorted().distinct().toList();
    }
}
