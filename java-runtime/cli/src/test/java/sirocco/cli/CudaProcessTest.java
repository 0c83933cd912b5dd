package sirocco.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import sirocco.api.Backends;
import sirocco.api.Device;
import sirocco.api.Normalization;
import sirocco.api.Op;
import sirocco.api.Settings;
import sirocco.api.Step;
import sirocco.api.Tuning;
import sirocco.nn.Network;
import sirocco.pipeline.DiffusionModel;
import sirocco.sample.SamplePlan;
import sirocco.train.Checkpoints;
import sirocco.tune.TuningFile;

/** Processes on a GPU, which is the emulated driver here: several devices and processes, memory that ends, and ends before the end. */
class CudaProcessTest {
    private static final Path DRIVER = Path.of(System.getProperty("sirocco.root", "../.."), "native-cuda/target/emulated/libcuda.so.1").toAbsolutePath()
            .normalize();
    private static final List<String> TINY = List.of("--data", "shapes16", "--block-out-channels", "8,16", "--layers-per-block", "1", "--norm-groups", "4",
            "--timesteps", "50", "--warmup", "0", "--log-every", "1");
    private static final int PATIENCE_SECONDS = 120;

    @TempDir
    static Path shared;

    @TempDir
    Path folder;

    private static Path model;

    private final List<Process> started = new ArrayList<>();

    @BeforeAll
    static void train() {
        assumeTrue(Files.exists(DRIVER), "the emulated CUDA driver has not been built: it needs g++ and make");
        model = shared.resolve("run");
        assertEquals(0, Main.commandLine().execute(args("train", "--backend", "cpu", "--out", model, TINY, "--batch", 4, "--steps", 1)));
    }

    @AfterEach
    void endAll() {
        started.forEach(Process::destroyForcibly);
    }

    private static String[] args(Object... args) {
        return Stream.of(args).flatMap(a -> a instanceof List<?> l ? l.stream() : Stream.of(a)).map(Object::toString).toArray(String[]::new);
    }

    // ---- processes -------------------------------------------------------------------------------------------------------------

    /** A run of the command line in a process of its own, whose temporary files have a folder of their own. */
    private final class Run {
        private final Path log;
        private final Path temporary;
        private final Process process;

        Run(Map<String, String> environment, Object... args) throws IOException {
            log = Files.createTempFile(folder, "log", ".txt");
            temporary = Files.createTempDirectory(folder, "tmp");
            List<String> command = new ArrayList<>(List.of("env", "--default-signal=INT", Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData",
                    "-Djava.awt.headless=true", "-Djava.io.tmpdir=" + temporary, "-Dsirocco.cuda.driver=" + DRIVER, "-cp",
                    System.getProperty("java.class.path"), Main.class.getName()));
            command.addAll(List.of(args(args)));
            command.addAll(List.of("--backend", "cuda"));
            ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
            builder.environment().putAll(environment);
            process = builder.start();
            started.add(process);
        }

        /** Waits until {@code reached}, and sends a signal. */
        void signal(String name, Callable<Boolean> reached) throws Exception {
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
            while (!reached.call()) {
                assertTrue(process.isAlive() && System.nanoTime() < deadline, this::said);
                Thread.sleep(5);
            }
            assertEquals(0, new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor());
        }

