package sirocco.diffusion;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** The text form of a sampler, taken apart. A setting is removed when it is asked for; one that nobody asked for is an error. */
final class SamplerText {
    private final String text;
    private final String name;
    private final Map<String, String> settings = new LinkedHashMap<>();

    SamplerText(String text) {
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

    Sampler sampler() {
        Sampler sampler = switch (name) {
            case "ddpm", "ddpm-small" -> ddpm(Ddpm.Variance.FIXED_SMALL);
            case "ddpm-large" -> ddpm(Ddpm.Variance.FIXED_LARGE);
            case "ddim" -> new Ddim(take("eta", 0.0, Double::valueOf), clip(), spacing(TimestepSpacing.LEADING), offset(), true, false);
            case "dpm++1" -> dpm(1, false);
            case "dpm++2m" -> dpm(2, false);
            case "dpm++3m" -> dpm(3, false);
            case "dpm++2m-sde" -> dpm(2, true);
            default -> throw new IllegalArgumentException("unknown sampler \"" + text
                    + "\"; known are ddpm, ddpm-large, ddim, dpm++1, dpm++2m, dpm++3m, dpm++2m-sde");
        };
        if (!settings.isEmpty()) {
            throw new IllegalArgumentException("sampler \"" + text + "\": " + name + " has no setting " + settings.keySet());
        }
        return sampler;
    }

    private Ddpm ddpm(Ddpm.Variance variance) {
        return new Ddpm(variance, clip(), spacing(TimestepSpacing.LEADING), offset());
    }

    private DpmSolverPP dpm(int order, boolean stochastic) {
        return new DpmSolverPP(order, stochastic, take("type", DpmSolverPP.Type.MIDPOINT, DpmSolverPP.Type::parse),
                spacing(TimestepSpacing.LINSPACE), offset(), true, false,
                take("final", DpmSolverPP.FinalSigma.ZERO, DpmSolverPP.FinalSigma::parse), Double.NEGATIVE_INFINITY, clip());
    }

    private double clip() {
        return take("clip", 1.0, v -> v.equals("none") ? Double.POSITIVE_INFINITY : Double.valueOf(v));
    }

    private TimestepSpacing spacing(TimestepSpacing otherwise) {
        return take("spacing", otherwise, TimestepSpacing::parse);
    }

    private int offset() {
        return take("offset", 0, Integer::valueOf);
    }

    private <V> V take(String setting, V otherwise, Function<String, V> reading) {
        String value = settings.remove(setting);
        try {
            return value == null ? otherwise : reading.apply(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("sampler \"" + text + "\": " + setting + " is a number, got \"" + value + "\"", e);
        }
    }
}
