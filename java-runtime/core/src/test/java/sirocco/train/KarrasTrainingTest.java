package sirocco.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sirocco.api.Device;
import sirocco.data.Samples;
import sirocco.diffusion.Guide;
import sirocco.diffusion.KarrasProcess;
import sirocco.diffusion.Programs;
import sirocco.diffusion.SchedulerConfig;
import sirocco.pipeline.DiffusionModel;
import sirocco.sample.ImageSampler;

/** Training and sampling with the process of Karras et al. 2022. */
class KarrasTrainingTest {
    @TempDir
    Path folder;

    private static TrainConfig config(int microBatch) {
        return Tiny.config(c -> c.withProcess(p -> p.withType("edm").withTimesteps(1000).withEdm(e -> e.withSigmaData(0.4))).withData(d -> d.withBatch(4).withMicroBatch(microBatch))
                .withRun(r -> r.withSteps(4).withSaveEvery(2)));
    }

    private static float[] weights(Path run) throws IOException {
        return DiffusionModel.load(new Checkpoints(run).latest().orElseThrow().folder()).weights().get("conv_in.weight");
    }

    @Test
    void aResumedRunGivesTheSameBits() throws IOException {
        Tiny.train(folder.resolve("whole"), config(0), 2);
        TrainConfig half = config(0).withRun(r -> r.withSteps(2));
        Tiny.train(folder.resolve("parts"), half, 1);
        Tiny.train(folder.resolve("parts"), config(0), 1);
        assertArrayEquals(weights(folder.resolve("whole")), weights(folder.resolve("parts")));
    }

    /** Noise levels are addressed by an image's number in the whole batch. Rounding differs, and by no more than a few units of float32. */
    @Test
    void microBatchesDrawTheSameNoiseLevels() throws IOException {
        TrainConfig one = config(0).withRun(r -> r.withSteps(1)).withNetwork(n -> n.withUnet(u -> u.withDropout(0)));
        Tiny.train(folder.resolve("whole"), one, 1);
        Tiny.train(folder.resolve("parts"), one.withData(d -> d.withMicroBatch(1)), 1);
        double whole = new Metrics(folder.resolve("whole")).read().getLast().loss();
        assertEquals(whole, new Metrics(folder.resolve("parts")).read().getLast().loss(), 1e-5 * whole);
        assertTrue(whole > 0.1, "a network that predicts almost nothing has a loss near 1: " + whole);
    }

    @Test
    void theFolderSaysWhatItWasTrainedWithAndIsSampled() throws IOException {
        Tiny.train(folder, config(0), 2);
        DiffusionModel model = DiffusionModel.load(new Checkpoints(folder).latest().orElseThrow().folder());
        SchedulerConfig scheduler = SchedulerConfig.parse(model.schedulerJson().orElseThrow());
        assertEquals(new KarrasProcess(0.4, 0.002, 80, -1.2, 1.2, false), scheduler.process());
        assertEquals("euler", scheduler.solver().name());
        for (String solver : List.of("heun", "euler-a")) {
            try (Device device = Tiny.device(1); ImageSampler sampler = new ImageSampler(device, model.config().network(),
                    Programs.of(solver, scheduler.process(), 4), 2, Guide.NONE).load(model.weights())) {
                sampler.begin(1, 0, Samples.ofLabels(i -> i));
                assertTrue(sampler.finish(() -> false));
                for (float f : sampler.read()) {
                    assertTrue(Float.isFinite(f) && Math.abs(f) < 10, "an untrained network leaves c_skip·x, which tends to 0: " + f);
                }
            }
        }
        String message = assertThrows(IllegalArgumentException.class, () -> Programs.of("ddim", scheduler.process(), 4)).getMessage();
        assertTrue(message.contains("ddim") && message.contains("heun"), message);
        try (TrainSetup setup = TrainSetup.of(config(0).withFrom(new Checkpoints(folder).latest().orElseThrow().folder().toString()))) {
            assertEquals(scheduler.process(), setup.process());
        }
    }

    @Test
    void settingsThatTheProcessDoesNotReadAreRefused() {
        for (UnaryOperator<ProcessOptions> change : List.<UnaryOperator<ProcessOptions>>of(p -> p.withSchedule("cosine"), p -> p.withTimesteps(50))) {
            String message = assertThrows(IllegalArgumentException.class, () -> config(0).withProcess(change)).getMessage();
            assertTrue(message.contains("process.type edm"), message);
        }
        String message = assertThrows(IllegalArgumentException.class, () -> config(0).withProcess(p -> p.withType("discrete"))).getMessage();
        assertTrue(message.contains("process.edm"), message);
    }

    @Test
    void aPredictionThatTheProcessLacksIsRefused() {
        TrainConfig sample = config(0).withObjective(o -> o.withPrediction("sample"));
        String message = assertThrows(IllegalArgumentException.class, () -> TrainSetup.of(sample)).getMessage();
        assertTrue(message.contains("objective.prediction: sample") && message.contains("expected epsilon"), message);
    }
}
