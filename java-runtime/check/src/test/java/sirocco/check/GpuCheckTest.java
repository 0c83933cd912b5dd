package sirocco.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import sirocco.check.Ledger.State;
import sirocco.check.Stage.Trait;
import sirocco.check.Stage.Unavailable;

/** Calls of gpu-check whose stages are shell commands: some overrun, some die, folders are full, and a call continues from an archive. */
@Timeout(300)
class GpuCheckTest {
    private static final double SLACK = 1;

    @TempDir
    Path temp;

    private final StringWriter said = new StringWriter();
    private final List<Stage> stages = new ArrayList<>();

    @BeforeEach
    void info() {
        stage(GpuStages.INFO, 1, List.of(Trait.JUDGES, Trait.EVERY_CALL), "echo '  cuda       available: 0: a GPU'");
    }

    private void stage(String name, int predicted, List<Trait> traits, String shell) {
        stage(name, predicted, predicted, traits, shell);
    }

    private void stage(String name, int predicted, int least, List<Trait> traits, String shell) {
        stages.removeIf(s -> s.name().equals(name));
        stages.add(new Stage(name, "what " + name + " does", predicted, least, traits, _ -> List.of(List.of("sh", "-c", shell))));
    }

    private Path work() {
        return temp.resolve("work");
    }

    private Path out() {
        return temp.resolve("out");
    }

    /** A call with so many seconds for stages. */
    private boolean call(double seconds) throws IOException {
        return call(new GpuCheckFolders(work(), out(), false, Optional.empty()), Set.of(), seconds);
    }

    private boolean call(GpuCheckFolders folders, Set<String> only, double seconds) throws IOException {
        return new GpuCheck(folders, stages, only, new Schedule(SLACK), seconds + GpuCheck.RESERVE, 0, new PrintWriter(said, true)).run();
    }

    private Ledger.Entry entry(String stage) throws IOException {
        return Ledger.read(work()).of(stage);
    }

