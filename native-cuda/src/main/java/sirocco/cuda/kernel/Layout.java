package sirocco.cuda.kernel;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import sirocco.api.DType;
import sirocco.api.Graph;
import sirocco.api.Movement;
import sirocco.api.Operand;
import sirocco.api.OperandRole;
import sirocco.api.Step;
import sirocco.api.Value;

/**
 * How each value of a graph lies in device memory: dense NHWC, activations in the storage type that was asked for, all else in its own.
 * An activation is what a step writes as such ({@link OperandRole}), unless its kernel computes in float32 only.
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
        if (KernelFactory.inFloat32(step.op())) {
            return;
        }
        if (step.op() instanceof Movement.Repeat op) { // moves what there is
            if (compact.contains(op.x())) {
                compact.add(op.y());
            }
            return;
        }
        for (Operand o : step.op().operands()) {
            if (o.access() == Operand.Access.WRITTEN && o.role() == OperandRole.ACTIVATION && o.value().dtype() == DType.F32) {
                compact.add(o.value());
            }
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
