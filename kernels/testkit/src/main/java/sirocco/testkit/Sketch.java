package sirocco.testkit;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import sirocco.api.DType;
import sirocco.api.Graph;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.testkit.RandomGraph.Kind;
import sirocco.testkit.RandomGraph.Node;
import sirocco.testkit.RandomGraph.Output;
import sirocco.testkit.RandomGraph.Recording;

/**
 * A random graph while it grows. Each node is computed by the reference when it is added, so that what reads it knows its numbers: a logarithm is taken of
 * positive ones only, values that grew are scaled back, and none lies near a kink.
 */
final class Sketch {
    /** Distance from a kink or a pole that finite differences and rounding stay away from. */
    static final double MARGIN = 0.01;
    private static final double LARGEST = 1e3;
    private static final double LARGEST_RMS = 2;
    private static final double SMALLEST_RMS = 0.1;
    private static final int[] SIZES = {1, 1, 2, 3, 4, 5};
    private static final int[] CHANNELS = {1, 2, 3, 4, 6, 8, 16, 17, 20, 33};
    private static final int MOST_ELEMENTS = 600;

    final SplittableRandom random;
    private final List<Node> nodes = new ArrayList<>();
    private final List<Output> outputs = new ArrayList<>();
    private final Set<Integer> read = new HashSet<>();
    private final Set<Integer> ofOps = new HashSet<>();
    /** Values that no further node reads: states that change. */
    private final Set<Integer> terminal = new HashSet<>();
    private final Map<Integer, Integer> indices = new HashMap<>();
    private int rng = -1;

    Sketch(SplittableRandom random) {
        this.random = random;
    }

    List<Node> nodes() {
        return nodes;
    }

    Output output(int v) {
        return outputs.get(v);
    }

    Shape shape(int v) {
        return outputs.get(v).shape();
    }

    double[] values(int v) {
        return outputs.get(v).values();
    }

    // ---- choices ---------------------------------------------------------------------------------------------------------------

    boolean chance(double p) {
        return random.nextDouble() < p;
    }

