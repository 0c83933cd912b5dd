package sirocco.sample;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sirocco.api.Backends;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.GraphBuilder;
import sirocco.api.Philox;
import sirocco.api.Settings;
import sirocco.api.Shape;
import sirocco.data.Samples;
import sirocco.diffusion.BetaSchedule;
import sirocco.diffusion.ClassifierFree;
import sirocco.diffusion.DiscreteProcess;
import sirocco.diffusion.ForwardProcess;
import sirocco.diffusion.Guide;
import sirocco.diffusion.HostInputs;
import sirocco.diffusion.KarrasProcess;
import sirocco.diffusion.NoiseSchedule;
import sirocco.diffusion.Prediction;
import sirocco.diffusion.Programs;
import sirocco.diffusion.SamplingMethod;
import sirocco.diffusion.ScalarDriver;
import sirocco.diffusion.Solver;
import sirocco.diffusion.SolverDriver;
import sirocco.nn.WeightArrays;
import sirocco.nn.Weights;
import sirocco.nn.classifier.NoisyClassifierConfig;
import sirocco.nn.unet.UNetConfig;

/** Sampling that the host drives. */
class DriverChainsTest {
    private static final long SEED = 0x77_1234_5678L;
    private static final UNetConfig UNET = UNetConfig.builder().size(4).channels(2).blockOutChannels(8).layersPerBlock(1).normNumGroups(4).numClassEmbeds(5).build();
    private static final NoisyClassifierConfig CLASSIFIER = new NoisyClassifierConfig(UNET.toBuilder().numClassEmbeds(0).build(), 4);
    private static final Samples LABELS = Samples.ofLabels(i -> i % 4);

    /** A batch of another size may be rounded otherwise, which moves steps a little; what a step's error is bounded by is 1e-5. */
    private static final float CLOSE = 1e-5f;

    private static final Shape SHAPE = new Shape(3, 4, 3, 2);

    private static ForwardProcess process(String name) {
        return name.equals("edm") ? new KarrasProcess(0.5, 0.02, 10, -1.2, 1.2, false)
                : new DiscreteProcess(NoiseSchedule.of(BetaSchedule.LINEAR, 100), Prediction.parse(name));
    }

    private static SolverDriver driver(String text, ForwardProcess process) {
        return (SolverDriver) Solver.parse(text).method(process, OptionalInt.empty());
    }

    private static Device device() {
        return Backends.choose("cpu").open(new Settings(2, 0, Settings.Precision.F32));
    }

    /** Weights whose network's output depends on its input: layers that start near zero are moved off it. */
    private static Weights awake() {
        Weights w = WeightArrays.copyOf(Weights.initial(UNET, 1));
        for (String name : w.names()) {
            float[] a = w.get(name);
            for (int i = 0; i < a.length; i++) {
                a[i] += 0.05f * (float) Math.sin(1 + i * 0.7 + name.length());
            }
        }
        return w;
    }

    private record Drawn(float[] images, int[] evaluations) { }

    private static Drawn draw(Device device, SamplingMethod method, int num, int batch, Guide guide) {
        try (ImageSampler s = new ImageSampler(device, UNET.network(), method, batch, guide).load(awake())) {
            int each = (int) s.shape().imageElements();
            Drawn drawn = new Drawn(new float[num * each], new int[num]);
            for (int done = 0; done < num; done += batch) {
                s.begin(SEED, done, LABELS);
                assertTrue(s.finish(() -> false));
                int now = Math.min(batch, num - done);
                System.arraycopy(s.read(), 0, drawn.images, done * each, now * each);
                for (int i = 0; i < now; i++) {
                    drawn.evaluations[done + i] = s.evaluations(i);
                }
            }
            return drawn;
        }
    }

