package sirocco.check;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Runs a stage's commands under one time limit, and ends them, with every process that they started, when it is over. */
final class StageRun {
    /** After SIGTERM a command has so long to write what it has. */
    static final Duration GRACE = Duration.ofSeconds(4);

    /**
     * How it went.
     *
     * @param exit status of the first command that failed; 0 if none did
     * @param cutOff whether the limit, or {@link #stop}, ended it
     */
    record Result(int exit, boolean cutOff, double seconds) { }

    private volatile Process process;
    private volatile boolean stopped;

    /**
     * Runs the commands in order; a failure does not keep the next ones from running. Their output goes to the end of {@code log}.
     *
     * @param limit for all of them together, the time to end them excluded
     */
    Result run(List<List<String>> commands, Path folder, Path log, Duration limit) throws IOException {
        long start = System.nanoTime();
        int exit = 0;
        boolean cutOff = false;
        for (List<String> command : commands) {
            long left = limit.toNanos() - (System.nanoTime() - start);
            if (stopped || left <= 0) {
                cutOff = true;
                break;
            }
            Files.writeString(log, "$ " + String.join(" ", command) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            int code;
            try {
                process = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile())).start();
                process.getOutputStream().close();
                code = await(left) ? process.exitValue() : -1;
            } catch (IOException e) { // no such program
                Files.writeString(log, e.getMessage() + "\n", StandardOpenOption.APPEND);
                code = 127;
            }
            if (code == -1) {
                cutOff = true;
                break;
            }
            exit = exit == 0 ? code : exit;
        }
        return new Result(exit, cutOff, (System.nanoTime() - start) * 1e-9);
    }

    /** Returns whether the process ended by itself. */
    private boolean await(long nanos) {
        Process mine = process;
        boolean ended = false;
        try {
            ended = mine.waitFor(nanos, TimeUnit.NANOSECONDS) && !stopped;
        } catch (InterruptedException e) {
            stopped = true;
        }
        if (!ended) {
            end(mine);
        }
        return ended;
    }

    private static void end(Process process) {
        List<ProcessHandle> started = process.descendants().toList(); // a parent that ends first leaves children that are no longer its own
        process.destroy();
        try {
            process.waitFor(GRACE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Stream.concat(started.stream(), process.descendants()).forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    /** Ends the command that is running, from another thread; no other one follows. */
    void stop() {
        stopped = true;
        Process now = process;
        if (now != null) {
            now.destroy();
        }
    }

    boolean stopped() {
        return stopped;
    }
}