        /** Waits for the end; nothing is left behind. */
        String ends(int code) throws Exception {
            assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), this::said);
            assertEquals(code, process.exitValue(), this::said);
            assertEquals(List.of(), files(temporary), "temporary files");
            return said();
        }

        String said() {
            try {
                return Files.readString(log);
            } catch (IOException e) {
                return e.toString();
            }
        }
    }

    private Run run(Object... args) throws IOException {
        return new Run(Map.of(), args);
    }

    private static List<String> files(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.map(p -> p.getFileName().toString()).sorted().toList();
        }
    }

    private List<Object> sample(Path out, int num) {
        return List.of("sample", "--model", model, "--out", out, "--num", num, "--sampler", "ddim", "--steps", 3);
    }

    // ---- devices and memory ----------------------------------------------------------------------------------------------------

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void theSecondOfTwoDevicesCanBeChosenAndAThirdIsAnError() throws Exception {
        Map<String, String> two = Map.of("SIROCCO_EMULATED_DEVICES", "2");
        Run second = new Run(two, sample(folder.resolve("second"), 1), "--device", 1);
        Run third = new Run(two, sample(folder.resolve("third"), 1), "--device", 2);
        String said = second.ends(0);
        assertTrue(said.contains("cuda device 1: emulated"), said);
        String refused = third.ends(Main.IMPOSSIBLE);
        assertTrue(refused.contains("device 2 is not there; there are device 0: emulated") && refused.contains("device 1: emulated"), refused);
    }

    /** Both unpack the binding's library and load it at the same time. */
    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void twoProcessesShareADevice() throws Exception {
        Run a = run(sample(folder.resolve("a"), 2));
        Run b = run(sample(folder.resolve("b"), 2));
        a.ends(0);
        b.ends(0);
        assertEquals(List.of("000000.png", "000001.png", "grid.png"), files(folder.resolve("a")));
        for (String file : files(folder.resolve("a"))) {
            assertArrayEquals(Files.readAllBytes(folder.resolve("a").resolve(file)), Files.readAllBytes(folder.resolve("b").resolve(file)), file);
        }
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void whereMemoryEndsTheBatchThatIsNamedFits() throws Exception {
        Map<String, String> little = Map.of("SIROCCO_EMULATED_MEMORY", Long.toString(66L << 20));
        Path out = folder.resolve("run");
        String said = new Run(little, "train", "--out", out, TINY, "--steps", 1, "--batch", 64).ends(Main.IMPOSSIBLE);
        assertTrue(said.contains("the plan needs") && said.contains("66.0 MiB are free"), said);
        String fits = said.replaceAll("(?s).*a batch of (\\d+) instead of 64 would fit.*", "$1");
        assertTrue(Files.notExists(out), "a run that cannot begin leaves no folder");
        new Run(little, "train", "--out", out, TINY, "--steps", 1, "--batch", fits).ends(0);
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void backendsAreTimedBesideEachOther() throws Exception {
        Path json = folder.resolve("bench.json");
        String said = run("bench", "--beside", "cpu", "--what", "copy", "--batch", 1, "--rounds", 2, "--warm-up", 0, "--json", json).ends(0);
        assertTrue(said.matches("(?s).*cuda +\\d.*cpu +\\d.*Silu +\\[1,128,128,64\\] +\\d+\\.\\d +\\d+\\.\\d.*"), said);
        JsonNode all = new JsonMapper().readTree(json.toFile()).get("backends");
        assertEquals(List.of("cuda", "cpu"), List.of(all.get(0).get("backend").textValue(), all.get(1).get("backend").textValue()));
        for (JsonNode one : all) {
            assertTrue(one.get("millis").get(0).doubleValue() > 0 && one.get("loadMillis").doubleValue() > 0 && one.get("kernels").size() == 1, one::toString);
        }
        assertTrue(run("bench", "--beside", "cpu", "--kernels").ends(Main.IMPOSSIBLE).contains("leave out --kernels"));
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void whatTuneFindsIsTakenByLaterCommands() throws Exception {
        Path file = folder.resolve("tuning.json");
        String said = run("tune", "--model", model, "--rounds", 1, "--what", "forward:1", "--try", "conv2d=v1,group_norm=v1", "--out", file).ends(0);
        assertTrue(said.matches("(?s).*tuning.json: [1-9]\\d* ops measured, another variant is faster for \\d+ \\(cuda, emulated.*"), said);
        assertFalse(said.contains("not taken"), said);
        Tuning.Key key = TuningFile.read(file).variants().keySet().iterator().next();
        assertEquals("cuda", key.backend());
        // Which is the faster is chance here. So that one is, for every GroupNorm:
        List<TuningFile.Entry> faster = new ArrayList<>();
        try (Device cpu = Backends.choose("cpu").open(Settings.DEFAULT)) {
            Network network = DiffusionModel.load(model.resolve("model")).config().network();
            SamplePlan.of(cpu, network, 1, 5, false).graph().steps().stream().map(Step::op).filter(Normalization.GroupNorm.class::isInstance).map(Op::signature).distinct()
                    .forEach(op -> faster.add(new TuningFile.Entry(op, "v1", 1, "v3", 2)));
        }
        TuningFile.update(file, key, List.of(), faster);
        List<Object> info = List.of("info", "--model", model, "--batches", 1, "--dump", "sample");
        String tuned = run(info, "--tuning", file).ends(0);
        String plain = run(info, "--tuning", "none").ends(0);
        assertTrue(tuned.contains("kernels tuned for ") && !plain.contains("kernels tuned"), tuned);
        assertEquals(0, Pattern.compile("GroupNorm.*\\R +v3\\R").matcher(tuned).results().count(), tuned);
        assertTrue(Pattern.compile("GroupNorm.*\\R +v1\\R").matcher(tuned).results().count() >= faster.size(), tuned);
        assertTrue(Pattern.compile("GroupNorm.*\\R +v3\\R").matcher(plain).results().count() >= faster.size(), plain);
    }

    // ---- ends before the end ---------------------------------------------------------------------------------------------------

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void aTrainingRunThatIsInterruptedSavesAndGoesOn() throws Exception {
        Path out = folder.resolve("run");
        Run run = run("train", "--out", out, TINY, "--steps", 100000, "--batch", 2);
        run.signal("INT", () -> Files.exists(out.resolve("metrics.jsonl")) && Files.readAllLines(out.resolve("metrics.jsonl")).size() >= 2);
        String said = run.ends(Main.STOPPED);
        assertTrue(said.contains("go on with: sirocco train --resume"), said);
        goesOn(out);
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void aTrainingRunThatIsKilledGoesOnFromItsLastCheckpoint() throws Exception {
        Path out = folder.resolve("run");
        Run run = run("train", "--out", out, TINY, "--steps", 100000, "--batch", 2, "--save-every", 1);
        run.signal("KILL", () -> new Checkpoints(out).latest().filter(c -> c.step() >= 2).isPresent());
        run.ends(128 + 9);
        goesOn(out);
    }

    /** On the device too: what the other process held there is free again. */
    private void goesOn(Path out) throws Exception {
        long step = new Checkpoints(out).latest().orElseThrow().step() + 1;
        run("train", "--resume", out, "--steps", step).ends(0);
        assertEquals(step, new Checkpoints(out).latest().orElseThrow().step());
        assertEquals(List.of(), files(out).stream().filter(f -> f.startsWith(".")).toList());
        assertEquals(List.of(), files(out.resolve("checkpoints")).stream().filter(f -> f.startsWith(".")).toList());
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void aChainThatIsInterruptedLeavesWholeImages() throws Exception {
        Path out = folder.resolve("images");
        Run run = run("sample", "--model", model, "--out", out, "--num", 10000, "--batch", 2, "--sampler", "ddim", "--steps", 10);
        run.signal("INT", () -> Files.exists(out.resolve("000001.png")));
        String said = run.ends(Main.STOPPED);
        List<String> images = files(out);
        assertTrue(said.contains("stopped; the rest: --start " + images.size()), said);
        for (String image : images) {
            assertEquals(16, ImageIO.read(out.resolve(image).toFile()).getWidth(), image);
        }
    }
}
