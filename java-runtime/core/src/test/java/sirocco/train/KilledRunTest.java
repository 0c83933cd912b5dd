package sirocco.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Kills a training process without warning, again and again, while it writes a checkpoint at every step. */
@Execution(ExecutionMode.CONCURRENT)
class KilledRunTest {
    private static final int KILLS = 3;

    @TempDir
    Path run;

    /** The process that is killed. */
    public static void main(String[] args) throws IOException {
        Tiny.train(Path.of(args[0]), Tiny.config(c -> c.withRun(r -> r.withSteps(100_000).withSaveEvery(1))), 1);
    }

    @Test
    void theLastCheckpointIsAlwaysWhole() throws Exception {
        long reached = 0;
        for (int kill = 0; kill < KILLS; kill++) {
            Process process = start();
            try {
                await(process, reached + 2);
                // Somewhere in the middle of a step or of a file.
                Thread.sleep(7L * kill);
            } finally {
                process.destroyForcibly().waitFor();
            }
            Checkpoints.Entry latest = new Checkpoints(run).latest().orElseThrow();
            assertTrue(latest.step() >= reached + 2);
            reached = latest.step();
        }
        long steps = reached + 1;
        Tiny.train(run, Tiny.config(c -> c.withRun(r -> r.withSaveEvery(1).withSteps(steps))), 1);
        assertEquals(reached + 1, new Checkpoints(run).latest().orElseThrow().step());
        try (var left = Files.list(run.resolve("checkpoints"))) {
            assertEquals(List.of(), left.filter(p -> p.getFileName().toString().startsWith(".")).toList(), "half-written folders are swept away");
        }
    }

    private Process start() throws IOException {
        return new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "--add-modules=jdk.incubator.vector",
                "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), KilledRunTest.class.getName(), run.toString())
                .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    }

    private void await(Process process, long step) throws Exception {
        long deadline = System.nanoTime() + 120_000_000_000L;
        while (true) {
            Optional<Checkpoints.Entry> latest = new Checkpoints(run).latest();
            if (latest.isPresent() && latest.get().step() >= step) {
                return;
            }
            assertTrue(process.isAlive(), "the training process ended by itself with " + (process.isAlive() ? "" : process.exitValue()));
            assertTrue(System.nanoTime() < deadline, "no checkpoint of step " + step + " within two minutes");
            Thread.sleep(5);
        }
    }
}
