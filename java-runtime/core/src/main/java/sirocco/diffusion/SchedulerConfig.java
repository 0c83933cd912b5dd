package sirocco.diffusion;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import sirocco.io.JsonErrors;

/**
 * A diffusers {@code scheduler_config.json}: the schedule and prediction that a model was trained with, and the sampler its makers chose.
 *
 * <p>An absent key has the default of its class. A setting that cannot be honoured is an error. If another sampler is requested than the configured one, only what
 * the model was trained with is read: schedule and prediction. Then the class may be any whose model was trained with discrete timesteps and a list of β.
 */
public record SchedulerConfig(NoiseSchedule schedule, Prediction prediction, Sampler sampler) {
    /** Python writes infinities as Infinity, which strict JSON lacks. */
    private static final ObjectMapper JSON = new ObjectMapper(JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(32).build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build());

    /** Defaults of a class for β and its schedule. */
    private record Defaults(double betaStart, double betaEnd) { }

    private static final Defaults DDPM = new Defaults(NoiseSchedule.BETA_START, NoiseSchedule.BETA_END);
    private static final Defaults KARRAS = new Defaults(0.00085, 0.012);

    /** Classes whose sampler is supported. */
    private static final List<String> SAMPLERS = List.of("DDPMScheduler", "DDIMScheduler", "DPMSolverMultistepScheduler");

    /** Classes whose schedule and prediction are supported. Their default schedule is linear. */
    private static final Map<String, Defaults> CLASSES = Map.ofEntries(
            Map.entry("DDPMScheduler", DDPM), Map.entry("DDPMParallelScheduler", DDPM), Map.entry("DDIMScheduler", DDPM), Map.entry("DDIMParallelScheduler", DDPM),
            Map.entry("DDIMInverseScheduler", DDPM), Map.entry("PNDMScheduler", DDPM), Map.entry("LMSDiscreteScheduler", DDPM),
            Map.entry("EulerDiscreteScheduler", DDPM), Map.entry("EulerAncestralDiscreteScheduler", DDPM), Map.entry("DPMSolverMultistepScheduler", DDPM),
            Map.entry("DPMSolverMultistepInverseScheduler", DDPM), Map.entry("DPMSolverSinglestepScheduler", DDPM), Map.entry("DEISMultistepScheduler", DDPM),
            Map.entry("UniPCMultistepScheduler", DDPM), Map.entry("SASolverScheduler", DDPM), Map.entry("HeunDiscreteScheduler", KARRAS),
            Map.entry("KDPM2DiscreteScheduler", KARRAS), Map.entry("KDPM2AncestralDiscreteScheduler", KARRAS));

    /** Returns the classes whose schedule and prediction are supported. */
    public static Set<String> classes() {
        return CLASSES.keySet();
    }

    /** Returns the class that a configuration names. @throws IllegalArgumentException as {@link #parse(String)} */
    public static String className(String json) {
        return settings(json).text("_class_name", SAMPLERS.getFirst());
    }

    /**
     * Parses a configuration with its own sampler.
     *
     * @param json the text of a configuration
     * @throws IllegalArgumentException if it is not JSON, or a setting is unknown, impossible or not supported
     */
    public static SchedulerConfig parse(String json) {
        return parse(settings(json), Optional.empty());
    }

    /**
     * Parses what the model was trained with.
     *
     * @param json the text of a configuration
     * @param sampler in place of the configured one, whose settings are not checked
     * @throws IllegalArgumentException if a setting of schedule or prediction is impossible or not supported, or a key is unknown
     */
    public static SchedulerConfig parse(String json, Sampler sampler) {
        return parse(settings(json), Optional.of(sampler));
    }

    private static SchedulerSettings settings(String json) {
        JsonNode node;
        try {
            node = JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("not acceptable JSON: " + JsonErrors.describe(e), e);
        }
        if (!(node instanceof ObjectNode object)) {
            throw new IllegalArgumentException("expected a JSON object, found " + (node == null ? "nothing" : node.getNodeType()));
        }
        return new SchedulerSettings(object);
    }

