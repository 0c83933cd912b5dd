package sirocco.check;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import sirocco.check.Ledger.State;
import sirocco.check.Stage.Trait;

/**
 * One call of gpu-check: starts the stages in their order as long as they fit into the time that is left, ends each at its limit, and after each writes
 * report and archive to the output folder.
 */
final class GpuCheck {
    /** Seconds at the end of a call in which no stage runs: a stage is ended, the report and the archive are written. */
    static final double RESERVE = 8;

    private static final int LAST_LINES = 6;
    /** Exit status of the scripts that time PyTorch where there is no PyTorch. */
    private static final int PEER_MISSING = 3;
    private static final Pattern PROGRESS = Pattern.compile("^\\w+ +\\d+% \\[");
    /** A sanitizer's last line. The checks are made by a process that the one it watches has started, so its exit status may not tell. */
    private static final Pattern SANITIZER_ERRORS = Pattern.compile("(ERROR|RACECHECK) SUMMARY: [1-9]");

    private final GpuCheckFolders folders;
    private final List<Stage> stages;
    private final Set<String> only;
    private final Schedule schedule;
    private final long deadline;
    private final long started;
    private final PrintWriter out;
    private final StageRun run = new StageRun();
    private Ledger ledger;
    private boolean judged = true;
    private String undelivered = "";

    /**
     * @param stages all there are, in order
     * @param only names of those that are to run, whether or not they have ended before; empty for all that have not
     * @param schedule decides which of them start
     * @param seconds that the call may take
     * @param spent seconds of them that are over
     */
    GpuCheck(GpuCheckFolders folders, List<Stage> stages, Set<String> only, Schedule schedule, double seconds, double spent, PrintWriter out) {
        this.folders = folders;
        this.stages = stages;
        this.only = only;
        this.schedule = schedule;
        this.out = out;
        started = System.nanoTime() - (long) (spent * 1e9);
        deadline = started + (long) (seconds * 1e9);
    }

    /** Ends the stage that is running, from another thread; report and archive are still written. */
    void stop() {
        run.stop();
    }

    /** Returns whether no check has failed and report and archive are where they should be. */
    boolean run() throws IOException {
        folders.open().ifPresent(this::say);
        ledger = Ledger.read(folders.work());
        ledger.begin();
        ledger.save();
        for (Stage stage : stages) {
            if (run.stopped()) {
                break;
            }
            boolean chosen = stage.name().equals(GpuStages.INFO) || (only.isEmpty() ? stage.has(Trait.EVERY_CALL) || !Schedule.isOver(ledger.of(stage.name()))
                    : only.contains(stage.name()));
            if (chosen) {
                start(stage);
            }
            if (stage.name().equals(GpuStages.INFO) && !usable()) {
                return false;
            }
        }
        deliver();
        summary();
        return judged && undelivered.isEmpty();
    }

    /** Without a GPU that the kernels run on there is nothing to do. */
    private boolean usable() throws IOException {
        String cuda = InfoLog.backend(log(GpuStages.INFO), "cuda");
        if (cuda.startsWith("available")) {
            ledger.on(cuda.substring("available".length()).strip().replaceFirst("^[:,] *", ""));
            ledger.save();
            return true;
        }
        say("gpu-check: backend cuda is not available: " + (cuda.isEmpty() ? "sirocco info failed, see " + log(GpuStages.INFO) : cuda));
        return false;
    }

    private Path log(String stage) {
        return folders.work().resolve(stage + ".log");
    }

    private double left() {
        return (deadline - System.nanoTime()) * 1e-9 - RESERVE;
    }

