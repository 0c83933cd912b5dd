package sirocco.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointsTest {
    @TempDir
    Path run;

    private static void fill(Path folder) throws IOException {
        Files.writeString(folder.resolve("state"), folder.toString());
    }

    private List<Long> steps() throws IOException {
        return new Checkpoints(run).list().stream().map(Checkpoints.Entry::step).toList();
    }

    @Test
    void aFolderWithoutAnyHasNone() throws IOException {
        assertEquals(List.of(), steps());
        assertTrue(new Checkpoints(run).latest().isEmpty());
        assertTrue(new Checkpoints(run.resolve("not there")).latest().isEmpty());
    }

    @Test
    void theNewestAreKept() throws IOException {
        Checkpoints checkpoints = new Checkpoints(run);
        for (long step : new long[] {9, 10, 100_000_000, 200}) {
            checkpoints.add(step, 2, CheckpointsTest::fill);
        }
        assertEquals(List.of(200L, 100_000_000L), steps(), "by number, though the names' order is another");
        assertTrue(Files.exists(checkpoints.latest().orElseThrow().folder().resolve("state")));
    }

    @Test
    void aFailureLeavesTheOnesBefore() throws IOException {
        Checkpoints checkpoints = new Checkpoints(run);
        checkpoints.add(1, 1, CheckpointsTest::fill);
        String message = assertThrows(IOException.class, () -> checkpoints.add(2, 1, folder -> {
            fill(folder);
            throw new IOException("No space left on device");
        })).getMessage();
        assertTrue(message.contains("step-00000002") && message.contains("No space left") && message.contains("untouched"), message);
        assertEquals(List.of(1L), steps());
        try (var all = Files.list(run.resolve("checkpoints"))) {
            assertEquals(1, all.count(), "nothing half-written stays");
        }
    }

    @Test
    void otherThingsInTheFolderAreNoCheckpoints() throws IOException {
        Path folder = Files.createDirectory(run.resolve("checkpoints"));
        Files.writeString(folder.resolve("step-00000005"), "a file");
        for (String name : new String[] {"step-5", "best", ".step-00000006.1-1.tmp", "step-00000007.old"}) {
            Files.createDirectory(folder.resolve(name));
        }
        assertEquals(List.of(), steps());
    }
}
