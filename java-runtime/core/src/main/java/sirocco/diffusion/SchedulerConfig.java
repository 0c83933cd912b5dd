package sirocco.diffusion;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import sirocco.io.JsonErrors;
import sirocco.io.MalformedFileException;

/**
 * A diffusers {@code scheduler_config.json}: the schedule and prediction that a model was trained with, and the solver its makers chose.
 *
 * <p>The known classes are those of {@link Solvers}. What an absent key means is as there. A setting that cannot be honoured is an error, never passed over.
 */
public record SchedulerConfig(NoiseSchedule schedule, Prediction prediction, Solver solver) {
    /** The name of the file in a model's folder, or in its {@code scheduler} folder. */
    public static final String FILE = "scheduler_config.json";

    private static final long MAX_BYTES = 64 << 20;

    /** Python writes infinities as Infinity, which strict JSON lacks. */
    private static final ObjectMapper JSON = new ObjectMapper(JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(32).build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build());

    /**
     * @throws MalformedFileException if it is not JSON, or a setting is unknown, impossible or not supported
     * @throws IOException if it cannot be read
     */
    public static SchedulerConfig read(Path file) throws IOException {
        if (Files.size(file) > MAX_BYTES) {
            throw new MalformedFileException(file, "a scheduler configuration of " + Files.size(file) + " bytes; expected at most " + MAX_BYTES);
        }
        try {
            return parse(Files.readString(file));
        } catch (IllegalArgumentException e) {
            throw new MalformedFileException(file, e.getMessage(), e);
        }
    }

    /**
     * @param json the text of a configuration
     * @throws IllegalArgumentException as {@link #read}
     */
    public static SchedulerConfig parse(String json) {
        JsonNode node;
        try {
            node = JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("not acceptable JSON: " + JsonErrors.describe(e), e);
        }
        if (!(node instanceof ObjectNode object)) {
            throw new IllegalArgumentException("expected a JSON object, found " + (node == null ? "nothing" : node.getNodeType()));
        }
        var settings = new SchedulerSettings(object);
        String type = settings.text("_class_name", "DDPMScheduler");
        NoiseSchedule schedule = schedule(settings);
        Prediction prediction = Prediction.parse(settings.text("prediction_type", "epsilon"));
        settings.require("thresholding", false);
        Solver solver = Solvers.ofClass(type).orElseThrow(() -> new IllegalArgumentException("_class_name: " + type + " is not supported; known are "
                + Solvers.classNames() + ". If the betas are all that the model was trained with, put the name of one of these there")).read(settings);
        settings.refuseUnknown();
        return new SchedulerConfig(schedule, prediction, solver);
    }

    private static NoiseSchedule schedule(SchedulerSettings s) {
        int T = s.integer("num_train_timesteps", 1000);
        Optional<double[]> trained = s.numbers("trained_betas");
        double start = s.number("beta_start", NoiseSchedule.BETA_START);
        double end = s.number("beta_end", NoiseSchedule.BETA_END);
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
