package sirocco.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sirocco.api.Device;
import sirocco.data.DataException;
import sirocco.folder.ClassLabels;
import sirocco.io.MalformedFileException;
import sirocco.nn.NonFiniteException;
import sirocco.pipeline.DiffusionModel;

class TrainerTest {
    @TempDir
    Path folder;

    @Test
    void aResumedRunHasTheBitsOfOneThatWasNotInterrupted() throws IOException {
        Path whole = folder.resolve("whole");
        Tiny.train(whole, Tiny.config(), 2);
        Path parts = folder.resolve("parts");
        Tiny.train(parts, Tiny.config(c -> c.withRun(r -> r.withSteps(2))), 2);
        Tiny.train(parts, Tiny.config(c -> c.withRun(r -> r.withSteps(3))), 1);
        Tiny.train(parts, Tiny.config(), 2);
        Tiny.assertSameCheckpoint(Tiny.checkpoint(whole, 6), Tiny.checkpoint(parts, 6));
        assertEquals(List.of(1L, 2L, 3L, 4L, 5L, 6L), new Metrics(parts).read().stream().map(Metrics.Line::step).toList());
        for (int i = 0; i < 6; i++) {
            assertEquals(new Metrics(whole).read().get(i).loss(), new Metrics(parts).read().get(i).loss());
        }
    }

    /** Until the layout of a pipeline, a checkpoint had all its files in one folder. */
    @Test
    void aCheckpointOfTheFlatLayoutIsResumed() throws IOException {
        Path whole = folder.resolve("whole");
        Tiny.train(whole, Tiny.config(c -> c.withRun(r -> r.withSteps(3))), 1);
        Path parts = folder.resolve("parts");
        Tiny.train(parts, Tiny.config(c -> c.withRun(r -> r.withSteps(2))), 1);
        Path old = Tiny.checkpoint(parts, 2);
        Files.delete(old.resolve("model_index.json"));
        for (String file : List.of("unet/config.json", "unet/diffusion_pytorch_model.safetensors", "scheduler/scheduler_config.json")) {
            Files.move(old.resolve(file), old.resolve(Path.of(file).getFileName()));
        }
        Files.delete(old.resolve("unet"));
        Files.delete(old.resolve("scheduler"));
        assertEquals(Tiny.classes() + 1, DiffusionModel.load(old).config().numClassEmbeds().orElseThrow());
        Tiny.train(parts, Tiny.config(c -> c.withRun(r -> r.withSteps(3))), 1);
        Tiny.assertSameCheckpoint(Tiny.checkpoint(whole, 3), Tiny.checkpoint(parts, 3));
    }

    @Test
    void aCheckpointKeepsTheNamesOfTheClasses() throws IOException {
        Tiny.train(folder.resolve("drop"), Tiny.config(c -> c.withRun(r -> r.withSteps(1))), 1);
        ClassLabels labels = DiffusionModel.load(Tiny.checkpoint(folder.resolve("drop"), 1)).labels();
        assertEquals(Tiny.classes(), labels.names().size());
        assertEquals("disc", labels.names().get(0));
        assertEquals(OptionalInt.of(Tiny.classes()), labels.nullClass());
        Tiny.train(folder.resolve("keep"), Tiny.config(c -> c.withRun(r -> r.withSteps(1)).withObjective(o -> o.withLabelDrop(0))), 1);
        assertEquals(OptionalInt.empty(), DiffusionModel.load(Tiny.checkpoint(folder.resolve("keep"), 1)).labels().nullClass(), "no class was trained as null");
        Tiny.train(folder.resolve("none"), Tiny.config(c -> c.withRun(r -> r.withSteps(1)).withNetwork(n -> n.withClassConditional(false))), 1);
        assertEquals(ClassLabels.NONE, DiffusionModel.load(Tiny.checkpoint(folder.resolve("none"), 1)).labels());
    }

