package sirocco.diffusion;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.Set;

/** The keys of a scheduler configuration, read by type. A key that is absent or null has its default. */
public final class SchedulerSettings {
    /**
     * Every setting of the supported classes in any release of diffusers from 0.0.4 to 0.40. A configuration is passed from class to class, so it has settings of
     * classes other than its own. {@code tensor_format} chose between NumPy and PyTorch. {@code timestep_values} is absent, since it replaced the timesteps.
     */
    private static final Set<String> KNOWN = Set.of(
            "timesteps", "clip_predicted_image", "tensor_format", "predict_epsilon", "set_alpha_to_zero", "interpolation_type", "timestep_type",
            "sigma_min", "sigma_max", "sigma_data", "sigma_schedule", "rho", "predictor_order", "corrector_order", "tau_func", "predict_x0", "disable_corrector", "solver_p",
            "shift_terminal", "num_train_timesteps", "beta_start", "beta_end", "beta_schedule", "trained_betas", "rescale_betas_zero_snr",
            "prediction_type", "variance_type", "clip_sample", "clip_sample_range", "thresholding", "dynamic_thresholding_ratio", "sample_max_value",
            "timestep_spacing", "steps_offset", "set_alpha_to_one", "algorithm_type", "solver_order", "solver_type", "lower_order_final",
            "euler_at_final", "final_sigmas_type", "lambda_min_clipped", "use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas",
            "use_lu_lambdas", "use_flow_sigmas", "use_dynamic_shifting", "flow_shift", "time_shift_type", "skip_prk_steps");

    private final ObjectNode node;

    SchedulerSettings(ObjectNode node) {
        this.node = node;
    }

    String text(String key, String otherwise) {
        JsonNode v = value(key);
        if (v != null && !v.isTextual()) {
            throw wrong(key, "a text", v);
        }
        return v == null ? otherwise : v.textValue();
    }

    boolean flag(String key, boolean otherwise) {
        JsonNode v = value(key);
        if (v != null && !v.isBoolean()) {
            throw wrong(key, "true or false", v);
        }
        return v == null ? otherwise : v.booleanValue();
    }

    int integer(String key, int otherwise) {
        JsonNode v = value(key);
        if (v != null && !(v.isIntegralNumber() && v.canConvertToInt())) {
            throw wrong(key, "a whole number", v);
        }
        return v == null ? otherwise : v.intValue();
    }

    double number(String key, double otherwise) {
        JsonNode v = value(key);
        if (v != null && !v.isNumber()) {
            throw wrong(key, "a number", v);
        }
        return v == null ? otherwise : v.doubleValue();
    }

    Optional<double[]> numbers(String key) {
        JsonNode v = value(key);
        if (v == null) {
            return Optional.empty();
        }
        if (!v.isArray()) {
            throw wrong(key, "a list of numbers", v);
        }
        double[] values = new double[v.size()];
        for (int i = 0; i < values.length; i++) {
            if (!v.get(i).isNumber()) {
                throw wrong(key + "[" + i + "]", "a number", v.get(i));
            }
            values[i] = v.get(i).doubleValue();
        }
        return Optional.of(values);
    }

    /** A setting that is understood at one value only. */
    void require(String key, boolean only) {
        if (flag(key, only) != only) {
            throw new IllegalArgumentException(key + ": " + !only + " is not supported; set it to " + only);
        }
    }

    /** Settings that are understood only if they are off. */
    void requireOff(String... keys) {
        for (String key : keys) {
            require(key, false);
        }
    }

    /** A setting that is understood at one value only. */
    void requireText(String key, String only) {
        if (!text(key, only).equals(only)) {
            throw new IllegalArgumentException(key + ": " + text(key, only) + " is not supported; set it to " + only);
        }
    }

    /** Settings that are understood only if they are absent. */
    void requireAbsent(String... keys) {
        for (String key : keys) {
            if (value(key) != null) {
                throw new IllegalArgumentException(key + ": " + value(key) + " is not supported; remove it");
            }
        }
    }

    /** The bound of |x̂_0|; infinity if clipping is off. */
    double clip(boolean otherwise) {
        double range = number("clip_sample_range", 1);
        return flag("clip_sample", flag("clip_predicted_image", otherwise)) ? range : Double.POSITIVE_INFINITY;
    }

    TimestepSpacing spacing(String otherwise) {
        return TimestepSpacing.parse(text("timestep_spacing", otherwise));
    }

    static void putClip(ObjectNode o, double clip) {
        o.put("clip_sample", clip < Double.POSITIVE_INFINITY);
        if (clip < Double.POSITIVE_INFINITY) {
            o.put("clip_sample_range", clip);
        }
    }

    static void putSpacing(ObjectNode o, TimestepSpacing spacing, int stepsOffset) {
        o.put("timestep_spacing", spacing.text());
        o.put("steps_offset", stepsOffset);
    }

    /** Returns true if a key has a value other than null. */
    boolean has(String key) {
        return value(key) != null;
    }

    /** Refuses a key that is not known: true and false alike can mean a computation that is not done here. Keys that start with _ are notes, and null requests nothing. */
    void refuseUnknown() {
        for (var field : node.properties()) {
            String key = field.getKey();
            JsonNode v = field.getValue();
            if (!key.startsWith("_") && !KNOWN.contains(key) && !v.isNull()) {
                throw new IllegalArgumentException(key + ": unknown setting (value " + v + "). Remove it if the model can do without.");
            }
        }
    }

    private JsonNode value(String key) {
        JsonNode v = node.get(key);
        return v == null || v.isNull() ? null : v;
    }

    private static IllegalArgumentException wrong(String key, String expected, JsonNode found) {
        return new IllegalArgumentException(key + ": expected " + expected + ", found " + found);
    }
}
