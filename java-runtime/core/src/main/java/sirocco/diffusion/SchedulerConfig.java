package sirocco.diffusion;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import sirocco.io.JsonErrors;

/**
 * A diffusers {@code scheduler_config.json}: the schedule and prediction that a model was trained with, and the solver its makers chose.
 *
 * <p>An absent key has the default of its class. A setting that cannot be honoured is an error. If another solver is requested than the configured one, only what
 * the model was trained with is read: schedule and prediction. Then the class may be any whose model was trained with discrete timesteps and a list of β.
 */
public record SchedulerConfig(NoiseSchedule schedule, Prediction prediction, Solver solver) {
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

    private static final String DEFAULT_CLASS = "DDPMScheduler";

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
        return settings(json).text("_class_name", DEFAULT_CLASS);
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
     * @param solver in place of the configured one, whose settings are not checked
     * @throws IllegalArgumentException if a setting of schedule or prediction is impossible or not supported, or a key is unknown
     */
    public static SchedulerConfig parse(String json, Solver solver) {
        return parse(settings(json), Optional.of(solver));
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

    private static SchedulerConfig parse(SchedulerSettings settings, Optional<Solver> instead) {
        String type = settings.text("_class_name", DEFAULT_CLASS);
        if (!CLASSES.containsKey(type)) {
            throw new IllegalArgumentException("_class_name: scheduler class " + type + " is not supported (expected one of "
                    + String.join(", ", new TreeSet<>(CLASSES.keySet())) + "). Choose another model.");
        }
        NoiseSchedule schedule = schedule(settings, CLASSES.get(type));
        Prediction prediction = prediction(settings);
        Solver solver = instead.orElseGet(() -> Solvers.ofClass(type).orElseThrow(() -> new IllegalArgumentException("_class_name: the sampler of " + type
                + " is not supported (expected one of " + Solvers.classNames()
                + "). Choose a sampler by name; schedule and prediction are read from this configuration all the same.")).read(settings));
        if (instead.isEmpty()) {
            settings.require("thresholding", false);
        }
        settings.refuseUnknown();
        return new SchedulerConfig(schedule, prediction, solver);
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

    /** This solver in place of the one configured. */
    public SchedulerConfig with(Solver other) {
        return new SchedulerConfig(schedule, prediction, other);
    }

    /**
     * The configuration as diffusers reads it. A schedule that the class there lacks is written as its list of β. What is no part of a configuration there is
     * not written ({@link Solver#writeTo}).
     */
    public String toJson() {
        ObjectNode o = JSON.createObjectNode();
        o.put("_class_name", solver.kind().className());
        o.put("num_train_timesteps", schedule.T());
        o.put("beta_start", schedule.betaStart());
        o.put("beta_end", schedule.betaEnd());
        putSchedule(o);
        o.put("rescale_betas_zero_snr", schedule.zeroTerminalSnr());
        o.put("prediction_type", prediction.text());
        solver.writeTo(o);
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
}
