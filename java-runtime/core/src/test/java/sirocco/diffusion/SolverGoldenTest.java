package sirocco.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
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

/** Programs of solvers against diffusers' schedulers in double precision, step by step, with a formula for a model. */
class SolverGoldenTest {
    /** Relative to the largest element of a trajectory; both sides compute in double precision, theirs from betas that are float32 numbers. */
    private static final double TRAJECTORY = 2e-6;

    private static final ObjectMapper JSON = new ObjectMapper().configure(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS.mappedFeature(), true);

    @TestFactory
    Stream<DynamicTest> followsDiffusersInDoublePrecision() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (GoldenFolder folder : GoldenTests.folders()) {
            if (folder.kind() == GoldenFolder.Kind.PROCESSES) {
                Path file = folder.path().resolve("golden.safetensors");
                for (JsonNode c : JSON.readTree(folder.path().resolve("index.json").toFile())) {
                    if (c.path("kind").asText().equals("scheduler")) {
                        tests.add(test(folder.name() + "/" + c.get("name").textValue(), file, c));
                    }
                }
            }
        }
        assertFalse(tests.isEmpty() && !GoldenTests.othersData(), () -> "no trajectories of solvers in " + GoldenTests.root());
        return tests.stream();
    }

    private static DynamicTest test(String name, Path file, JsonNode c) {
        SchedulerConfig config;
        try {
            if (!c.get("step").isEmpty() || !c.get("set_timesteps").isEmpty() || c.get("steps").isNull() || !List.of("eps", "eps+range", "eps+variance").contains(c.get("model").asText())) {
                throw new IllegalArgumentException("arguments of a step or of timesteps, or another model: " + c.get("step") + " "
                        + c.get("set_timesteps") + " " + c.get("model"));
            }
            ObjectNode json = c.get("config").deepCopy();
            json.put("_class_name", c.get("scheduler").textValue());
            config = SchedulerConfig.parse(json.toString());
        } catch (IllegalArgumentException e) {
            return GoldenTests.unsupported(name, e.getMessage());
        }
        return DynamicTest.dynamicTest(name, () -> follow(file, c, config));
    }

    private static void follow(Path file, JsonNode c, SchedulerConfig config) throws IOException {
        SolverProgram program = ((FixedStepSolver) config.solver()).program(config.process(), c.get("steps").intValue());
        String name = c.get("name").textValue();
        try (Safetensors golden = Safetensors.open(file)) {
            String timesteps = golden.has(name + ".timesteps64") ? name + ".timesteps64" : name + ".timesteps";
            assertArrayEquals(golden.doubles(timesteps), program.timesteps(), 1e-4);
            double[] start = golden.doubles(name + ".start");
            assertEquals(golden.doubles(name + ".init_noise_sigma")[0], program.start(), TRAJECTORY * program.start());
            Arrays.setAll(start, i -> start[i] * program.start());
            double[] trajectory = golden.doubles(name + ".trajectory64");
            double[] noises = golden.has(name + ".noises") ? golden.doubles(name + ".noises") : new double[0];
            double[] noiseAt = golden.has(name + ".noise_at") ? golden.doubles(name + ".noise_at") : new double[0];
            double largest = Arrays.stream(trajectory).map(Math::abs).max().orElseThrow();

            var solver = new ScalarSolver(program, start);
            double worst = 0;
            for (int i = 0; !solver.done(); i++) {
                int step = i;
                int draw = Arrays.stream(noiseAt).boxed().toList().indexOf((double) step);
                double[] z = draw < 0 ? new double[start.length] : Arrays.copyOfRange(noises, draw * start.length, (draw + 1) * start.length);
                double[] x = solver.input();
                double[] v = c.get("model").asText().equals("eps") ? x : variance(c.get("model").asText(), x, solver.timestep());
                solver.step(model(x, solver.timestep()), v, z);
                for (int e = 0; e < start.length; e++) {
                    worst = Math.max(worst, Math.abs(solver.x()[e] - trajectory[i * start.length + e]));
                }
            }
            double error = worst / largest;
            assertTrue(error <= TRAJECTORY, () -> name + ": largest error " + error + " of the largest element");
        }
    }

    /** The second half of the model's output. */
    private static double[] variance(String model, double[] x, double t) {
        return Arrays.stream(x).map(e -> model.equals("eps+range") ? 1.1 * Math.cos(2 * e + t / 500) : 0.1 + 0.05 * Math.cos(2 * e)).toArray();
    }

    private static double[] model(double[] x, double t) {
        return Arrays.stream(x).map(e -> 0.6 * e + 0.3 * Math.sin(3 * e) * (1 + t / 1000)).toArray();
    }
}
