package sirocco.cuda.kernel;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import sirocco.api.DType;
import sirocco.api.Op;
import sirocco.api.Value;
import sirocco.gpu.Alignment;

/**
 * Kernels want activations in one storage type and everything else in float32. Where an operand lies otherwise, as the image a model is
 * given, it is converted into scratch before the step.
 */
final class Conversions {
    private final Layout layout;
    private final Storage activations;

    Conversions(Layout layout, Storage activations) {
        this.layout = layout;
        this.activations = activations;
    }

    /** The operands that kernels read as activations. */
    private static List<Value> activations(Op op) {
        return switch (op) {
            case Op.Conv2d o -> some(List.of(o.x()), o.perChannel(), o.residual(), computed(o.w()));
            case Op.Conv2dBackwardData o -> some(List.of(o.dy()), computed(o.w()));
            case Op.Conv2dBackwardWeights o -> List.of(o.x(), o.dy());
            case Op.GroupNorm o -> List.of(o.x());
            case Op.GroupNormBackward o -> some(List.of(o.x(), o.dy()), o.addend());
            case Op.Silu o -> o.inputs();
            case Op.SiluBackward o -> o.inputs();
            case Op.Attention o -> o.inputs();
            case Op.AttentionBackward o -> List.of(o.q(), o.k(), o.v(), o.y(), o.dy());
            case Op.Add o -> o.inputs();
            case Op.Concat o -> o.inputs();
            case Op.Slice o -> o.inputs();
            case Op.Upsample o -> o.inputs();
            case Op.UpsampleBackward o -> o.inputs();
            case Op.SumPixels o -> o.inputs();
            case Op.Dropout o -> List.of(o.x());
            case Op.EmbeddingBackward o -> List.of(o.dy());
            case Op.MseLoss o -> List.of(o.prediction(), o.target());
            case Op.MseLossBackward o -> List.of(o.prediction(), o.target());
            case Op.Guidance o -> List.of(o.x());
            case Op.SamplingStep o -> List.of(o.out());
            case Op.TimestepEmbedding _, Op.Embedding _, Op.DropLabels _, Op.GatherImages _, Op.Noising _, Op.ChainTimestep _, Op.GradientNorm _,
                    Op.RecordStep _, Op.AdamEma _ -> List.of();
            case Op.Repeat _ -> List.of(); // moves what there is
        };
    }

    /** Weights, if a step made them: of persistent ones there are {@link WeightCopies}. */
    private static Optional<Value> computed(Value w) {
        return w.persistent() ? Optional.empty() : Optional.of(w);
    }

    @SafeVarargs
    private static List<Value> some(List<Value> always, Optional<Value>... maybe) {
        List<Value> all = new ArrayList<>(always);
        for (Optional<Value> value : maybe) {
            value.ifPresent(all::add);
        }
        return all;
    }

    /** The kernel, with whatever must be converted for it. */
    Kernel around(Op op, Kernel kernel) {
        if (activations == Storage.F32 || op instanceof Op.Repeat) {
            return kernel;
        }
        Set<Value> compact = activations(op).stream().collect(Collectors.toSet());
        Map<Value, Long> offsets = new LinkedHashMap<>();
        long end = Alignment.align(kernel.scratchBytes());
        for (Value v : op.inputs()) {
            Storage wanted = compact.contains(v) ? activations : Storage.F32;
            if (v.dtype() == DType.F32 && layout.of(v) != wanted && !offsets.containsKey(v)) {
                offsets.put(v, end);
                end += Alignment.align(v.shape().elements() * wanted.bytes());
            }
        }
        if (offsets.isEmpty()) {
            return kernel;
        }
        return kernel.withScratch(end).withBinding(m -> {
            List<Launch> launches = new ArrayList<>();
            offsets.forEach((v, offset) -> {
                int n = (int) v.shape().elements();
                launches.add(Launch.threads("convert_to_" + (compact.contains(v) ? "bf16" : "f32"), Launch.blocks(n, Storage.BF16.vector()), m.at(v),
                        m.scratch() + offset, n));
            });
            launches.addAll(kernel.binding().bind(new Moved(m, offsets)));
            return launches;
        });
    }

    /** Places, but for what has been converted. */
    private record Moved(Places places, Map<Value, Long> offsets) implements Places {
        @Override
        public long at(Value v) {
            Long offset = offsets.get(v);
            return offset == null ? places.at(v) : places.scratch() + offset;
        }

        @Override
        public long weights(Value w) {
            return offsets.containsKey(w) ? at(w) : places.weights(w);
        }

        @Override
        public long scratch() {
            return places.scratch();
        }

        @Override
        public long table(long[] words) {
            return places.table(words);
        }

        @Override
        public long fault() {
            return places.fault();
        }

        @Override
        public int faultCode() {
            return places.faultCode();
        }
    }
}
