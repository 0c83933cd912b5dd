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
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import sirocco.io.JsonErrors;

/**
 * A diffusers {@code scheduler_config.json}: the process that a model was trained with, and the solver its makers chose.
 *
 * <p>An absent key has the default of its class. A setting that cannot be honoured is an error. If another solver is requested than the configured one, only what
 * the model was trained with is read: the process. Then the class may be any whose process is supported.
 */
public record SchedulerConfig(ForwardProcess process, Solver solver) {
    /** Python writes infinities as Infinity, which strict JSON lacks. */
    private static final ObjectMapper JSON = new ObjectMapper(JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(32).build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build());

    private static final List<ForwardProcess.Kind> KINDS = List.of(new DiscreteProcessKind(), KarrasProcess.KIND);

    private static final String DEFAULT_CLASS = "DDPMScheduler";

    /** Returns the classes whose process is supported. */
    public static Set<String> classes() {
        return KINDS.stream().flatMap(k -> k.classNames().stream()).collect(Collectors.toCollection(TreeSet::new));
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
        ForwardProcess.Kind kind = KINDS.stream().filter(k -> k.classNames().contains(type)).findFirst().orElseThrow(() -> new IllegalArgumentException(
                "_class_name: scheduler class " + type + " is not supported (expected one of " + String.join(", ", classes()) + "). Choose another model."));
        ForwardProcess process = kind.read(settings, type);
        Solver solver = instead.orElseGet(() -> kind.solver(settings, type));
        if (instead.isEmpty()) {
            settings.require("thresholding", false);
        }
        settings.refuseUnknown();
        return new SchedulerConfig(process, solver);
    }

    /** This solver in place of the one configured. */
    public SchedulerConfig with(Solver other) {
        return new SchedulerConfig(process, other);
    }

    /**
     * Returns the configuration as diffusers reads it. What is no part of a configuration there is not written ({@link Solver#writeTo}).
     */
    public String toJson() {
        ObjectNode o = JSON.createObjectNode();
        o.put("_class_name", process.className(solver));
        process.write(o, solver);
        return o.toPrettyString() + "\n";
    }

}
