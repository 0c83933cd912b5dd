package sirocco.api;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Which variant of a kernel is to compute an op: the one that the backend's {@link Backend#kernelsProperty property} names, as in
 * {@code conv2d=v1,attention=v2}, else the one that {@link Tuning} knows to be the fastest. {@code *=v1} names it for every op for which the property
 * names none by itself. Neither is an order to do what cannot be done: where a variant does not fit an op, the backend's own rule holds.
 */
public final class KernelChoices {
    /** Stands for every op. */
    public static final String EVERY_OP = "*";

    private final String property;
    private final Map<String, String> asked;
    private final Tuning tuning;
    private final Tuning.Key key;

    private KernelChoices(String property, Map<String, String> asked, Tuning tuning, Tuning.Key key) {
        this.property = property;
        this.asked = asked;
        this.tuning = tuning;
        this.key = key;
    }

    /**
     * @param key of the device that is being opened
     * @throws IllegalArgumentException if the property is not of the form above, or names what {@link Backend#kernelVariants} has not
     */
    public static KernelChoices of(Backend backend, Tuning tuning, Tuning.Key key) {
        String property = backend.kernelsProperty().orElseThrow();
        return of(property, System.getProperty(property, ""), backend.kernelVariants(), tuning, key);
    }

    /** The same, of a property's text. */
    public static KernelChoices of(String property, String text, Map<String, ? extends Collection<String>> variants, Tuning tuning, Tuning.Key key) {
        Map<String, String> asked = new HashMap<>();
        for (String part : text.isBlank() ? new String[0] : text.split(",")) {
            Map.Entry<String, String> one = parse(property, part, variants);
            asked.put(one.getKey(), one.getValue());
        }
        return new KernelChoices(property, asked, tuning, key);
    }

    /**
     * What one part of a property's text asks for: an op or {@link #EVERY_OP}, and a variant.
     *
     * @param who is to be named where it is wrong
     * @param variants {@link Backend#kernelVariants}
     * @throws IllegalArgumentException if it is not of the form op=variant, or there is no such op or variant
     */
    public static Map.Entry<String, String> parse(String who, String part, Map<String, ? extends Collection<String>> variants) {
        String[] sides = part.strip().split("=", -1);
        if (sides.length != 2 || sides[0].isBlank() || sides[1].isBlank()) {
            throw new IllegalArgumentException(who + ": expected op=variant, separated by commas, got \"" + part + "\"");
        }
        boolean every = sides[0].equals(EVERY_OP);
        Collection<String> known = every ? variants.values().stream().flatMap(Collection::stream).distinct().sorted().toList() : variants.get(sides[0]);
        if (known == null) {
            throw new IllegalArgumentException(who + ": no op \"" + sides[0] + "\" has variants; there are " + EVERY_OP + " for all of them, "
                    + String.join(", ", variants.keySet().stream().sorted().toList()));
        }
        if (!known.contains(sides[1])) {
            throw new IllegalArgumentException(who + ": " + (every ? "no op has a" : sides[0] + " has no") + " variant \"" + sides[1] + "\"; there are: "
                    + String.join(", ", known));
        }
        return Map.entry(sides[0], sides[1]);
    }

    /**
     * Its name may be that of a variant which only other ops have.
     *
     * @param family as the property calls the op
     */
    public Optional<String> asked(String family) {
        return Optional.ofNullable(asked.getOrDefault(family, asked.get(EVERY_OP)));
    }

    /** Its name may be that of a variant which this version no longer has. */
    public Optional<String> measured(Op op) {
        return tuning.variant(key, op);
    }

    /** What is to be said of it where a device is described; empty if all is left to the backend's rule. */
    public String describe() {
        String wanted = asked.isEmpty() ? "" : ", " + property + "=" + String.join(",", asked.entrySet().stream().map(Map.Entry::toString).sorted().toList());
        return wanted + (tuning.size(key) == 0 ? "" : ", kernels tuned for " + tuning.size(key) + " ops");
    }
}