    private List<String> delivered() throws IOException {
        try (Stream<Path> files = Files.list(out())) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void stagesThatOverrunOrDieDoNotKeepTheNextFromRunning() throws Exception {
        stage("overruns", 1, List.of(), "sleep 600 & echo $! > child; wait");
        stage("dies", 1, List.of(), "kill -9 $$");
        stage("check-bad", 1, List.of(Trait.JUDGES), "echo '{\"passed\": 1, \"failed\": 0, \"checks\": []}' > check-bad.json; echo it is wrong; exit 1");
        stage("missing", 1, List.of(), "echo no PyTorch here; exit 3");
        stage("long", 10_000, List.of(), "touch long.json");
        stage("last", 1, List.of(), "echo the end");
        assertFalse(call(60), "a check has failed");

        assertEquals(State.CUT_OFF, entry("overruns").state());
        long child = Long.parseLong(Files.readString(work().resolve("child")).strip());
        assertFalse(runs(child), "what a stage has started is ended with it");
        assertEquals(State.FAILED, entry("dies").state());
        assertEquals(137, entry("dies").exit());
        assertEquals("exit status 1: it is wrong", entry("check-bad").note());
        assertEquals(new Ledger.Entry(State.UNAVAILABLE, entry("missing").seconds(), 2, 3, 1, false, "no PyTorch here"), entry("missing"));
        assertEquals(State.NOT_STARTED, entry("long").state());
        assertTrue(entry("long").note().startsWith("takes about 10000 s"), entry("long").note());
        assertFalse(Files.exists(work().resolve("long.json")));
        assertEquals(State.DONE, entry("last").state());
        assertEquals("the end", entry("last").note());
        assertEquals(List.of("gpu-check.zip", "report.json", "report.md"), delivered());
        String report = Files.readString(out().resolve("report.md"));
        assertTrue(report.contains("| overruns | cut off |") && report.contains("| dies | **failed** |") && report.contains("| bad | 1 | 0 | 0 | 0.00 |"), report);
        assertTrue(said.toString().contains("Left for a call with --continue: overruns, long"), said::toString);
    }

    /** Whether a process runs, or has ended a moment ago and is no zombie that nobody waits for. */
    private static boolean runs(long pid) throws IOException, InterruptedException {
        for (int i = 0; i < 100; i++) {
            Path stat = Path.of("/proc/" + pid + "/stat");
            if (ProcessHandle.of(pid).isEmpty() || Files.exists(stat) && Files.readString(stat).contains(") Z ")) {
                return false;
            }
            Thread.sleep(100);
        }
        return true;
    }

    /** The time of all stages together, and nothing is begun that cannot end. */
    @Test
    void aCallEndsWithinItsTime() throws IOException {
        for (int i = 0; i < 4; i++) {
            stage("sleeps-" + i, 3, List.of(), "sleep 600");
        }
        long start = System.nanoTime();
        assertTrue(call(10));
        double seconds = (System.nanoTime() - start) * 1e-9;
        assertEquals(State.CUT_OFF, entry("sleeps-0").state());
        assertEquals(6, entry("sleeps-0").limit());
        assertEquals(State.NOT_STARTED, entry("sleeps-3").state());
        assertTrue(seconds < 10 + GpuCheck.RESERVE, () -> "took " + seconds + " s\n" + said);
    }

    /** What a call has when it is cut off while a stage runs: an archive with all stages before. */
    @Test
    void eachStageIsInTheArchiveBeforeTheNextBegins() throws IOException {
        stage("first", 1, List.of(), "echo '{}' > bench-first.json");
        stage("second", 1, List.of(), "cp '" + out().resolve("gpu-check.zip") + "' '" + temp.resolve("copy.zip") + "'");
        assertTrue(call(60));
        Path folder = Files.createDirectory(temp.resolve("unpacked"));
        ReportArchive.unpack(temp.resolve("copy.zip"), folder);
        assertEquals(State.DONE, Ledger.read(folder).of("first").state());
        assertTrue(Files.exists(folder.resolve("bench-first.json")) && Files.exists(folder.resolve("first.log")) && Files.exists(folder.resolve("report.md")));
    }

    @Test
    void anotherMachineContinuesFromAnArchive() throws IOException {
        stage("first", 1, List.of(), "echo once >> '" + temp.resolve("first") + "'");
        stage("second", 10_000, List.of(), "true");
        assertTrue(call(30));
        Path archive = Files.move(out().resolve("gpu-check.zip"), temp.resolve("carried.zip"));
        stage("second", 1, List.of(), "echo '{}' > bench-second.json");
        GpuCheckFolders fresh = new GpuCheckFolders(temp.resolve("fresh"), temp.resolve("other-out"), true, Optional.of(archive));
        assertTrue(call(fresh, Set.of(), 30));
        assertTrue(said.toString().contains("Continues from the archive " + archive + ": 1 call, 2 stages ended"), said::toString);
        assertEquals("once\n", Files.readString(temp.resolve("first")), "it had ended");
        Ledger ledger = Ledger.read(fresh.work());
        assertEquals(State.DONE, ledger.of("first").state());
        assertEquals(2, ledger.of("second").call());
        assertEquals(2, ledger.callOf("bench-second.json"));
        // The work folder now has more than that archive, so a third call goes on there.
        assertTrue(call(fresh, Set.of("first"), 30));
        assertTrue(said.toString().contains("Continues from the work folder"), said::toString);
        assertEquals("once\nonce\n", Files.readString(temp.resolve("first")), "it was named");
        assertThrows(IOException.class, () -> call(new GpuCheckFolders(temp.resolve("empty"), temp.resolve("no-out"), true, Optional.empty()), Set.of(), 30));
    }

    /** A stage that resumes keeps its file, and starts in less than it takes; one that gained nothing needs more time than it had. */
    @Test
    void stagesThatResumeGoOnInTheNextCall() throws IOException {
        stage("resumes", 100, 2, List.of(Trait.RESUMES), "echo '{}' >> torch-resumes.json; sleep 600");
        assertTrue(call(5));
        assertEquals(State.CUT_OFF, entry("resumes").state());
        assertTrue(entry("resumes").progress());
        GpuCheckFolders again = new GpuCheckFolders(work(), out(), true, Optional.empty());
        stage("resumes", 100, 2, List.of(Trait.RESUMES), "sleep 600");
        assertTrue(call(again, Set.of(), 5));
        assertEquals("{}\n", Files.readString(work().resolve("torch-resumes.json")));
        assertFalse(entry("resumes").progress());
        int calls = entry("resumes").call();
        assertTrue(call(again, Set.of(), 5));
        assertEquals(calls, entry("resumes").call(), "it would gain nothing");
    }

    @Test
    void durationsAreRememberedForARunThatBeginsAnew() throws IOException {
        stage("slow", 1, List.of(), "sleep 3");
        assertTrue(call(60));
        assertEquals(State.CUT_OFF, entry("slow").state(), "it took longer than twice what was predicted");
        assertTrue(call(60));
        assertEquals(State.DONE, entry("slow").state());
        assertTrue(Ledger.read(work()).remembered("slow") >= 3);
        assertTrue(call(2));
        assertEquals(State.NOT_STARTED, entry("slow").state(), said::toString);
    }

    /** Results are worth no less because they cannot be delivered; and a folder that is full keeps what it has. */
    @Test
    void anOutputFolderThatCannotBeWrittenIsNoReasonToStop() throws IOException {
        stage("first", 1, List.of(), "true");
        stage("second", 1, List.of(), "true");
        Path file = Files.createFile(temp.resolve("file"));
        assertFalse(call(new GpuCheckFolders(work(), file.resolve("out"), false, Optional.empty()), Set.of(), 60));
        assertTrue(said.toString().contains("the results are in " + work() + " only: cannot write"), said::toString);
        assertEquals(State.DONE, entry("second").state());
        assertTrue(call(new GpuCheckFolders(work(), out(), true, Optional.empty()), Set.of(), 60));
        assertEquals(List.of("gpu-check.zip", "report.json", "report.md"), delivered());
    }

    @Test
    void withoutAGpuNothingStarts() throws IOException {
        stages.clear();
        stage(GpuStages.INFO, 1, List.of(Trait.EVERY_CALL), "echo '  cuda       not available: no NVIDIA driver'");
        stage("first", 1, List.of(), "true");
        assertFalse(call(60));
        assertEquals(State.NOT_STARTED, entry("first").state());
        assertTrue(said.toString().contains("backend cuda is not available: not available: no NVIDIA driver"), said::toString);
    }

    @Test
    void aStageThatLacksSomethingSaysWhat() throws IOException {
        stages.add(new Stage("lacks", "a tool's work", 1, 1, List.of(Trait.JUDGES), _ -> {
            throw new Unavailable("no such tool");
        }));
        assertTrue(call(60));
        assertEquals(State.UNAVAILABLE, entry("lacks").state());
        assertTrue(Files.readString(out().resolve("report.md")).contains("| lacks | not possible here |  | 1 | no such tool |"));
    }

    @Test
    void foldersOfOthersAndWhatIsNoArchiveAreRefused() throws IOException {
        Files.createDirectory(work());
        Files.writeString(work().resolve("thesis.tex"), "");
        assertThrows(IOException.class, () -> call(60));
        assertTrue(Files.exists(work().resolve("thesis.tex")));
        Path text = Files.writeString(temp.resolve("text.zip"), "no archive");
        assertThrows(IOException.class, () -> call(new GpuCheckFolders(temp.resolve("other"), out(), true, Optional.of(text)), Set.of(), 60));
    }

    /** On a GPU: the order in which a call may be cut off. */
    @Test
    void theMostValuableStagesComeFirst() {
        List<String> names = GpuStages.all(new StageCommands(0, Optional.empty(), Optional.empty(), List.of())).stream().map(Stage::name).toList();
        List<String> wanted = List.of("info", "check-bf16", "check-large-bf16", "peaks", "bench-train-128-bf16", "bench-train-128-bf16-v5", "bench-sample-256-bf16",
                "bench-sample-1-bf16", "torch-steps-bf16", "torch-compiled-bf16", "torch-kernels", "check-f32", "check-tf32", "check-chains-bf16-overlapping",
                "memcheck-bf16", "tune-bf16", "racecheck-bf16", "variants-bf16", "tornado-train-16-f32");
        assertEquals(wanted, names.stream().filter(wanted::contains).toList());
        assertEquals(names.size(), Set.copyOf(names).size(), names::toString);
    }
}