    private void start(Stage stage) throws IOException {
        Ledger.Entry before = ledger.of(stage.name());
        Schedule.Decision decision = schedule.decide(stage, ledger, left());
        if (!decision.starts()) {
            if (before.state() == State.NOT_STARTED) {
                ledger.note(stage.name(), new Ledger.Entry(State.NOT_STARTED, 0, 0, 0, ledger.calls(), false,
                        String.format(Locale.ROOT, "takes about %.0f s; %.0f s were left", decision.expected(), Math.max(0, left()))));
            }
            return;
        }
        List<List<String>> commands;
        try {
            commands = stage.work().commands(folders.work());
        } catch (Stage.Unavailable e) {
            say("%5.0f s  %s: not run: %s", elapsed(), stage.name(), e.getMessage());
            ledger.note(stage.name(), new Ledger.Entry(State.UNAVAILABLE, 0, 0, 0, ledger.calls(), false, e.getMessage()));
            return;
        }
        say("%5.0f s  %s: %s (about %.0f s, at most %d s)", elapsed(), stage.name(), stage.subject(), decision.expected(), decision.limit());
        boolean resumes = stage.has(Trait.RESUMES);
        if (!resumes && !stage.has(Trait.EVERY_CALL)) {
            folders.remove(stage.name());
        }
        long sizeBefore = folders.bytes(stage.name());
        long clock = System.currentTimeMillis();
        StageRun.Result result = run.run(commands, folders.work(), log(stage.name()), Duration.ofSeconds(decision.limit()));
        List<String> said = lastLines(log(stage.name()));
        boolean wrong = SANITIZER_ERRORS.matcher(String.join("\n", said)).find();
        State state = result.cutOff() ? State.CUT_OFF : result.exit() != 0 || wrong ? State.FAILED : State.DONE;
        boolean missing = state == State.FAILED && result.exit() == PEER_MISSING && !stage.has(Trait.JUDGES);
        String last = stage.name().equals(GpuStages.INFO) ? InfoLog.backend(log(stage.name()), "cuda") : said.isEmpty() ? "" : said.getLast();
        String note = switch (state) {
            case CUT_OFF -> run.stopped() ? "stopped" : "ended after " + decision.limit() + " s";
            case FAILED -> missing ? last : (wrong ? "the sanitizer has found errors" : "exit status " + result.exit()) + (last.isEmpty() ? "" : ": " + last);
            default -> last;
        };
        if (state == State.FAILED && stage.has(Trait.JUDGES)) {
            judged = false;
        }
        ledger.note(stage.name(), new Ledger.Entry(missing ? State.UNAVAILABLE : state, (resumes ? before.seconds() : 0) + result.seconds(),
                decision.limit(), result.exit(), ledger.calls(), folders.bytes(stage.name()) > sizeBefore, note), folders.writtenSince(clock));
        if (state == State.FAILED && !missing) {
            said.forEach(line -> say("           %s", line));
        }
        say("%5.0f s  %s: %s", elapsed(), stage.name(), state == State.DONE ? "done" : note);
        deliver();
    }

    private static List<String> lastLines(Path log) throws IOException {
        if (!Files.exists(log)) {
            return List.of();
        }
        List<String> lines = new String(Files.readAllBytes(log), StandardCharsets.UTF_8).lines().map(l -> l.substring(l.lastIndexOf('\r') + 1))
                .filter(l -> !l.isBlank() && !l.startsWith("$ ") && !PROGRESS.matcher(l).find()).toList();
        return lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size());
    }

    private double elapsed() {
        return (System.nanoTime() - started) * 1e-9;
    }

    /** Writes report and archive. A folder that cannot be written, or is full, is no reason to stop: the work folder has everything. */
    private void deliver() {
        try {
            folders.deliver();
            undelivered = "";
        } catch (IOException e) {
            undelivered = e.getMessage();
            say("gpu-check: the results are in %s only: %s", folders.work(), e.getMessage());
        }
    }

    private void summary() throws IOException {
        say("");
        say(new GpuReport(folders.work()).summary());
        List<String> open = stages.stream().map(Stage::name).filter(n -> (only.isEmpty() || only.contains(n)) && !Schedule.isOver(ledger.of(n))
                && ledger.of(n).state() != State.UNAVAILABLE).toList();
        if (!open.isEmpty()) {
            say("Left for a call with --continue: " + String.join(", ", open));
        }
        say("%.0f s of %.0f s, call %d. %s", elapsed(), (deadline - started) * 1e-9, ledger.calls(),
                undelivered.isEmpty() ? "Report: " + folders.report() + ", archive: " + folders.archive() : "Not delivered: " + undelivered);
    }

    private void say(String format, Object... args) {
        say(String.format(Locale.ROOT, format, args));
    }

    private void say(String line) {
        out.println(line);
        out.flush();
    }
}
