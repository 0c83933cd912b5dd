package sirocco.check;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import sirocco.check.Outcome.Verdict;

/**
 * Has the checks made by a process of its own, and by another one where that ended before its time: a kernel's fault leaves CUDA unusable to its process,
 * a kernel that waits for ever its host waiting, and a fault in native code takes the virtual machine along.
 */
final class Workers {
    /** Of processes that ended before their time, of one family of checks and of all. More say nothing new. */
    private static final int MOST_LOST_BY_A_FAMILY = 2;
    private static final int MOST_LOST = 60;

    /** Before a process's first check the driver may compile every kernel from PTX. */
    private static final Duration START = Duration.ofMinutes(10);

    /** Who is told. Calls come one at a time. */
    interface Listener {
        void device(String opened, String described);

        void part(String unit, int count);

        void at(int done);

        void outcome(Outcome outcome) throws IOException;

        /** Something that a worker, or what it runs in, has printed. */
        void said(String line);
    }

    private final List<String> arguments;
    private final Duration patience;
    private final Listener listener;
    private volatile boolean stopped;
    private volatile Process process;

    /**
     * @param arguments of the command line, to which a worker's are added
     * @param patience how long a check may take
     */
    Workers(List<String> arguments, Duration patience, Listener listener) {
        this.arguments = arguments;
        this.patience = patience;
        this.listener = listener;
    }

    /** How one process went. */
    private static final class Course {
        volatile Wire.Line begun;
        boolean ended;
        boolean done;
        volatile boolean late;
        int exit;
    }

    /**
     * Has all checks made.
     *
     * @return 0, or the exit code of a process that could not begin: it has said why
     */
    int run() throws IOException {
        int next = 0;
        Map<String, Integer> lostBy = new TreeMap<>();
        for (int lost = 0; lost <= MOST_LOST; lost++) {
            Course course = one(next, lostBy.entrySet().stream().filter(e -> e.getValue() >= MOST_LOST_BY_A_FAMILY).map(Map.Entry::getKey).toList());
            String end = course.late ? "was ended after " + patience.toSeconds() + " s without an answer (--patience)" : "ended with exit code " + course.exit;
            if (course.done || stopped) {
                return 0;
            }
            if (course.begun == null) {
                if (lost == 0 && !course.late) {
                    return course.exit == 0 ? 1 : course.exit;
                }
                listener.outcome(failed("process", "the rest", "the process that should have made these checks " + end + " before the first of them"));
                return 0;
            }
            next = course.begun.number() + 1;
            lostBy.merge(course.begun.group() + " " + course.begun.family(), 1, Integer::sum);
            if (!course.ended) {
                listener.outcome(failed(course.begun.group(), course.begun.name(), "the process " + end + "; the checks that follow have another one"));
            } else if (course.exit != CheckWorker.LOST) {
                listener.outcome(failed("process", "after " + course.begun.group() + ": " + course.begun.name(), "the process " + end));
            }
        }
        listener.outcome(failed("process", "the rest", MOST_LOST + 1 + " processes ended before their time; no more are started"));
        return 0;
    }

    /** Ends the process that is at work, if there is one; no other follows. */
    void stop() {
        stopped = true;
        Process now = process;
        if (now != null) {
            now.destroyForcibly();
        }
    }

    private static Outcome failed(String group, String name, String problem) {
        return new Outcome(group, name, Verdict.FAILED, Double.POSITIVE_INFINITY, List.of(problem), "", 0);
    }

    private Course one(int first, List<String> givenUp) throws IOException {
        Course course = new Course();
        AtomicLong heard = new AtomicLong(System.nanoTime());
        process = new ProcessBuilder(command(first, givenUp)).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        if (stopped) {
            process.destroyForcibly();
        }
        Thread watch = Thread.ofVirtual().start(() -> {
            try {
                while (System.nanoTime() - heard.get() < (course.begun == null && patience.compareTo(START) < 0 ? START : patience).toNanos()) {
                    Thread.sleep(Duration.ofMillis(200));
                }
                course.late = true;
                process.destroyForcibly();
            } catch (InterruptedException e) {
                // all is well
            }
        });
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                heard.set(System.nanoTime());
                Optional<Wire.Line> told = Wire.read(line);
                if (told.isPresent()) {
                    hear(told.get(), course);
                } else {
                    listener.said(line);
                }
            }
        } catch (IOException e) { // the stream of a process that was ended is closed
            if (!course.late && !stopped) {
                throw e;
            }
        } finally {
            watch.interrupt();
        }
        course.exit = process.onExit().join().exitValue();
        return course;
    }

    private void hear(Wire.Line line, Course course) throws IOException {
        switch (line.kind()) {
            case DEVICE -> listener.device(line.text(), line.name());
            case PART -> listener.part(line.name(), line.number());
            case AT -> listener.at(line.number());
            case BEGIN -> {
                course.begun = line;
                course.ended = false;
            }
            case END -> {
                course.ended = true;
                listener.outcome(line.outcome());
            }
            case ALIVE -> { } // that it was heard is all
            case DONE -> course.done = true;
        }
    }

    /** This program once more, as a worker. */
    private List<String> command(int first, List<String> givenUp) {
        List<String> command = ThisProgram.command(Map.of(), arguments);
        command.addAll(List.of(CheckCommand.WORKER, Integer.toString(first)));
        givenUp.forEach(family -> command.addAll(List.of(CheckCommand.GIVEN_UP, family)));
        return command;
    }
}
