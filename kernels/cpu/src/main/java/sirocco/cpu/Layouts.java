package sirocco.cpu;

import java.util.List;
import java.util.Optional;
import sirocco.api.Attention;
import sirocco.api.Conditioning;
import sirocco.api.Convolution;
import sirocco.api.DType;
import sirocco.api.Diffusion;
import sirocco.api.Graph;
import sirocco.api.Loss;
import sirocco.api.Movement;
import sirocco.api.Normalization;
import sirocco.api.Op;
import sirocco.api.Operand;
import sirocco.api.OperandRole;
import sirocco.api.Optimizer;
import sirocco.api.Pointwise;
import sirocco.api.Random;
import sirocco.api.Reduction;
import sirocco.api.Shape;
import sirocco.api.Step;
import sirocco.api.Value;

/**
 * Chooses the layout of every F32 value of a graph.
 *
 * <p>Weights and what goes with them (gradients, moments), tables, scalars and saved statistics are dense in logical order: all
 * operands whose {@link OperandRole} is another. Activations are as {@link Layout#of} has them, with a halo where a convolution larger than 1×1 reads them.
 */
final class Layouts {
    private static final int HALO = 1;

    private final Layout[] of;

    /** @throws IllegalArgumentException naming a value that is larger than an array can be */
    Layouts(Graph graph) {
        int values = graph.values().size();
        Step[] denseFor = new Step[values];
        Step[] activationFor = new Step[values];
        boolean[] haloed = new boolean[values];
        for (Step step : graph.steps()) {
            Op op = step.op();
            // The zeros that fill blocks up change no norm, so its operands may lie either way.
            boolean either = op instanceof Optimizer.GradientNorm;
            for (Operand o : op.operands()) {
                if (o.role() != OperandRole.ACTIVATION) {
                    if (!either) {
                        denseFor[o.value().id()] = step;
                    }
                } else {
                    activationFor[o.value().id()] = step;
                }
            }
            for (Value v : readWithHalo(op)) {
                haloed[v.id()] = true;
            }
        }
        of = new Layout[values];
        for (Value v : graph.values()) {
            if (v.dtype() == DType.F32) {
                Shape s = v.shape();
                Step activation = activationFor[v.id()];
                Step dense = denseFor[v.id()];
                if (activation != null && dense != null && s.c() >= Layout.BLOCK) {
                    throw new UnsupportedOperationException("cpu: " + v + " is a weight or table to " + dense + " and an activation to "
                            + activation + ", which lie differently in memory; give one of the two a value of its own");
                }
                of[v.id()] = addressable(v, activation == null ? Layout.plain(s.n(), s.h(), s.w(), s.c())
                        : Layout.of(s.n(), s.h(), s.w(), s.c(), haloed[v.id()] ? HALO : 0));
            } else {
                addressable(v, v.shape().elements());
            }
        }
    }

    private static Layout addressable(Value v, Layout layout) {
        addressable(v, layout.floats());
        return layout;
    }

    private static void addressable(Value v, long elements) {
        if (elements > Memory.LARGEST_ARRAY) {
            throw new IllegalArgumentException("cpu: " + v + " takes " + elements + " elements, and a Java array holds " + Memory.LARGEST_ARRAY
                    + " at most; use a smaller batch, smaller images or a smaller dataset");
        }
    }

    /** An F32 value's layout. */
    Layout of(Value v) {
        return of[v.id()];
    }

    /** Null if there is no value. */
    Layout of(Optional<Value> v) {
        return v.isPresent() ? of(v.get()) : null;
    }

    /** Bytes of a value of any type. */
    long bytes(Value v) {
        return v.dtype() == DType.F32 ? of(v).floats() * Float.BYTES : v.shape().elements() * v.dtype().bytes();
    }

    /** What a convolution reads beyond its edges. */
    private static List<Value> readWithHalo(Op op) {
        return switch (op) {
            case Convolution.Conv2d o when larger(o.w().shape()) -> List.of(o.x());
            case Convolution.Conv2dBackwardData o when larger(o.w().shape()) -> List.of(o.dy());
            case Convolution.Conv2dBackwardWeights o when larger(o.dw().shape()) -> List.of(o.x());
            default -> List.of();
        };
    }

    private static boolean larger(Shape kernel) {
        return kernel.h() > 1 || kernel.w() > 1;
    }
}
