package sirocco.onnx;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.IntFunction;
import sirocco.api.Axis;
import sirocco.api.Graph;
import sirocco.api.Movement;
import sirocco.api.Op;
import sirocco.api.Step;
import sirocco.api.Value;

/**
 * A lowered network, recorded at one batch size or at several. Comparing the recordings, value by value, tells which sizes depend on the batch and how.
 * Everything else must be the same in all.
 */
final class Recorded {
    /**
     * Three, so that a size that is no linear function of the batch shows. Primes that other sizes rarely are: where a batch happens to be as large as another
     * axis, or is 1, a recording may skip a step.
     */
    private static final List<Integer> SEVERAL = List.of(61, 67, 71);

    private final List<PortedGraph> networks = new ArrayList<>();
    private final List<Integer> batches;

    private Recorded(List<Integer> batches) {
        this.batches = batches;
    }

    /**
     * Records and lowers a network.
     *
     * @param recording records it at a batch size
     * @param batch the only batch size, or empty for any
     * @param lowering returns the graph with fewer kinds of ops
     * @throws FreeBatchException if {@code batch} is empty and the recordings differ in more than sizes
     */
    static Recorded of(IntFunction<PortedGraph> recording, OptionalInt batch, Lowered lowering) {
        Recorded r = new Recorded(batch.isPresent() ? List.of(batch.getAsInt()) : SEVERAL);
        for (int b : r.batches) {
            PortedGraph n = recording.apply(b);
            r.networks.add(new PortedGraph(live(lowering.of(n)), n.inputs(), n.outputs()));
        }
        r.compare();
        return r;
    }

    /** Lowers a network's graph. */
    @FunctionalInterface
    interface Lowered {
        Graph of(PortedGraph network);
    }

    PortedGraph network() {
        return networks.getFirst();
    }

    List<Step> steps() {
        return network().graph().steps();
    }

    List<Integer> batches() {
        return batches;
    }

    Dims dims(Value v) {
        List<Dim> sizes = new ArrayList<>();
        for (Axis axis : Axis.values()) {
            sizes.add(new Dim(networks.stream().map(n -> (long) n.graph().values().get(v.id()).shape().size(axis)).toList()));
        }
        return new Dims(sizes);
    }

    /** Returns where a slice starts. */
    Dim from(int step) {
        return new Dim(networks.stream().map(n -> (long) ((Movement.Slice) n.graph().steps().get(step).op()).from()).toList());
    }

    /** Removes the steps that no output depends on; steps that update a state stay, to be refused. */
    private static Graph live(Graph graph) {
        Set<Value> read = new HashSet<>(graph.outputs());
        List<Step> kept = new ArrayList<>();
        for (Step s : graph.steps().reversed()) {
            if (!s.op().updates().isEmpty() || s.op().outputs().stream().anyMatch(read::contains)) {
                kept.add(s);
                read.addAll(s.op().inputs());
            }
        }
        return new Graph(graph.values(), kept.reversed(), graph.outputs());
    }

    private void compare() {
        Graph first = network().graph();
        for (int i = 1; i < networks.size(); i++) {
            Graph other = networks.get(i).graph();
            List<Step> steps = other.steps();
            for (int s = 0; s < Math.min(steps.size(), first.steps().size()); s++) {
                compare(first, first.steps().get(s), steps.get(s), batches.get(0), batches.get(i));
            }
            if (steps.size() != first.steps().size()) {
                throw new FreeBatchException("the network has " + first.steps().size() + " steps at batch size " + batches.get(0) + " and " + steps.size()
                        + " at " + batches.get(i));
            }
        }
    }

    private static void compare(Graph first, Step a, Step b, int batchA, int batchB) {
        List<Value> values = first.values();
        Op op = b.op().withOperands((v, _) -> v.id() < values.size() && values.get(v.id()).role() == v.role() ? values.get(v.id()) : v);
        if (op instanceof Movement.Slice slice && a.op() instanceof Movement.Slice other) {
            op = new Movement.Slice(slice.x(), slice.axis(), other.from(), slice.y());
        }
        if (!op.equals(a.op())) {
            throw new FreeBatchException(a, a.op().kind().equals(op.kind())
                    ? "its attributes or operands depend on the batch size (" + a.op().signature() + " at " + batchA + ", " + b.op().signature() + " at " + batchB + ")"
                    : "the network has " + b + " in its place at batch size " + batchB);
        }
    }
}
