package sirocco.cuda.kernel;

import java.util.List;
import java.util.Optional;
import sirocco.api.KernelChoices;
import sirocco.api.Op;

/**
 * Chooses among an op's variants: the one that was asked for or else measured to be the fastest ({@link KernelChoices}), where it fits;
 * otherwise the first that does.
 */
public record KernelRule(KernelChoices choices) {
    /** As in {@code conv2d=v1,attention=v2}. */
    public static final String PROPERTY = "sirocco.cuda.kernels";

    /**
     * @param family the op's name in the property
     * @param variants best first; one of them fits everything, and those behind it are taken only where they are asked for or measured
     */
    <O extends Op> Kernel choose(String family, List<? extends Variant<O>> variants, O op, Target target) {
        Variant<O> chosen = choices.asked(family).flatMap(name -> fitting(name, variants, op, target))
                .or(() -> choices.measured(op).flatMap(name -> fitting(name, variants, op, target)))
                .or(() -> first(variants, op, target))
                .orElseThrow(() -> new UnsupportedOperationException("cuda: no variant of " + family + " computes " + op));
        Kernel kernel = chosen.kernel(op, target);
        return kernel.algorithm().isEmpty() ? kernel.withAlgorithm(chosen.name()) : kernel;
    }

    private static <O extends Op> Optional<Variant<O>> fitting(String name, List<? extends Variant<O>> variants, O op, Target target) {
        return first(variants.stream().filter(v -> v.name().equals(name)).toList(), op, target);
    }

    private static <O extends Op> Optional<Variant<O>> first(List<? extends Variant<O>> variants, O op, Target target) {
        for (Variant<O> v : variants) {
            if (v.fits(op, target)) {
                return Optional.of(v);
            }
        }
        return Optional.empty();
    }
}