    private static SchedulerConfig parse(SchedulerSettings settings, Optional<Sampler> instead) {
        String type = settings.text("_class_name", SAMPLERS.getFirst());
        if (!CLASSES.containsKey(type)) {
            throw new IllegalArgumentException("_class_name: scheduler class " + type + " is not supported (expected one of "
                    + String.join(", ", new TreeSet<>(CLASSES.keySet())) + "). Choose another model.");
        }
        NoiseSchedule schedule = schedule(settings, CLASSES.get(type));
        Prediction prediction = prediction(settings);
        Sampler sampler = instead.orElseGet(() -> switch (type) {
            case "DDPMScheduler" -> ddpm(settings);
            case "DDIMScheduler" -> ddim(settings);
            case "DPMSolverMultistepScheduler" -> dpm(settings);
            default -> throw new IllegalArgumentException("_class_name: the sampler of " + type + " is not supported (expected one of " + String.join(", ", SAMPLERS)
                    + "). Choose a sampler by name; schedule and prediction are read from this configuration all the same.");
        });
        if (instead.isEmpty()) {
            settings.require("thresholding", false);
        }
        settings.refuseUnknown();
        return new SchedulerConfig(schedule, prediction, sampler);
    }

    /** Until diffusers 0.10 a flag said whether the network predicts ε or x₀. */
    private static Prediction prediction(SchedulerSettings s) {
        Prediction prediction = Prediction.parse(s.text("prediction_type", s.flag("predict_epsilon", true) ? "epsilon" : "sample"));
        if (s.has("predict_epsilon") && s.flag("predict_epsilon", true) != (prediction == Prediction.EPSILON)) {
            throw new IllegalArgumentException("prediction_type is " + prediction.text() + ", but predict_epsilon is " + s.flag("predict_epsilon", true)
                    + ". Remove the one that is wrong.");
        }
        return prediction;
    }

    private static NoiseSchedule schedule(SchedulerSettings s, Defaults defaults) {
        // Flow matching is another process, and continuous timesteps are another input of the network, whatever the list of β.
        s.require("use_flow_sigmas", false);
        String timesteps = s.text("timestep_type", "discrete");
        if (!timesteps.equals("discrete")) {
            throw new IllegalArgumentException("timestep_type: " + timesteps + " is not supported (expected discrete)");
        }
        int T = s.integer("num_train_timesteps", s.integer("timesteps", 1000));
        Optional<double[]> trained = s.numbers("trained_betas");
        double start = s.number("beta_start", defaults.betaStart());
        double end = s.number("beta_end", defaults.betaEnd());
        BetaSchedule kind = BetaSchedule.parse(s.text("beta_schedule", "linear"));
        if (trained.isPresent() && trained.get().length != T) {
            throw new IllegalArgumentException("trained_betas: " + trained.get().length + " values, but num_train_timesteps is " + T);
        }
        NoiseSchedule schedule = trained.map(NoiseSchedule::ofBetas).orElseGet(() -> NoiseSchedule.of(kind, start, end, T));
        return s.flag("rescale_betas_zero_snr", false) ? schedule.withZeroTerminalSnr() : schedule;
    }

    private static double clip(SchedulerSettings s) {
        double range = s.number("clip_sample_range", 1);
        return s.flag("clip_sample", s.flag("clip_predicted_image", true)) ? range : Double.POSITIVE_INFINITY;
    }

    private static TimestepSpacing spacing(SchedulerSettings s, String otherwise) {
        return TimestepSpacing.parse(s.text("timestep_spacing", otherwise));
    }

    private static Ddpm ddpm(SchedulerSettings s) {
        String variance = s.text("variance_type", "fixed_small");
        // The "_log" variants store a logarithm and mean the same number.
        Ddpm.Variance fixed = switch (variance) {
            case "fixed_small", "fixed_small_log" -> Ddpm.Variance.FIXED_SMALL;
            case "fixed_large", "fixed_large_log" -> Ddpm.Variance.FIXED_LARGE;
            default -> throw new IllegalArgumentException("variance_type: " + variance
                    + " is not supported; known are fixed_small, fixed_large (a learned variance needs a model with twice the channels)");
        };
        return new Ddpm(fixed, clip(s), spacing(s, "leading"), s.integer("steps_offset", 0));
    }

    private static Ddim ddim(SchedulerSettings s) {
        return new Ddim(0, clip(s), spacing(s, "leading"), s.integer("steps_offset", 0), s.flag("set_alpha_to_one", true), false);
    }