    <T> T one(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    Shape anyShape() {
        while (true) {
            Shape s = new Shape(one(SIZES), one(SIZES), one(SIZES), one(CHANNELS));
            if (s.elements() <= MOST_ELEMENTS) {
                return s;
            }
        }
    }

    private int one(int[] of) {
        return of[random.nextInt(of.length)];
    }

    int channels() {
        return one(CHANNELS);
    }

    static boolean small(Shape s) {
        return s.elements() <= MOST_ELEMENTS;
    }

    /** An F32 value: most often one that nothing reads yet, so that graphs grow deep; of those that are read, so that they share. */
    int any() {
        List<Integer> candidates = floats(v -> !read.contains(v) && ofOps.contains(v));
        if (candidates.isEmpty() || chance(0.4)) {
            candidates = floats(_ -> true);
        }
        return candidates.isEmpty() || chance(0.08) ? leaf(anyShape()) : one(candidates);
    }

    /** The F32 values that a node may read and that {@code fits} takes. */
    List<Integer> floats(Predicate<Integer> fits) {
        return IntStream.range(0, outputs.size()).filter(v -> outputs.get(v).dtype() == DType.F32 && !terminal.contains(v) && !isConstant(v)).boxed().filter(fits)
                .toList();
    }

    private boolean isConstant(int v) {
        return nodes.stream().anyMatch(n -> n.kind() == Kind.CONSTANT && n.outputs().getFirst().number() == v);
    }

    /** A value of this shape: one that there is, or a new leaf. */
    int like(Shape s) {
        List<Integer> candidates = floats(v -> shape(v).equals(s));
        return candidates.isEmpty() || chance(0.3) ? leaf(s) : one(candidates);
    }

    /** Values of F32 ops that nothing reads. */
    List<Integer> unread() {
        return IntStream.range(0, outputs.size()).filter(v -> !read.contains(v) && ofOps.contains(v)).boxed().toList();
    }

    boolean isTerminal(int v) {
        return terminal.contains(v);
    }

    // ---- leaves ----------------------------------------------------------------------------------------------------------------

    /** An input, parameter or state of standard normal numbers. */
    int leaf(Shape s) {
        Output o = normal(s, 0, 1);
        return switch (random.nextInt(4)) {
            case 0 -> add(Leaves.state(o));
            case 1 -> add(Leaves.input(o));
            default -> add(Leaves.parameter(o));
        };
    }

    /** A weight: a parameter, one that is computed from parameters, or a value that is also read as an activation. */
    int weight(Shape s, double mean, double deviation) {
        List<Integer> shared = floats(v -> shape(v).equals(s));
        if (!shared.isEmpty() && chance(0.3)) {
            return one(shared);
        }
        int parameter = add(Leaves.parameter(normal(s, mean, deviation)));
        if (chance(0.2)) {
            return op("computed weight: 1.25·x + 0.1", List.of(parameter), (c, r) -> List.of(c.g.affine(r.getFirst(), 1.25, 0.1))).orElse(parameter);
        }
        return parameter;
    }

    int constant(Shape s, double mean, double deviation) {
        return add(Leaves.constant(normal(s, mean, deviation)));
    }

    int constant(Shape s, double[] values) {
        return add(Leaves.constant(new Output(outputs.size(), s, DType.F32, values, 0)));
    }

    /** I32 numbers in 0 … bound − 1. */
    int ids(Shape s, int bound) {
        List<Integer> known = integers(o -> o.shape().equals(s) && o.bound() == bound);
        return !known.isEmpty() && chance(0.5) ? one(known) : add(Leaves.integers(new Output(outputs.size(), s, DType.I32,
                random.ints(s.elements(), 0, bound).asDoubleStream().toArray(), bound)));
    }

    List<Integer> integers(Predicate<Output> fits) {
        return outputs.stream().filter(o -> o.dtype() == DType.I32 && o.bound() > 0 && !terminal.contains(o.number())).filter(fits).map(Output::number).toList();
    }

    int state(Shape s) {
        return add(Leaves.state(normal(s, 0, 1)), true);
    }

    /** An I32 state [1,1,1,1], for one node only. */
    int cursor(int row) {
        return add(Leaves.cursor(new Output(outputs.size(), Shape.SCALAR, DType.I32, new double[] {row}, 0)), true);
    }

    int rng() {
        if (rng < 0) {
            rng = integers(Shape.vector(4), new double[] {random.nextInt(), random.nextInt(), random.nextInt(1000), 0});
        }
        return rng;
    }

    int index(int n) {
        return indices.computeIfAbsent(n, _ -> integers(Shape.features(n, 1), random.ints(n, 0, 1 << 20).asDoubleStream().toArray()));
    }

    private int integers(Shape s, double[] numbers) {
        return add(Leaves.integers(new Output(outputs.size(), s, DType.I32, numbers, 0)));
    }

    int images(Shape s) {
        return add(Leaves.images(new Output(outputs.size(), s, DType.U8, random.ints(s.elements(), 0, 256).asDoubleStream().toArray(), 0)));
    }

    private Output normal(Shape s, double mean, double deviation) {
        double[] values = new double[(int) s.elements()];
        for (int i = 0; i < values.length; i++) {
            do {
                values[i] = (float) (mean + deviation * random.nextGaussian());
            } while (deviation > 0 && Math.abs(values[i]) < MARGIN * deviation);
        }
        return new Output(outputs.size(), s, DType.F32, values, 0);
    }

    private int add(Node leaf) {
        return add(leaf, false);
    }

    /** @param own that no other node may read it */
    private int add(Node leaf, boolean own) {
        nodes.add(leaf);
        outputs.add(leaf.outputs().getFirst());
        int v = outputs.size() - 1;
        if (own) {
            terminal.add(v);
        }
        return v;
    }

    // ---- ops -------------------------------------------------------------------------------------------------------------------

    /**
     * Adds an op that writes one value, scaled back if it is large or small.
     *
     * @return the value; empty if it is not finite or too large, and nothing was added
     */
    Optional<Integer> op(String text, List<Integer> reads, Recording recording) {
        return ops(text, Kind.OP, reads, 0, recording).map(List::getFirst).map(this::scaled);
    }

    /** Adds an op that writes several values, or I32 numbers below {@code bound}. */
    Optional<List<Integer>> ops(String text, Kind kind, List<Integer> reads, int bound, Recording recording) {
        List<Output> written = computed(reads, recording, bound);
        for (Output o : written) {
            if (o.dtype() == DType.F32) {
                for (double x : o.values()) {
                    if (!(Math.abs(x) <= LARGEST)) {
                        return Optional.empty();
                    }
                }
            }
        }
        nodes.add(new Node(text, kind, List.copyOf(reads), written, recording));
        outputs.addAll(written);
        read.addAll(reads);
        List<Integer> numbers = written.stream().map(Output::number).toList();
        ofOps.addAll(numbers);
        if (kind == Kind.UPDATE) {
            terminal.addAll(numbers);
        }
        return Optional.of(numbers);
    }

    private int scaled(int v) {
        if (outputs.get(v).dtype() != DType.F32) {
            return v;
        }
        double rms = Tolerance.rms(values(v));
        if (rms <= LARGEST_RMS && rms >= SMALLEST_RMS || rms < 1e-6) {
            return v;
        }
        double factor = Math.scalb(1.0, -Math.getExponent(rms));
        return ops("scale by " + factor, Kind.OP, List.of(v), 0, (c, r) -> List.of(c.g.scale(r.getFirst(), factor))).orElseThrow().getFirst();
    }

    /** What an op writes, computed by the reference from the values of what it reads. */
    private List<Output> computed(List<Integer> reads, Recording recording, int bound) {
        List<Value> written = new ArrayList<>();
        OpCase c = OpCase.of("one op", b -> {
            List<Value> values = new ArrayList<>();
            for (int i = 0; i < reads.size(); i++) {
                Output o = outputs.get(reads.get(i));
                Node writer = nodes.stream().filter(n -> n.outputs().contains(o)).findFirst().orElseThrow();
                boolean leaf = writer.outputs().size() == 1 && writer.reads().isEmpty();
                int number = i;
                // The same value twice is one input.
                int first = reads.indexOf(reads.get(i));
                values.add(first < number ? values.get(first) : b.g.in("r" + number, () -> (leaf ? writer : Leaves.holding(o)).recording().record(b, List.of())
                        .getFirst()));
            }
            written.addAll(recording.record(b, values));
        });
        Graph g = c.graph();
        Graph kept = new Graph(g.values(), g.steps(), written.stream().filter(v -> !v.persistent()).toList(), g.phases());
        try (ReferenceDevice device = new ReferenceDevice(); ReferenceExecutable e = (ReferenceExecutable) device.load(device.plan(kept))) {
            c.fill(e);
            e.run();
            List<Output> all = new ArrayList<>();
            for (Value v : written) {
                all.add(new Output(outputs.size() + all.size(), v.shape(), v.dtype(), e.readExact(v), bound));
            }
            return all;
        }
    }
}
