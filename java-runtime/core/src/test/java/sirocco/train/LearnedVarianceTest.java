package sirocco.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sirocco.api.Device;
import sirocco.data.Samples;
import sirocco.diffusion.ClassifierFree;
import sirocco.diffusion.Guide;
import sirocco.diffusion.Programs;
import sirocco.diffusion.SchedulerConfig;
import sirocco.diffusion.SolverProgram;
import sirocco.diffusion.VarianceHead;
import sirocco.nn.NetworkConfig;
import sirocco.pipeline.DiffusionModel;
import sirocco.pipeline.OutputChannels;
import sirocco.sample.ImageSampler;

/** Training a variance by the variational bound, and what its folder says (Nichol &amp; Dhariwal 2021). */
class LearnedVarianceTest {
    @TempDir
    Path folder;

    private static TrainConfig config(String objective, String variance) {
        return Tiny.config(c -> c.withObjective(o -> o.withKind(objective).withVariance(variance)));
    }

    private static DiffusionModel last(Path run) throws IOException {
        return DiffusionModel.load(new Checkpoints(run).latest().orElseThrow().folder());
    }

    /** The folder says what was trained, opens, resumes, and is sampled by solvers that read the variance and by others, with guidance too. */
    @ParameterizedTest
    @CsvSource({"hybrid, learned_range, LEARNED_RANGE", "hybrid, learned, LEARNED_LOG", "vlb, learned_range, LEARNED_RANGE"})
    void trainsSavesAndSamples(String objective, String variance, VarianceHead head) throws IOException {
        TrainConfig config = config(objective, variance);
        Tiny.train(folder, config, 2);
        DiffusionModel model = last(folder);
        assertEquals(6, model.config().outChannels());
        SchedulerConfig scheduler = SchedulerConfig.parse(model.schedulerJson().orElseThrow());
        assertEquals(Optional.of(head), scheduler.process().varianceHead());
        assertEquals("ddpm-learned", scheduler.solver().name());
        for (String solver : List.of("ddpm-learned", "ddpm", "ddim", "dpm++2m", "euler-a", "heun")) {
            SolverProgram program = Programs.of(solver, scheduler.process(), 5);
            try (Device device = Tiny.device(1); ImageSampler sampler = new ImageSampler(device, model.config().network(), program, 2,
                    ClassifierFree.of(1.5, Optional.empty())).load(model.weights())) {
                sampler.begin(1, 0, Samples.ofLabels(i -> i));
                assertTrue(sampler.finish(() -> false));
                assertEquals(3, sampler.shape().c());
                for (float f : sampler.read()) {
                    assertTrue(Float.isFinite(f), solver);
                }
            }
        }
        try (TrainSetup again = TrainSetup.of(config.withFrom(new Checkpoints(folder).latest().orElseThrow().folder().toString()))) {
            assertEquals(model.config(), again.model().config());
            assertTrue(scheduler.process().sameNoise(again.process()));
            assertEquals(Optional.of(head), again.process().varianceHead());
        }
        TrainConfig other = config.withFrom(new Checkpoints(folder).latest().orElseThrow().folder().toString()).withObjective(o -> o.withVariance("fixed"));
        assertTrue(refused(other).matches("objective.variance: .*expected " + head.text() + ", got fixed.*"), refused(other));
    }

    /** The loss is the sum of its parts, and both parts are those of the whole batch. */
    @Test
    void partsAreLoggedWithMicroBatchesToo() throws IOException {
        TrainConfig config = config("hybrid", "learned_range").withData(d -> d.withBatch(6)).withRun(r -> r.withSteps(2).withLogEvery(1));
        Tiny.train(folder.resolve("whole"), config, 1);
        Tiny.train(folder.resolve("parts"), config.withData(d -> d.withMicroBatch(2)), 1);
        Metrics.Line whole = new Metrics(folder.resolve("whole")).read().getFirst();
        Metrics.Line parts = new Metrics(folder.resolve("parts")).read().getFirst();
        assertEquals(Set.of("simple", "vlb"), whole.parts().keySet());
        assertEquals(whole.loss(), whole.parts().get("simple") + 0.001 * whole.parts().get("vlb"), 1e-6 * whole.loss());
        assertEquals(whole.loss(), parts.loss(), 1e-4 * whole.loss());
        whole.parts().forEach((name, v) -> assertEquals(v, parts.parts().get(name), 1e-4 * v, name));
    }

