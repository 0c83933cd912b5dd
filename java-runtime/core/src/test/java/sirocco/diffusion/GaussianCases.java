package sirocco.diffusion;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DynamicTest;
import sirocco.io.Safetensors;
import sirocco.testkit.GoldenFolder;
import sirocco.testkit.GoldenTests;

/** Cases of golden data that guided-diffusion's GaussianDiffusion computed in double precision. */
final class GaussianCases {
    /** Kinds of cases, of which a test takes some. */
    private static final List<String> KINDS = List.of("process", "p_mean_variance", "training_losses", "vb_terms_bpd", "discretized_gaussian_log_likelihood",
            "p_sample_loop", "ddim_sample_loop");
    private static final List<String> DATA = List.of("loss-inputs", "model-output", "cond_fn");
    private static final List<String> OTHERS = List.of("p_mean_variance_rescale_timesteps", "space_timesteps", "calc_bpd_loop", "ddim_reverse_sample", "condition",
            "loss_second_moment_resampler");

    private GaussianCases() { }

    /**
     * One case.
     *
     * @param all all cases of the folder
     */
    record Case(JsonNode json, Safetensors golden, JsonNode all) {
        String name() {
            return json.path("name").asText();
        }

        double[] doubles(String array) {
            return golden.doubles(name() + "." + array);
        }

        /** The case that says with what process this one was computed. */
        String process() {
            return processName(json, all).orElseThrow();
        }

        /** The process, from the betas of the (spaced) process. */
        DiscreteProcess discrete() {
            return new DiscreteProcess(NoiseSchedule.ofBetas(golden.doubles(process() + ".betas")), json.get("mean").asText().equals("START_X") ? Prediction.SAMPLE
                    : Prediction.EPSILON, head());
        }

        Optional<VarianceHead> head() {
            return switch (json.get("var").asText()) {
                case "LEARNED" -> Optional.of(VarianceHead.LEARNED_LOG);
                case "LEARNED_RANGE" -> Optional.of(VarianceHead.LEARNED_RANGE);
                default -> Optional.empty();
            };
        }

        Ddpm.Variance variance() {
            return head().isPresent() ? Ddpm.Variance.LEARNED : Ddpm.Variance.valueOf(json.get("var").asText());
        }

        double clip() {
            return json.path("clip_denoised").asBoolean() ? 1 : Double.POSITIVE_INFINITY;
        }

        /** The model's prediction; t is the timestep of the process that is not spaced. */
        double prediction(double x, double t) {
            return json.get("mean").asText().equals("START_X") ? 1.2 * Math.sin(1.5 * x + t / 1000) : 0.6 * x + 0.3 * Math.sin(3 * x) * (1 + t / 1000);
        }

        /** The output of the model's variance head. */
        double variance(double x, double t) {
            double wave = Math.cos(2 * x + t / 500);
            return json.get("var").asText().equals("LEARNED") ? -5 + wave : 1.1 * wave;
        }
    }

    interface Check {
        void of(Case c) throws IOException;
    }

    /** A check for a kind of case; empty if the test class does not take the kind. */
    interface Checks {
        Optional<Check> of(String kind);
    }

    /** Returns a test of each case whose kind has a check. @param listsOthers whether kinds without support are listed */
    static List<DynamicTest> tests(Checks checks, boolean listsOthers) throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (GoldenFolder folder : GoldenTests.folders()) {
            if (folder.kind() != GoldenFolder.Kind.PROCESSES) {
                continue;
            }
            JsonNode all = new JsonMapper().readTree(folder.path().resolve("index.json").toFile());
            for (JsonNode json : all) {
                String kind = json.path("kind").asText();
                String name = folder.name() + "/" + json.path("name").asText();
                if (listsOthers && OTHERS.contains(kind)) {
                    tests.add(GoldenTests.unsupported(name, kind));
                } else if (KINDS.contains(kind) && checks.of(kind).isPresent()) {
                    Optional<String> missing = missing(json, all);
                    tests.add(missing.isPresent() ? GoldenTests.unsupported(name, missing.get())
                            : test(name, folder.path().resolve("golden.safetensors"), json, all, checks.of(kind).get()));
                } else if (DATA.contains(kind)) {
                    continue;
                }
            }
        }
        return tests;
    }

    private static DynamicTest test(String name, Path file, JsonNode json, JsonNode all, Check check) {
        return DynamicTest.dynamicTest(name, () -> {
            try (Safetensors golden = Safetensors.open(file)) {
                check.of(new Case(json, golden, all));
            }
        });
    }

    private static Optional<String> missing(JsonNode json, JsonNode all) {
        String kind = json.path("kind").asText();
        if (kind.equals("process") || kind.startsWith("discretized")) {
            return Optional.empty();
        }
        if (json.path("mean").asText().equals("PREVIOUS_X")) {
            return Optional.of("a network that predicts x_{t-1}");
        }
        if (json.path("cond").asBoolean()) {
            return Optional.of("sampling with cond_fn");
        }
        if (kind.equals("vb_terms_bpd") && json.path("clip_denoised").asBoolean()) {
            return Optional.of("the bound with x_0 clipped");
        }
        return processName(json, all).isPresent() ? Optional.empty() : Optional.of("its process is not among the cases");
    }

    private static Optional<String> processName(JsonNode json, JsonNode all) {
        if (json.has("process")) {
            return Optional.of(json.get("process").asText());
        }
        for (JsonNode other : all) {
            if (other.path("kind").asText().equals("process") && other.get("schedule").equals(json.get("schedule"))
                    && other.get("num_train_timesteps").equals(json.get("num_train_timesteps")) && other.get("respacing").equals(json.get("respacing"))) {
                return Optional.of(other.get("name").asText());
            }
        }
        return Optional.empty();
    }
}
