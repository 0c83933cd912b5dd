package sirocco.cuda.kernel;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import sirocco.api.Op;

/**
 * Chooses among an op's variants: the first that fits, unless the system property {@value #PROPERTY} says otherwise, as in
 * {@code conv2d=v1,attention=v2}. One that is asked for is taken wherever it fits.
 */
public final class KernelRule {
    public static final String PROPERTY = "sirocco.cuda.kernels";

    private final Map<String, String> wanted;

    private KernelRule(Map<String, String> wanted) {
        this.wanted = wanted;
    }

    /** @throws IllegalArgumentException if the property is not of the form above */
    public static KernelRule fromProperties() {
        return of(System.getProperty(PROPERTY, ""));
    }

    static KernelRule of(String text) {
        Map<String, String> wanted = new HashMap<>();
        for (String part : text.isBlank() ? new String[0] : text.split(",")) {
            String[] sides = part.strip().split("=", -1);
            if (sides.length != 2 || sides[0].isBlank() || sides[1].isBlank()) {
                throw new IllegalArgumentException(PROPERTY + ": expected op=variant, separated by commas, got \"" + part + "\"");
            }
            wanted.put(sides[0], sides[1]);
        }
        return new KernelRule(wanted);
    }

    /**
     * @param family the op's name in the property
     * @param variants best first; one of them fits everything, and those behind it are taken only where they are asked for
     */
    public <O extends Op> Kernel choose(String family, List<? extends Variant<O>> variants, O op, Target target) {
        String name = wanted.get(family);
        if (name != null && variants.stream().noneMatch(v -> v.name().equals(name))) {
            throw new IllegalArgumentException(PROPERTY + ": " + family + " has no variant \"" + name + "\"; there are: "
                    + variants.stream().map(Variant::name).collect(Collectors.joining(", ")));
        }
        Variant<O> chosen = null;
        for (Variant<O> v : variants) {
            if (v.fits(op, target) && (chosen == null || v.name().equals(name))) {
                chosen = v;
            }
        }
        if (chosen == null) {
            throw new UnsupportedOperationException("cuda: no variant of " + family + " computes " + op);
        }
        Kernel kernel = chosen.kernel(op, target);
        return kernel.algorithm().isEmpty() ? kernel.withAlgorithm(chosen.name()) : kernel;
    }
}