    @Test
    void anotherSeedGivesAnotherModel() throws IOException {
        Tiny.train(folder.resolve("a"), Tiny.config(c -> c.withRun(r -> r.withSteps(1))), 1);
        Tiny.train(folder.resolve("b"), Tiny.config(c -> c.withRun(r -> r.withSteps(1).withSeed(6))), 1);
        byte[] a = Files.readAllBytes(Tiny.checkpoint(folder.resolve("a"), 1).resolve("trainer.safetensors"));
        byte[] b = Files.readAllBytes(Tiny.checkpoint(folder.resolve("b"), 1).resolve("trainer.safetensors"));
        assertEquals(a.length, b.length);
        assertNotEquals(java.util.Arrays.hashCode(a), java.util.Arrays.hashCode(b));
    }

    @Test
    void onlyTheLastCheckpointsAreKept() throws IOException {
        Tiny.train(folder, Tiny.config(c -> c.withRun(r -> r.withKeep(2).withSaveEvery(1))), 1);
        assertEquals(List.of(5L, 6L), new Checkpoints(folder).list().stream().map(Checkpoints.Entry::step).toList());
    }

    @Test
    void theLossFalls() throws IOException {
        Tiny.train(folder, Tiny.config(c -> c.withRun(r -> r.withSteps(60).withSaveEvery(0)).withData(d -> d.withBatch(16))
                .withOptimizer(o -> o.withLearningRate(3e-3)).withNetwork(n -> n.withUnet(u -> u.withDropout(0)))), 2);
        List<Metrics.Line> lines = new Metrics(folder).read();
        double first = lines.subList(0, 5).stream().mapToDouble(Metrics.Line::loss).average().orElseThrow();
        double last = lines.subList(50, 60).stream().mapToDouble(Metrics.Line::loss).average().orElseThrow();
        assertTrue(last < 0.7 * first, first + " → " + last);
    }

    @Test
    void aLossThatIsNoNumberStopsTrainingAndLeavesTheCheckpoints() throws IOException {
        TrainConfig wild = Tiny.config(c -> c.withOptimizer(o -> o.withLearningRate(1e30).withClipNorm(0).withWarmup(0)).withRun(r -> r.withSaveEvery(1)));
        var e = assertThrows(NonFiniteException.class, () -> Tiny.train(folder, wild, 1));
        assertTrue(e.getMessage().matches("(?s)step \\d+: loss is .*first bad numbers are in \\w+ \".+\": \\d+ of \\d+ elements.*last checkpoint is .*"),
                e.getMessage());
        Checkpoints.Entry latest = new Checkpoints(folder).latest().orElseThrow();
        try (Device device = Tiny.device(1); TrainSetup setup = TrainSetup.of(wild); Trainer trainer = new Trainer(setup, device)) {
            trainer.resume(latest.folder());
            assertEquals(latest.step(), trainer.step());
        }
    }

    @Test
    void anImageThatCannotBeReadCostsNoStep() throws IOException {
        TrainConfig config = Tiny.config(c -> c.withRun(r -> r.withSaveEvery(0)));
        Tiny.train(folder.resolve("whole"), config, 1);
        Path run = folder.resolve("run");
        try (Device device = Tiny.device(1); TrainSetup good = TrainSetup.of(config)) {
            TrainSetup bad = new TrainSetup(config, new Tiny.Failing(good.data(), new AtomicInteger(7)), good.model(), good.process());
            try (Trainer trainer = new Trainer(bad, device)) {
                trainer.start();
                var e = assertThrows(DataException.class, () -> trainer.train(run, new TrainListener() { }, () -> false));
                assertTrue(e.getMessage().contains("seven.png") && e.getMessage().contains("after step 2") && e.getMessage().contains("--resume " + run),
                        e.getMessage());
            }
        }
        assertEquals(2, new Checkpoints(run).latest().orElseThrow().step(), "the third batch of three failed");
        Tiny.train(run, config, 1);
        Tiny.assertSameCheckpoint(Tiny.checkpoint(folder.resolve("whole"), 6), Tiny.checkpoint(run, 6));
    }

    private static void train(Path run, TrainConfig config, DataPlace place) throws IOException {
        try (Device device = Tiny.device(2); TrainSetup setup = Tiny.few(config); Trainer trainer = new Trainer(setup, device, place)) {
            assertEquals(place == DataPlace.DEVICE, trainer.dataOnDevice(), "a CPU has no memory of its own");
            var latest = new Checkpoints(run).latest();
            if (latest.isPresent()) {
                trainer.resume(latest.get().folder());
            } else {
                trainer.start();
            }
            trainer.train(run, new TrainListener() { }, () -> false);
        }
    }

