package sirocco.check;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import sirocco.folder.ModelFolder;
import sirocco.folder.WeightFiles;
import sirocco.io.MalformedFileException;
import sirocco.io.Safetensors;
import sirocco.pipeline.DiffusionModel;
import sirocco.testkit.GoldenFolder;

/**
 * Golden data that is to be compared with what a backend computes.
 *
 * @param folder where it lies
 * @param unsupported why it cannot be compared; empty if it can
 */
record GoldenModel(GoldenFolder folder, Optional<String> unsupported) {
    /** Values of {@code kind} in {@code case.json} that {@link GoldenCheck} knows. */
    private static final Set<String> KINDS = Set.of("unet2d");

    /** Kinds that the tests of the library's core compute: formulas on the host, and losses of a given output of a network. */
    private static final Set<String> HOST = Set.of("scheduler", "preconditioning", "loss", "edm_sampler", "ode_sampler", "gmm", "process", "p_mean_variance",
            "loss-inputs", "model-output", "training_losses", "vb_terms_bpd", "discretized_gaussian_log_likelihood", "p_sample_loop", "ddim_sample_loop");

    private static final Set<String> FORWARD = Set.of("sample", "timesteps", "class_labels", "low_res", "output");

    private static final JsonMapper JSON = JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

    /**
     * Returns the golden data in a folder and its sub-folders that a backend could compute: all but what follows from a formula on the host, such as trajectories of schedulers.
     *
     * @throws IOException if a folder cannot be read or a file in it is malformed
     */
    static List<GoldenModel> find(List<GoldenFolder> folders) throws IOException {
        List<GoldenModel> found = new ArrayList<>();
        for (GoldenFolder f : folders) {
            Set<String> kinds = kinds(f.path());
            boolean host = f.kind() == GoldenFolder.Kind.SCHEDULERS || f.kind() == GoldenFolder.Kind.PROCESSES && !kinds.isEmpty() && HOST.containsAll(kinds);
            if (!host) {
                found.add(new GoldenModel(f, reason(f)));
            }
        }
        return found;
    }

    String name() {
        return folder.name();
    }

    GoldenCase read() throws IOException {
        return GoldenCase.read(folder);
    }

    private static Optional<String> reason(GoldenFolder f) throws IOException {
        Set<String> kinds = kinds(f.path());
        if (!KINDS.containsAll(kinds) || f.kind() != GoldenFolder.Kind.MODEL) {
            kinds.removeAll(KINDS);
            return Optional.of(kinds.isEmpty() ? "it has no model (config.json and golden.safetensors) and names no kind" : "kind " + String.join(", ", kinds));
        }
        Path golden = f.path().resolve(GoldenCase.FILE);
        try (Safetensors file = Safetensors.open(golden)) {
            Optional<String> unknown = file.names().stream().filter(n -> n.startsWith("forward.") && !FORWARD.contains(n.substring("forward.".length()))).findFirst();
            if (unknown.isPresent()) {
                return Optional.of("\"" + unknown.get() + "\" in " + GoldenCase.FILE + " (supported: " + new TreeSet<>(FORWARD) + ")");
            }
            ModelFolder model = ModelFolder.open(f.path());
            DiffusionModel.readConfig(model, Optional.of(GoldenCase.imageSize(file)));
            return weights(model);
        } catch (IllegalArgumentException e) {
            return Optional.of(e.getMessage());
        }
    }

    /** Returns why the weights are not read, such as a file format; empty if there are any that are. */
    private static Optional<String> weights(ModelFolder model) throws IOException {
        try {
            WeightFiles.locate(model.network());
            return Optional.empty();
        } catch (MalformedFileException e) {
            return Optional.of(e.getMessage());
        }
    }

    /** Returns the kinds that {@code case.json} or {@code index.json} name; none if there is neither. */
    private static Set<String> kinds(Path folder) throws IOException {
        Set<String> kinds = new TreeSet<>();
        for (String name : List.of("case.json", "index.json")) {
            Path file = folder.resolve(name);
            if (Files.exists(file)) {
                JsonNode root = JSON.readTree(file.toFile());
                for (JsonNode c : root.isArray() ? root : List.of(root)) {
                    if (c.path("kind").isTextual()) {
                        kinds.add(c.get("kind").textValue());
                    }
                }
            }
        }
        return kinds;
    }
}
