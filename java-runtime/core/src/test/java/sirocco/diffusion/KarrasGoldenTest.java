package sirocco.diffusion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import sirocco.io.Safetensors;
import sirocco.testkit.GoldenFolder;
import sirocco.testkit.GoldenTests;

/** The process of Karras et al. 2022 against what their own code computes in double precision. */
class KarrasGoldenTest {
    /** A few roundings of double precision; some hundred over a trajectory. */
    private static final double CLOSE = 1e-13;
    private static final double TRAJECTORY = 1e-10;

    @TestFactory
    Stream<DynamicTest> computesWhatTheAuthorsCodeComputes() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (GoldenFolder folder : GoldenTests.folders()) {
            if (folder.kind() == GoldenFolder.Kind.PROCESSES) {
                Path file = folder.path().resolve("golden.safetensors");
                for (JsonNode c : new JsonMapper().readTree(folder.path().resolve("index.json").toFile())) {
                    String name = folder.name() + "/" + c.path("name").asText();
                    switch (c.path("kind").asText()) {
                        case "preconditioning" -> tests.add(ofEdm(c.get("name").asText(), name, file, KarrasGoldenTest::preconditioning, c));
                        case "loss" -> tests.add(ofEdm(c.path("precond").asText(), name, file, KarrasGoldenTest::loss, c));
                        case "edm_sampler" -> tests.add(c.has("S_churn") || c.path("name").asText().contains("stochastic")
                                ? GoldenTests.unsupported(name, "sampling with churn") : test(name, file, KarrasGoldenTest::sample, c));
                        default -> { }
                    }
                }
            }
        }
        assertFalse(tests.isEmpty() && !GoldenTests.othersData(), () -> "no data of the EDM process in " + GoldenTests.root());
        return tests.stream();
    }

    private interface Check {
        void of(Safetensors golden, JsonNode c);
    }

    private static DynamicTest ofEdm(String preconditioning, String name, Path file, Check check, JsonNode c) {
        return preconditioning.endsWith("EDM") ? test(name, file, check, c) : GoldenTests.unsupported(name, "preconditioning " + preconditioning);
    }

    private static DynamicTest test(String name, Path file, Check check, JsonNode c) {
        return DynamicTest.dynamicTest(name, () -> {
            try (Safetensors golden = Safetensors.open(file)) {
                check.of(golden, c);
            }
        });
    }

    private static KarrasProcess process(JsonNode config) {
        return new KarrasProcess(config.path("sigma_data").asDouble(0.5), 0.002, 80, config.path("P_mean").asDouble(-1.2), config.path("P_std").asDouble(1.2), false);
    }

    private static void preconditioning(Safetensors golden, JsonNode c) {
        KarrasProcess process = process(c.get("config"));
        String name = c.get("name").asText() + ".";
        double[] sigma = golden.doubles(name + "sigma");
        for (int i = 0; i < sigma.length; i++) {
            Level level = process.level(sigma[i]);
            close(golden, name + "c_noise", i, level.time());
            close(golden, name + "c_in", i, level.inputScale());
            close(golden, name + "c_skip", i, process.output().x0FromX(1, sigma[i]));
            close(golden, name + "c_out", i, process.output().x0FromOut(1, sigma[i]));
            // Their weight is that of the error of x̂_0, ours that of the output's, which is c_out times smaller.
            close(golden, name + "loss_weight", i, Weighting.UNIFORM.weight(level, process.output()) / Math.pow(process.output().x0FromOut(1, sigma[i]), 2));
        }
    }

    private static void close(Safetensors golden, String name, int i, double ours) {
        double theirs = golden.doubles(name)[i];
        assertEquals(theirs, ours, CLOSE * Math.abs(theirs), () -> name + " " + i);
    }

    private static void loss(Safetensors golden, JsonNode c) {
        KarrasProcess process = process(c.get("loss_config"));
        String name = c.get("name").asText() + ".";
        double[] draws = golden.doubles(name + "level_draws");
        double[] x0 = golden.doubles(name + "y");
        double[] epsilon = golden.doubles(name + "noise");
        double[] out = golden.doubles(name + "network_output");
        int each = x0.length / draws.length;
        double sum = 0;
        for (int e = 0; e < x0.length; e++) {
            int image = e / each;
            double sigma = Math.exp(process.logMean() + process.logDeviation() * draws[image]);
            Level level = process.level(sigma);
            close(golden, name + "sigma", image, level.s());
            close(golden, name + "c_noise", image, level.time());
            near(golden, name + "noisy", e, level.a() * x0[e] + level.s() * epsilon[e]);
            near(golden, name + "scaled_input", e, level.inputScale() * (level.a() * x0[e] + level.s() * epsilon[e]));
            double target = process.output().targetFromX0(1, sigma) * x0[e] + process.output().targetFromEpsilon(1, sigma) * epsilon[e];
            double weight = Weighting.UNIFORM.weight(level, process.output());
            near(golden, name + "loss", e, weight * (out[e] - target) * (out[e] - target));
            near(golden, name + "grad_of_sum", e, 2 * weight * (out[e] - target));
            sum += weight * (out[e] - target) * (out[e] - target);
        }
        near(golden, name + "loss_mean", 0, sum / x0.length);
    }

    private static void near(Safetensors golden, String name, int i, double ours) {
        double theirs = golden.doubles(name)[i];
        assertEquals(theirs, ours, 10 * CLOSE * Math.max(1, Math.abs(theirs)), () -> name + " " + i);
    }

    private static void sample(Safetensors golden, JsonNode c) {
        KarrasProcess process = process(c.path("config"));
        String name = c.get("name").asText() + ".";
        SolverProgram program = Programs.of("heun:sigmas=karras,clip=none", process, c.path("num_steps").asInt(18));
        double[] x = golden.doubles(name + "latents");
        double[] sigmas = golden.doubles(name + "net_sigmas");
        double[] inputs = golden.doubles(name + "net_inputs");
        Arrays.setAll(x, i -> x[i] * sigmas[0]);
        assertEquals(sigmas.length, program.steps());
        ScalarSolver solver = new ScalarSolver(program, x);
        Mixture mixture = Mixture.of(golden);
        for (int row = 0; !solver.done(); row++) {
            double sigma = sigmas[row];
            assertEquals(sigma, program.rows().get(row).level().s(), 1e-12 * sigma);
            for (int e = 0; e < x.length; e++) {
                assertEquals(inputs[row * x.length + e], solver.x()[e], TRAJECTORY * sigmas[0], "input of evaluation " + row);
            }
            double[] clean = mixture.clean(solver.x(), 1, sigma);
            double[] out = new double[x.length];
            Arrays.setAll(out, e -> (clean[e] - process.output().x0FromX(1, sigma) * solver.x()[e]) / process.output().x0FromOut(1, sigma));
            solver.step(out, new double[x.length]);
        }
        double[] result = golden.doubles(name + "result");
        for (int e = 0; e < x.length; e++) {
            assertEquals(result[e], solver.x()[e], TRAJECTORY * sigmas[0]);
        }
    }
}