    private static DpmSolverPP dpm(SchedulerSettings s) {
        String algorithm = s.text("algorithm_type", "dpmsolver++");
        if (!algorithm.equals("dpmsolver++") && !algorithm.equals("sde-dpmsolver++")) {
            throw new IllegalArgumentException("algorithm_type: " + algorithm + " is not supported; known are dpmsolver++, sde-dpmsolver++");
        }
        for (String variant : new String[] {"use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas", "use_lu_lambdas",
                "use_dynamic_shifting"}) {
            s.require(variant, false);
        }
        String variance = s.text("variance_type", "none");
        if (variance.startsWith("learned")) {
            throw new IllegalArgumentException("variance_type: " + variance + " is not supported: it needs a model with twice the channels");
        }
        return new DpmSolverPP(s.integer("solver_order", 2), algorithm.startsWith("sde"),
                DpmSolverPP.Type.parse(s.text("solver_type", "midpoint")), spacing(s, "linspace"), s.integer("steps_offset", 0),
                s.flag("lower_order_final", true), s.flag("euler_at_final", false),
                DpmSolverPP.FinalSigma.parse(s.text("final_sigmas_type", "zero")),
                s.number("lambda_min_clipped", Double.NEGATIVE_INFINITY), Double.POSITIVE_INFINITY);
    }

    /** This sampler in place of the one configured. */
    public SchedulerConfig with(Sampler other) {
        return new SchedulerConfig(schedule, prediction, other);
    }

    /**
     * The configuration as diffusers reads it. A schedule that the class there lacks is written as its list of β. What is no part of a
     * configuration there is left out: η and ε̂ from the clipped x̂_0 of DDIM, and the clipping of DPM-Solver++.
     */
    public String toJson() {
        ObjectNode o = JSON.createObjectNode();
        o.put("_class_name", switch (sampler) {
            case Ddpm _ -> "DDPMScheduler";
            case Ddim _ -> "DDIMScheduler";
            case DpmSolverPP _ -> "DPMSolverMultistepScheduler";
        });
        o.put("num_train_timesteps", schedule.T());
        o.put("beta_start", schedule.betaStart());
        o.put("beta_end", schedule.betaEnd());
        putSchedule(o);
        o.put("rescale_betas_zero_snr", schedule.zeroTerminalSnr());
        o.put("prediction_type", prediction.text());
        switch (sampler) {
            case Ddpm d -> {
                o.put("variance_type", d.variance() == Ddpm.Variance.FIXED_SMALL ? "fixed_small" : "fixed_large");
                putCommon(o, d.clip(), d.spacing(), d.stepsOffset());
            }
            case Ddim d -> {
                o.put("set_alpha_to_one", d.alphaToOne());
                putCommon(o, d.clip(), d.spacing(), d.stepsOffset());
            }
            case DpmSolverPP d -> {
                o.put("algorithm_type", d.stochastic() ? "sde-dpmsolver++" : "dpmsolver++");
                o.put("solver_order", d.order());
                o.put("solver_type", d.type().text());
                o.put("lower_order_final", d.lowerOrderFinal());
                o.put("euler_at_final", d.eulerAtFinal());
                o.put("final_sigmas_type", d.finalSigma().text());
                o.put("timestep_spacing", d.spacing().text());
                o.put("steps_offset", d.stepsOffset());
                if (d.lambdaMinClipped() > Double.NEGATIVE_INFINITY) {
                    o.put("lambda_min_clipped", d.lambdaMinClipped());
                }
            }
        }
        return o.toPrettyString() + "\n";
    }

    private void putSchedule(ObjectNode o) {
        BetaSchedule kind = schedule.kind().orElse(null);
        switch (kind) {
            case LINEAR, SCALED_LINEAR, COSINE -> o.put("beta_schedule", kind.text());
            case QUADRATIC -> o.put("beta_schedule", BetaSchedule.SCALED_LINEAR.text());
            case SIGMOID, LOGARITHMIC -> putBetas(o);
            case null -> putBetas(o);
        }
    }

    private void putBetas(ObjectNode o) {
        o.put("beta_schedule", BetaSchedule.LINEAR.text());
        var betas = o.putArray("trained_betas");
        for (double beta : schedule.configuredBetas()) {
            betas.add(beta);
        }
    }

    private static void putCommon(ObjectNode o, double clip, TimestepSpacing spacing, int stepsOffset) {
        o.put("clip_sample", clip < Double.POSITIVE_INFINITY);
        if (clip < Double.POSITIVE_INFINITY) {
            o.put("clip_sample_range", clip);
        }
        o.put("timestep_spacing", spacing.text());
        o.put("steps_offset", stepsOffset);
    }
}