    /** A network of SiLU, in float32 on a device and in double precision. */
    @ParameterizedTest
    @ValueSource(strings = {"epsilon", "v_prediction", "edm"})
    void computesWhatTheScalarDriverDoes(String name) {
        SolverDriver driver = driver("rk45:rtol=1e-4,atol=1e-4", process(name));
        int each = (int) SHAPE.imageElements();
        float[] start = new float[SHAPE.n() * each];
        for (int i = 0; i < SHAPE.n(); i++) {
            Philox.normals(SEED, i, 0, Philox.INITIAL, start, i * each, each);
        }
        for (int i = 0; i < start.length; i++) {
            start[i] *= (float) driver.start();
        }
        GraphBuilder g = new GraphBuilder();
        HostInputs inputs = new HostInputs();
        DriverStep step = DriverStep.record(g, inputs, driver, SHAPE, SHAPE.n(), (x, t, tables) ->
                new SolverStep.Output(g.in("network", () -> g.silu(g.add(x, g.scale(t, 0.01)))), Optional.empty()));
        float[] ours = new float[start.length];
        DriverChains chains = new DriverChains(driver, step);
        try (Device device = device(); Executable e = device.load(device.plan(g.build()))) {
            inputs.writeTables(e);
            e.write(step.registers().getFirst(), start);
            chains.begin(e, 0, start);
            assertTrue(chains.finish(() -> false));
            e.read(step.registers().getFirst(), ours);
        }
        for (int i = 0; i < SHAPE.n(); i++) {
            double[] x = new double[each];
            int first = i * each;
            Arrays.setAll(x, e -> start[first + e]);
            ScalarDriver scalar = new ScalarDriver(driver, i, x);
            double[] expected = scalar.finish((in, level) -> Arrays.stream(in).map(v -> v + 0.01 * level.time()).map(v -> v / (1 + Math.exp(-v))).toArray());
            assertEquals(scalar.evaluations(), chains.evaluations(i), "evaluations of image " + i);
            double largest = Math.max(1, Arrays.stream(expected).map(Math::abs).max().orElseThrow());
            for (int e = 0; e < each; e++) {
                assertEquals(expected[e], ours[first + e], 1e-4 * largest, "image " + i);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"epsilon", "edm"})
    void anImageDoesNotDependOnItsBatch(String name) {
        SolverDriver driver = driver("rk45", process(name));
        Guide guide = ClassifierFree.of(1.5, Optional.empty());
        try (Device device = device()) {
            Drawn together = draw(device, driver, 5, 5, guide);
            assertNotEquals(1, Arrays.stream(together.evaluations).distinct().count(), "images take their own steps: " + Arrays.toString(together.evaluations));
            for (int batch = 1; batch < 4; batch++) {
                Drawn parts = draw(device, driver, 5, batch, guide);
                assertArrayEquals(together.evaluations, parts.evaluations, "batch " + batch);
                assertArrayEquals(together.images, parts.images, CLOSE, "batch " + batch);
            }
        }
    }

    /** Both kinds of solvers follow one ODE, whatever the guide. */
    @ParameterizedTest
    @CsvSource({"epsilon, none", "epsilon, free", "edm, none", "edm, free", "epsilon, classifier", "edm, both"})
    void agreesWithManySmallStepsOfHeun(String name, String guidance) {
        ForwardProcess process = process(name);
        Weights classifier = WeightArrays.copyOf(Weights.initial(CLASSIFIER, 2));
        float[] last = classifier.get("out.weight");
        for (int i = 0; i < last.length; i++) {
            last[i] *= 20; // an untrained network is almost indifferent to its input
        }
        Guide guide = switch (guidance) {
            case "none" -> Guide.NONE;
            case "free" -> ClassifierFree.of(2, Optional.empty());
            case "classifier" -> new ClassifierGuide(Guide.NONE, classifier, 3);
            default -> new ClassifierGuide(ClassifierFree.of(2, Optional.empty()), classifier, 3);
        };
        // At most as many steps as the discrete process has timesteps. Leading ones start at the deviation of data of unit variance.
        SamplingMethod heun = Programs.of("heun:clip=none,spacing=leading,sigmas=karras", process, Math.min(process.mostSteps(), 300));
        try (Device device = device()) {
            Drawn small = draw(device, heun, 3, 3, guide);
            Drawn adaptive = draw(device, driver("rk45:rtol=1e-4,atol=1e-4", process), 3, 3, guide);
            float largest = 1;
            for (float f : small.images) {
                largest = Math.max(largest, Math.abs(f));
            }
            assertArrayEquals(small.images, adaptive.images, 2e-3f * largest);
            if (!guidance.equals("none")) {
                Drawn plain = draw(device, driver("rk45:rtol=1e-4,atol=1e-4", process), 3, 3, Guide.NONE);
                float most = 0;
                for (int i = 0; i < plain.images.length; i++) {
                    most = Math.max(most, Math.abs(plain.images[i] - adaptive.images[i]));
                }
                assertTrue(most > 0.02 * largest, "guidance moves the images: " + most);
            }
        }
    }

    @Test
    void chainsMayBeStoppedAndWalkedStepByStep() {
        SolverDriver driver = driver("rk45", process("edm"));
        try (Device device = device(); ImageSampler s = new ImageSampler(device, UNET.network(), driver, 2, Guide.NONE).load(awake())) {
            assertEquals(OptionalInt.empty(), s.steps());
            s.begin(SEED, 0, LABELS);
            assertEquals(0, s.evaluations(0));
            assertTrue(s.finish(() -> false));
            float[] expected = s.read().clone();
            assertFalse(s.step(), "chains at their end stay there");
            assertArrayEquals(expected, s.read());
            s.begin(SEED, 0, LABELS);
            float[] before = s.read().clone();
            int steps = 1;
            while (s.step()) {
                assertFalse(Arrays.equals(before, s.read()), "each step changes an image");
                before = s.read().clone();
                steps++;
            }
            assertTrue(steps > 1 && 6 * steps <= Math.max(s.evaluations(0), s.evaluations(1)), steps + " steps");
            assertArrayEquals(expected, s.read());
            s.begin(SEED, 0, LABELS);
            int[] looks = {0};
            assertFalse(s.finish(() -> ++looks[0] > 3), "stopped at the fourth look");
            assertTrue(s.finish(() -> false), "and can go on");
            assertArrayEquals(expected, s.read());
        }
    }

    @Test
    void anImageBeyondTheLimitIsNamed() {
        SolverDriver driver = driver("rk45:limit=20", process("edm"));
        try (Device device = device(); ImageSampler s = new ImageSampler(device, UNET.network(), driver, 2, Guide.NONE).load(awake())) {
            s.begin(SEED, 40, LABELS);
            String message = assertThrows(IllegalStateException.class, () -> s.finish(() -> false)).getMessage();
            assertTrue(message.contains("image 40") && message.contains("limit 20"), message);
        }
    }
}
