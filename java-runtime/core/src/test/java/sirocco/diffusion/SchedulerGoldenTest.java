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

/** Every chain of diffusers in the golden folder, step by step, with a formula for a model. */
class SchedulerGoldenTest {
    /** Of a whole trajectory, ‖ours − theirs‖ / ‖theirs‖: torch's float32 alone is up to 7e-5 from float64 over 1000 steps. */
    private static final double TRAJECTORY = 5e-4;

    /** Half a unit in the last place of a float32 near 1: the rounding of one operation, relative. */
    private static final double ROUNDING = 0x1p-24;

    @TestFactory
    Stream<DynamicTest> followsDiffusers() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        ObjectMapper mapper = new ObjectMapper().configure(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS.mappedFeature(), true);
        for (GoldenFolder folder : GoldenTests.folders()) {
            if (folder.kind() == GoldenFolder.Kind.SCHEDULERS) {
                Path file = folder.path().resolve("trajectories.safetensors");
                for (JsonNode c : mapper.readTree(folder.path().resolve("index.json").toFile())) {
                    tests.add(test(folder.name() + "/" + c.get("name").textValue(), file, c));
                }
            }
        }
        assertFalse(tests.isEmpty() && !GoldenTests.othersData(), () -> "no trajectories of schedulers in " + GoldenTests.root());
        return tests.stream();
    }

    private static DynamicTest test(String name, Path file, JsonNode c) {
        SchedulerConfig config;
        try {
            config = config(c);
        } catch (IllegalArgumentException e) {
            return GoldenTests.unsupported(name, e.getMessage());
        }
        return DynamicTest.dynamicTest(name, () -> follow(file, c, config));
    }

    private static void follow(Path file, JsonNode c, SchedulerConfig config) throws IOException {
        SolverProgram program = ((FixedStepSolver) config.solver()).program(config.process(), c.get("steps").intValue());
        String name = c.get("name").textValue();
        try (Safetensors golden = Safetensors.open(file)) {
            assertArrayEquals(Arrays.stream(golden.longs(name + ".timesteps")).asDoubleStream().toArray(), program.timesteps());
            checkAlphaBar(discrete(config).schedule(), config.solver() instanceof DpmSolverPP, golden.floats(name + ".alphas_cumprod"));

            double[] start = doubles(golden.floats(name + ".start"), 0, -1);
            float[] trajectory = golden.floats(name + ".trajectory");
            float[] noises = golden.has(name + ".noises") ? golden.floats(name + ".noises") : null;
            var sampler = new ScalarSolver(program, start);
            double difference = 0;
            double size = 0;
            for (int i = 0; !sampler.done(); i++) {
                double[] out = model(sampler.x(), sampler.timestep());
                sampler.step(out, noises == null ? null : doubles(noises, i, start.length));
                double[] theirs = doubles(trajectory, i, start.length);
                for (int j = 0; j < theirs.length; j++) {
                    difference += square(sampler.x()[j] - theirs[j]);
                    size += square(theirs[j]);
                }
            }
            double error = Math.sqrt(difference / size);
            assertTrue(error <= TRAJECTORY, () -> name + ": relative error " + error);
        }
    }

    /**
     * The case's configuration, with what is an argument of the step there and a setting of the sampler here.
     *
     * @throws IllegalArgumentException if a setting or an argument is not supported
     */
    private static SchedulerConfig config(JsonNode c) {
        ObjectNode json = c.get("config").deepCopy();
        json.put("_class_name", c.get("scheduler").textValue());
        SchedulerConfig config = SchedulerConfig.parse(json.toString());
        double eta = 0;
        boolean fromClipped = false;
        for (var argument : c.get("step").properties()) {
            switch (argument.getKey()) {
                case "eta" -> eta = argument.getValue().doubleValue();
                case "use_clipped_model_output" -> fromClipped = argument.getValue().booleanValue();
                default -> throw new IllegalArgumentException("argument " + argument.getKey() + " of step");
            }
        }
        if (config.solver() instanceof Ddim d) {
            return config.with(new Ddim(eta, d.clip(), d.spacing(), d.stepsOffset(), d.alphaToOne(), fromClipped));
        }
        if (eta != 0 || fromClipped) {
            throw new IllegalArgumentException("arguments of step " + c.get("step") + " with " + c.get("scheduler"));
        }
        return config;
    }

    /**
     * torch rounds each β to float32, off by some units of the largest β's rounding, then each factor 1 − β, then each product.
     * Rescaled schedules end in a difference of nearly equal numbers, so √ᾱ is compared absolutely there.
     */
    private static void checkAlphaBar(NoiseSchedule ours, boolean solver, float[] theirs) {
        assertEquals(ours.T(), theirs.length);
        double largest = 0;
        for (double beta : ours.configuredBetas()) {
            largest = Math.max(largest, beta);
        }
        double bound = 0;
        double[] beta = ours.configuredBetas();
        for (int t = 0; t < theirs.length; t++) {
            bound += ROUNDING * (2 + 4 * largest / (1 - beta[t]));
            double a = ours.alphaBar(t);
            if (!ours.zeroTerminalSnr()) {
                assertEquals(a, theirs[t], bound * a, "alphaBar " + t);
            } else if (!(solver && t == theirs.length - 1)) { // where diffusers puts 2^-24 in place of 0
                assertEquals(Math.sqrt(a), Math.sqrt(theirs[t]), bound, "root of alphaBar " + t);
            }
        }
    }

    private static double[] model(double[] x, double t) {
        double[] out = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            out[i] = 0.6 * x[i] + 0.3 * Math.sin(3 * x[i]) * (1 + t / 1000.0);
        }
        return out;
    }

    /** Row {@code i} of rows of {@code n}; all of it for n = −1. */
    private static double[] doubles(float[] values, int i, int n) {
        int length = n < 0 ? values.length : n;
        double[] out = new double[length];
        for (int j = 0; j < length; j++) {
            out[j] = values[i * length + j];
        }
        return out;
    }

    private static double square(double x) {
        return x * x;
    }

    private static DiscreteProcess discrete(SchedulerConfig config) {
        return (DiscreteProcess) config.process();
    }
}