    /** An untrained range is half way between the extremes; the mean of a fixed variance is trained by the bound too. */
    @ParameterizedTest
    @ValueSource(strings = {"learned_range", "fixed"})
    void theBoundFalls(String variance) throws IOException {
        Tiny.train(folder, config("vlb", variance).withOptimizer(o -> o.withLearningRate(2e-3)).withData(d -> d.withBatch(8))
                .withRun(r -> r.withSteps(80).withSaveEvery(0)), 2);
        List<Metrics.Line> lines = new Metrics(folder).read();
        double first = lines.subList(0, 10).stream().mapToDouble(l -> l.parts().get("vlb")).average().orElseThrow();
        double end = lines.subList(70, 80).stream().mapToDouble(l -> l.parts().get("vlb")).average().orElseThrow();
        assertTrue(Double.isFinite(first) && end < 0.8 * first, first + " → " + end);
    }

    /** The bound trains the variance alone in the hybrid loss: with weight 0.001 or 1000 the mean's half of the last convolution is the same. */
    @Test
    void theBoundDoesNotMoveTheMeanOfTheHybrid() throws IOException {
        TrainConfig config = config("hybrid", "learned_range").withRun(r -> r.withSteps(1)).withOptimizer(o -> o.withClipNorm(0));
        Tiny.train(folder.resolve("a"), config, 1);
        Tiny.train(folder.resolve("b"), config.withObjective(o -> o.withVlbWeight(1000)), 1);
        float[] a = last(folder.resolve("a")).weights().get("conv_out.bias");
        float[] b = last(folder.resolve("b")).weights().get("conv_out.bias");
        for (int i = 0; i < 3; i++) {
            assertEquals(a[i], b[i], 1e-9);
        }
    }

    private static String refused(TrainConfig config) {
        return assertThrows(IllegalArgumentException.class, () -> TrainSetup.of(config).close()).getMessage();
    }

    @Test
    void whatDoesNotFitIsRefused() {
        String message = refused(config("hybrid", "fixed"));
        assertTrue(message.matches("objective.kind: hybrid: .*variance.*expected .*learned_range.*got fixed.*"), message);
        message = refused(config("simple", "learned_range"));
        assertTrue(message.matches("objective.kind: simple: .*expected objective.variance fixed, got learned_range.*"), message);
        message = refused(config("vlb", "learned_rage"));
        assertTrue(message.matches("objective.variance: .*expected fixed, learned_range or learned, got learned_rage.*"), message);
        TrainConfig edm = config("hybrid", "fixed").withProcess(p -> p.withTimesteps(1000).withType("edm"));
        message = refused(edm);
        assertTrue(message.matches("objective.kind: hybrid: .*discrete.*"), message);
        message = refused(edm.withObjective(o -> o.withVariance("learned_range")));
        assertTrue(message.matches("objective.variance: .*edm.*"), message);
        message = refused(config("vlb", "fixed").withProcess(p -> p.withTimesteps(1)));
        assertTrue(message.contains("at least 2"), message);
        message = assertThrows(IllegalArgumentException.class, () -> config("simple", "fixed").withObjective(o -> o.withVlbWeight(0.1))).getMessage();
        assertTrue(message.contains("objective.vlbWeight"), message);
    }

    /** A network and a scheduler of two folders. */
    @Test
    void aHeadThatDoesNotFitIsRefused() throws IOException {
        try (TrainSetup fixed = TrainSetup.of(config("simple", "fixed")); TrainSetup learned = TrainSetup.of(config("hybrid", "learned_range"))) {
            NetworkConfig three = fixed.model().config();
            NetworkConfig six = learned.model().config();
            OutputChannels.check("folder", three, fixed.process());
            OutputChannels.check("folder", six, learned.process());
            String message = assertThrows(IllegalArgumentException.class, () -> OutputChannels.check("folder", three, learned.process())).getMessage();
            assertTrue(message.matches("folder: variance_type is learned_range.*expected 6.*got 3.*"), message);
            message = assertThrows(IllegalArgumentException.class, () -> OutputChannels.check("folder", six, fixed.process())).getMessage();
            assertTrue(message.matches("folder: variance_type is fixed.*expected 3.*got 6.*"), message);
            SolverProgram program = Programs.of("ddpm-learned", learned.process(), 3);
            try (Device device = Tiny.device(1)) {
                message = assertThrows(IllegalArgumentException.class, () -> new ImageSampler(device, fixed.model(), program, 1, Guide.NONE)).getMessage();
                assertTrue(message.contains("expected 6 output channels, got 3"), message);
            }
        }
    }
}
