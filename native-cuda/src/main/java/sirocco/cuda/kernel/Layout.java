package sirocco.cuda.kernel;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import sirocco.api.DType;
import sirocco.api.Graph;
import sirocco.api.Op;
import sirocco.api.Step;
import sirocco.api.Value;

/**
 * How each value of a graph lies in device memory: dense NHWC, activations in the storage type that was asked for, all else in its own.
 * An activation is a temporary that is not a statistic, a loss, a norm, a time or a weight of the loss.
 */
public final class Layout {
    private final Storage activations;
    private final Set<Value> compact = new HashSet<>();

    public Layout(Graph graph, Storage activations) {
        this.activations = activations;
        if (activations != Storage.F32) {
            graph.steps().forEach(this::add);
        }
    }

    /** Everything in float32. */
    public static Layout float32() {
        return new Layout(new Graph(List.of(), List.of(), List.of()), Storage.F32);
    }

    private void add(Step step) {
        switch (step.op()) {
            case Op.GroupNorm op -> compact.add(op.y());
            case Op.Attention op -> compact.add(op.y());
            case Op.Noising op -> {
                compact.add(op.xt());
                compact.add(op.target());
            }
            case Op.Repeat op -> {
                if (compact.contains(op.x())) {
                    compact.add(op.y());
                }
            }
            case Op.MseLoss _, Op.GradientNorm _, Op.RecordStep _, Op.ChainTimestep _ -> { }
            default -> step.op().outputs().stream().filter(v -> v.dtype() == DType.F32).forEach(compact::add);
        }
    }

    /** Of an F32 value. */
    public Storage of(Value v) {
        return compact.contains(v) ? activations : Storage.F32;
    }

    /** Bytes of one element. */
    public int elementBytes(Value v) {
        return v.dtype() == DType.F32 ? of(v).bytes() : v.dtype().bytes();
    }

    public long bytes(Value v) {
        return v.shape().elements() * elementBytes(v);
    }
}
