package sirocco.cpu;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import sirocco.api.DType;
import sirocco.api.Graph;
import sirocco.api.Op;
import sirocco.api.Shape;
import sirocco.api.Step;
import sirocco.api.Value;

/**
 * Chooses the layout of every F32 value of a graph.
 *
 * <p>Weights and what goes with them (gradients, moments), tables, scalars and saved statistics are dense in logical order: {@link
 * #denseOperands}. Activations are as {@link Layout#of} has them, with a halo where a convolution larger than 1×1 reads them.
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
            Set<Value> dense = Set.copyOf(denseOperands(op));
            // The zeros that fill blocks up change no norm, so its operands may lie either way.
            boolean either = op instanceof Op.GradientNorm;
            for (Value v : operands(op)) {
                if (dense.contains(v)) {
                    denseFor[v.id()] = step;
                } else if (!either) {
                    activationFor[v.id()] = step;
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

    private static List<Value> operands(Op op) {
        List<Value> all = new ArrayList<>(op.inputs());
        all.addAll(op.outputs());
        all.addAll(op.updates());
        return all;
    }

    /** What an op takes in logical order, without fill. */
    private static List<Value> denseOperands(Op op) {
        return switch (op) {
            case Op.Conv2d o -> with(o.bias(), o.w());
            case Op.Conv2dBackwardData o -> List.of(o.w());
            case Op.Conv2dBackwardWeights o -> with(o.dBias(), o.dw());
            case Op.GroupNorm o -> List.of(o.gamma(), o.beta(), o.stats());
            case Op.GroupNormBackward o -> List.of(o.gamma(), o.beta(), o.stats(), o.dGamma(), o.dBeta());
            case Op.Attention o -> List.of(o.logSumExp());
            case Op.AttentionBackward o -> List.of(o.logSumExp());
            case Op.Embedding o -> List.of(o.table());
            case Op.EmbeddingBackward o -> List.of(o.dTable());
            case Op.Noising o -> List.of(o.schedule());
            case Op.ChainTimestep o -> List.of(o.table());
            case Op.SamplingStep o -> List.of(o.table());
            case Op.RecordStep o -> operands(o);
            case Op.AdamEma o -> operands(o);
            case Op.Silu _, Op.SiluBackward _, Op.Add _, Op.Concat _, Op.Slice _, Op.Upsample _, Op.UpsampleBackward _, Op.SumPixels _,
                    Op.Dropout _, Op.TimestepEmbedding _, Op.DropLabels _, Op.GatherImages _, Op.MseLoss _, Op.MseLossBackward _, Op.Repeat _, Op.Guidance _,
                    Op.GradientNorm _ -> List.of();
        };
    }

    private static List<Value> with(Optional<Value> maybe, Value always) {
        return maybe.isPresent() ? List.of(always, maybe.get()) : List.of(always);
    }

    /** What a convolution reads beyond its edges. */
    private static List<Value> readWithHalo(Op op) {
        return switch (op) {
            case Op.Conv2d o when larger(o.w().shape()) -> List.of(o.x());
            case Op.Conv2dBackwardData o when larger(o.w().shape()) -> List.of(o.dy());
            case Op.Conv2dBackwardWeights o when larger(o.dw().shape()) -> List.of(o.x());
            default -> List.of();
        };
    }

    private static boolean larger(Shape kernel) {
        return kernel.h() > 1 || kernel.w() > 1;
    }
}
