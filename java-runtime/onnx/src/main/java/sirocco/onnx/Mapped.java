package sirocco.onnx;

import java.util.HashSet;
import java.util.Set;
import sirocco.api.Convolution;
import sirocco.api.Graph;
import sirocco.api.Lowering;
import sirocco.api.Movement;
import sirocco.api.Normalization;
import sirocco.api.Op;
import sirocco.api.Value;

/** The fused ops for which ONNX has an operator of its own, which runtimes compute faster than the decomposition. */
final class Mapped {
    private final Set<Value> read;

    private Mapped(Set<Value> read) {
        this.read = read;
    }

    /**
     * Lowers a network's graph.
     *
     * @param mapped false to leave primitives only
     */
    static Graph lower(Graph graph, boolean mapped) {
        if (!mapped) {
            return Lowering.toPrimitives(graph);
        }
        Set<Value> read = new HashSet<>(graph.outputs());
        graph.steps().forEach(s -> read.addAll(s.op().inputs()));
        Mapped m = new Mapped(read);
        return Lowering.lower("ONNX", graph, op -> m.is(op) || Lowering.isPrimitive(op));
    }

    /** Returns whether an op is written as it is. What a normalization keeps for its reverse pass has no place in ONNX's operators. */
    private boolean is(Op op) {
        return switch (op) {
            case Convolution.Conv2d _, Movement.Upsample _, Movement.AveragePool _ -> true;
            case Normalization.GroupNorm n -> !read.contains(n.stats());
            case Normalization.LayerNorm n -> !n.rms() && !read.contains(n.stats());
            default -> false;
        };
    }
}
