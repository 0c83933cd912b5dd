package sirocco.diffusion;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** The text form of a solver, taken apart. A setting is removed when it is read; one that nothing reads is an error. */
public final class SolverText {
    private final String text;
    private final String name;
    private final Map<String, String> settings = new LinkedHashMap<>();

    SolverText(String text) {
        this.text = text;
        String[] parts = text.strip().split(":", 2);
        name = parts[0].toLowerCase(Locale.ROOT);
        if (parts.length == 2) {
            for (String setting : parts[1].split(",", -1)) {
                String[] pair = setting.split("=", -1);
                if (pair.length != 2 || settings.put(pair[0].strip().toLowerCase(Locale.ROOT), pair[1].strip()) != null) {
                    throw new IllegalArgumentException("sampler \"" + text + "\": expected each setting once, as name=value, got \"" + setting + "\"");
                }
            }
        }
    }

    Solver solver() {
        Solver.Kind kind = Solvers.named(name).orElseThrow(() -> new IllegalArgumentException("unknown sampler \"" + text + "\"; known are " + Solvers.names()));
        Solver solver = kind.read(name, this);
        if (!settings.isEmpty()) {
            throw new IllegalArgumentException("sampler \"" + text + "\": " + name + " has no setting " + settings.keySet());
        }
        return solver;
    }

    /** The bound of |x̂_0|. */
    double clip(double otherwise) {
        return take("clip", otherwise, v -> v.equals("none") ? Double.POSITIVE_INFINITY : Double.valueOf(v));
    }

    TimestepSpacing spacing(TimestepSpacing otherwise) {
        return take("spacing", otherwise, TimestepSpacing::parse);
    }

    int offset() {
        return take("offset", 0, Integer::valueOf);
    }

    /** A setting's value, or {@code otherwise} if it is absent. */
    <V> V take(String setting, V otherwise, Function<String, V> reading) {
        String value = settings.remove(setting);
        try {
            return value == null ? otherwise : reading.apply(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("sampler \"" + text + "\": " + setting + " is a number, got \"" + value + "\"", e);
        }
    }
}