    @Test
    void theDatasetOnTheDeviceGivesTheSameBits() throws IOException {
        Path host = folder.resolve("host");
        Path onDevice = folder.resolve("device");
        train(host, Tiny.config(), DataPlace.HOST);
        train(onDevice, Tiny.config(c -> c.withRun(r -> r.withSteps(4))), DataPlace.DEVICE);
        train(onDevice, Tiny.config(), DataPlace.DEVICE);
        Tiny.assertSameCheckpoint(Tiny.checkpoint(host, 6), Tiny.checkpoint(onDevice, 6));
        train(host, Tiny.config(c -> c.withRun(r -> r.withSteps(7))), DataPlace.AUTO);
    }

    @Test
    void whatHasNoEndCannotLieOnTheDevice() throws IOException {
        try (Device device = Tiny.device(1); TrainSetup setup = TrainSetup.of(Tiny.config())) {
            var e = assertThrows(IllegalArgumentException.class, () -> new Trainer(setup, device, DataPlace.DEVICE));
            assertTrue(e.getMessage().contains("shapes8") && e.getMessage().contains("no end"), e.getMessage());
        }
    }

    /** Steps that nobody looks at after each: the bad one is named all the same, and its numbers were found by running it again. */
    @Test
    void aBadLossIsTheSameHoweverLateItIsLookedFor() {
        TrainConfig wild = Tiny.config(c -> c.withOptimizer(o -> o.withLearningRate(1e30).withClipNorm(0).withWarmup(0)).withRun(r -> r.withSaveEvery(0)));
        String atOnce = assertThrows(NonFiniteException.class,
                () -> Tiny.train(folder.resolve("a"), wild.withRun(r -> r.withLogEvery(1)), 1)).getMessage();
        String late = assertThrows(NonFiniteException.class,
                () -> Tiny.train(folder.resolve("b"), wild.withRun(r -> r.withLogEvery(100)), 1)).getMessage();
        assertEquals(atOnce, late);
        assertTrue(late.contains("the first bad numbers are in ") && !late.contains("did not show again"), late);
    }

    /** One more checkpoint of a model that is about to burst would push out the last that is good. */
    @Test
    void aLossThatIsNoNumberPushesOutNoCheckpoint() throws IOException {
        Tiny.train(folder, Tiny.config(c -> c.withRun(r -> r.withKeep(1).withSteps(1))), 1);
        byte[] good = Files.readAllBytes(Tiny.checkpoint(folder, 1).resolve("trainer.safetensors"));
        TrainConfig wild = Tiny.config(c -> c.withRun(r -> r.withKeep(1).withSaveEvery(0)).withOptimizer(o -> o.withLearningRate(1e30).withClipNorm(0)));
        assertThrows(NonFiniteException.class, () -> Tiny.train(folder, wild, 1));
        assertEquals(1, new Checkpoints(folder).latest().orElseThrow().step());
        assertArrayEquals(good, Files.readAllBytes(Tiny.checkpoint(folder, 1).resolve("trainer.safetensors")));
    }

    @Test
    void aCheckpointOfAnotherModelIsRefused() throws IOException {
        Tiny.train(folder, Tiny.config(c -> c.withRun(r -> r.withSteps(1))), 1);
        TrainConfig other = Tiny.config(c -> c.withNetwork(n -> n.withUnet(u -> u.withBlockOutChannels(List.of(8, 24)))));
        try (Device device = Tiny.device(1); TrainSetup setup = TrainSetup.of(other); Trainer trainer = new Trainer(setup, device)) {
            var e = assertThrows(MalformedFileException.class, () -> trainer.resume(Tiny.checkpoint(folder, 1)));
            assertTrue(e.getMessage().contains("trainer.safetensors") && e.getMessage().contains("shape"), e.getMessage());
        }
    }

    @Test
    void aTruncatedCheckpointIsRefused() throws IOException {
        Tiny.train(folder, Tiny.config(c -> c.withRun(r -> r.withSteps(1))), 1);
        Path file = Tiny.checkpoint(folder, 1).resolve("trainer.safetensors");
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length / 2));
        assertThrows(MalformedFileException.class, () -> Tiny.train(folder, Tiny.config(), 1));
    }
}
