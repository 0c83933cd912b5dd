package sirocco.cuda.kernel;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import sirocco.api.Convolution;
import sirocco.api.DType;
import sirocco.api.Movement;
import sirocco.api.Op;
import sirocco.api.Operand;
import sirocco.api.OperandRole;
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

    /** The operands that kernels read as activations: those of that role, and weights that a step made, of which there are no {@link WeightCopies}. */
    private static Set<Value> activations(Op op) {
        Set<Value> all = new HashSet<>();
        if (KernelFactory.inFloat32(op)) {
            return all;
        }
        for (Operand o : op.operands()) {
            boolean computedWeight = op instanceof Convolution && o.name().equals("w") && !o.value().persistent();
            if (o.access() == Operand.Access.READ && (o.role() == OperandRole.ACTIVATION || computedWeight)) {
                all.add(o.value());
            }
        }
        return all;
    }

    /** The kernel, with whatever must be converted for it. */
    Kernel around(Op op, Kernel kernel) {
        if (activations == Storage.F32 || op instanceof Movement.Repeat && !KernelFactory.inFloat32(op)) {
            return kernel;
        }
        Set<Value> compact = activations(op);
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
