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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sirocco.api.Device;
import sirocco.io.MalformedFileException;
import sirocco.model.NonFiniteException;

class TrainerTest {
    private static final List<String> FILES = List.of("trainer.safetensors", "diffusion_pytorch_model.safetensors", "config.json", "scheduler_config.json");

    @TempDir
    Path folder;

    private static void assertSameCheckpoint(Path a, Path b) throws IOException {
        for (String file : FILES) {
            assertArrayEquals(Files.readAllBytes(a.resolve(file)), Files.readAllBytes(b.resolve(file)), file);
        }
    }

    private static Path checkpoint(Path run, long step) {
        return run.resolve("checkpoints").resolve("step-%08d".formatted(step));
    }

    @Test
    void aResumedRunHasTheBitsOfOneThatWasNotInterrupted() throws IOException {
        Path whole = folder.resolve("whole");
        Tiny.train(whole, Tiny.config("{}"), 2);
        Path parts = folder.resolve("parts");
        Tiny.train(parts, Tiny.config("{\"steps\": 2}"), 2);
        Tiny.train(parts, Tiny.config("{\"steps\": 3}"), 1);
        Tiny.train(parts, Tiny.config("{}"), 2);
        assertSameCheckpoint(checkpoint(whole, 6), checkpoint(parts, 6));
        assertEquals(List.of(1L, 2L, 3L, 4L, 5L, 6L), new Metrics(parts).read().stream().map(Metrics.Line::step).toList());
        for (int i = 0; i < 6; i++) {
            assertEquals(new Metrics(whole).read().get(i).loss(), new Metrics(parts).read().get(i).loss());
        }
    }

    @Test
    void anotherSeedGivesAnotherModel() throws IOException {
        Tiny.train(folder.resolve("a"), Tiny.config("{\"steps\": 1}"), 1);
        Tiny.train(folder.resolve("b"), Tiny.config("{\"steps\": 1, \"seed\": 6}"), 1);
        byte[] a = Files.readAllBytes(checkpoint(folder.resolve("a"), 1).resolve("trainer.safetensors"));
        byte[] b = Files.readAllBytes(checkpoint(folder.resolve("b"), 1).resolve("trainer.safetensors"));
        assertEquals(a.length, b.length);
        assertNotEquals(java.util.Arrays.hashCode(a), java.util.Arrays.hashCode(b));
    }

    @Test
    void onlyTheLastCheckpointsAreKept() throws IOException {
        Tiny.train(folder, Tiny.config("{\"keep\": 2, \"saveEvery\": 1}"), 1);
        assertEquals(List.of(5L, 6L), new Checkpoints(folder).list().stream().map(Checkpoints.Entry::step).toList());
    }

    @Test
    void theLossFalls() throws IOException {
        Tiny.train(folder, Tiny.config("{\"steps\": 60, \"batch\": 16, \"learningRate\": 3e-3, \"saveEvery\": 0, \"dropout\": 0}"), 2);
        List<Metrics.Line> lines = new Metrics(folder).read();
        double first = lines.subList(0, 5).stream().mapToDouble(Metrics.Line::loss).average().orElseThrow();
        double last = lines.subList(50, 60).stream().mapToDouble(Metrics.Line::loss).average().orElseThrow();
        assertTrue(last < 0.7 * first, first + " → " + last);
    }

    @Test
    void aLossThatIsNoNumberStopsTrainingAndLeavesTheCheckpoints() throws IOException {
        TrainConfig wild = Tiny.config("{\"learningRate\": 1e30, \"clipNorm\": 0, \"warmup\": 0, \"saveEvery\": 1}");
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
    void aCheckpointOfAnotherModelIsRefused() throws IOException {
        Tiny.train(folder, Tiny.config("{\"steps\": 1}"), 1);
        TrainConfig other = Tiny.config("{\"blockOutChannels\": [8, 24]}");
        try (Device device = Tiny.device(1); TrainSetup setup = TrainSetup.of(other); Trainer trainer = new Trainer(setup, device)) {
            var e = assertThrows(MalformedFileException.class, () -> trainer.resume(checkpoint(folder, 1)));
            assertTrue(e.getMessage().contains("trainer.safetensors") && e.getMessage().contains("shape"), e.getMessage());
        }
    }

    @Test
    void aTruncatedCheckpointIsRefused() throws IOException {
        Tiny.train(folder, Tiny.config("{\"steps\": 1}"), 1);
        Path file = checkpoint(folder, 1).resolve("trainer.safetensors");
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length / 2));
        assertThrows(MalformedFileException.class, () -> Tiny.train(folder, Tiny.config("{}"), 1));
    }
}
