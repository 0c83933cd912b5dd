package sirocco.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import sirocco.data.Shapes;
import sirocco.io.Safetensors;
import sirocco.io.SafetensorsWriter;
import sirocco.train.SettingPath;
import sirocco.train.TrainConfig;

/** The commands as a user types them, on a model that trains in a second. */
class CommandLineTest {
    private static final List<String> TINY = List.of("--data", "shapes16", "--block-out-channels", "8,16", "--layers-per-block", "1", "--norm-groups", "4",
            "--timesteps", "50", "--batch", "4", "--warmup", "0", "--log-every", "1");

    @TempDir
    static Path shared;

    @TempDir
    Path folder;

    private static Path model;

    private record Result(int code, String out, String err) { }

    private static Result run(Object... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine line = Main.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        int code = line.execute(java.util.Arrays.stream(args).flatMap(a -> a instanceof List<?> l ? l.stream() : java.util.stream.Stream.of(a))
                .map(Object::toString).toArray(String[]::new));
        return new Result(code, out.toString(), err.toString());
    }

    private static Result good(Object... args) {
        Result r = run(args);
        assertEquals(0, r.code, r.out + r.err);
        return r;
    }

    @BeforeAll
    static void train() {
        model = shared.resolve("run");
        good("train", "--out", model, TINY, "--steps", "3", "--sample-every", "3", "--threads", "1");
    }

    @Test
    void aRunLeavesWhatItPromises() throws IOException {
        for (String file : List.of("run.json", "metrics.jsonl", "model/model_index.json", "model/unet/config.json",
                "model/scheduler/scheduler_config.json", "model/unet/diffusion_pytorch_model.safetensors", "checkpoints/step-00000003/model_index.json",
                "checkpoints/step-00000003/trainer.safetensors", "samples/step-00000003.png")) {
            assertTrue(Files.size(model.resolve(file)) > 0, file);
        }
        assertEquals(3, Files.readAllLines(model.resolve("metrics.jsonl")).size());
    }

    @Test
    void aRunGoesOnAndItsConfigurationIsAcceptedBack() throws IOException {
        Path a = folder.resolve("a");
        good("train", "--out", a, "--config", model.resolve("run.json"), "--steps", "1");
        good("train", "--resume", a, "--steps", "3");
        assertArrayEquals(Files.readAllBytes(model.resolve("model/unet/diffusion_pytorch_model.safetensors")),
                Files.readAllBytes(a.resolve("model/unet/diffusion_pytorch_model.safetensors")), "flags and files make the same run, whole or in parts");
        Result r = run("train", "--resume", a, "--steps", "4", "--batch", "5");
        assertEquals(Main.IMPOSSIBLE, r.code);
        assertTrue(r.err.contains("--steps"), r.err);
        assertEquals(Main.IMPOSSIBLE, run("train", "--resume", a, "--steps", "2").code);
        assertEquals(Main.IMPOSSIBLE, run("train", "--out", a, TINY).code, "a run is not written over");
    }

    @Test
    void aRunStartsFromAModelFolder() throws IOException {
        Path from = model.resolve("model");
        Path run = folder.resolve("run");
        String said = good("train", "--from", from, "--data", "shapes16", "--batch", "4", "--steps", "2", "--out", run).out;
        assertTrue(said.contains("from " + from + ", class-conditional"), said);
        String json = Files.readString(run.resolve("run.json"));
        assertTrue(json.matches("(?s).*\"fromHash\" : \"[0-9a-f]{64}\".*"), json);
        good("train", "--resume", run, "--steps", "3");
        Result r = run("train", "--from", from, "--data", "shapes16", "--norm-groups", "4", "--out", folder.resolve("x"));
        assertEquals(Main.IMPOSSIBLE, r.code);
        assertTrue(r.err.contains("network.unet.normGroups") && r.err.contains("Leave this setting out"), r.err);
        good("train", "--config", run.resolve("run.json"), "--steps", "1", "--out", folder.resolve("again"));
        Files.write(run.resolve("run.json"), json.replaceFirst("\"fromHash\" : \"[0-9a-f]{8}", "\"fromHash\" : \"00000000").getBytes());
        Result changed = run("train", "--resume", run, "--steps", "4");
        assertEquals(Main.IMPOSSIBLE, changed.code);
        assertTrue(changed.err.contains("not the one that the run began with"), changed.err);
    }

    @Test
    void aDecayingLearningRateFixesTheNumberOfSteps() throws IOException {
        Path run = folder.resolve("run");
        good("train", "--out", run, TINY, "--steps", "2", "--lr-schedule", "linear", "--micro-batch", "2");
        assertTrue(Files.readString(run.resolve("run.json")).contains("linear"));
        assertTrue(good("train", "--resume", run, "--steps", "2").out.contains("2 micro-batches of 2 images"));
        Result r = run("train", "--resume", run, "--steps", "3");
        assertEquals(Main.IMPOSSIBLE, r.code);
        assertTrue(r.err.contains("--steps 3") && r.err.contains("linear") && r.err.contains("ends at step 2"), r.err);
    }

    @Test
    void imagesAreNumberedAndDoNotDependOnTheBatch() throws IOException {
        Path all = folder.resolve("all");
        Path some = folder.resolve("some");
        String said = good("sample", "--model", model, "--out", all, "--num", "6", "--batch", "6", "--steps", "3", "--guidance", "2", "--gif").out;
        good("sample", "--model", model, "--out", some, "--num", "3", "--start", "2", "--batch", "2", "--steps", "3", "--guidance", "2");
        for (String name : List.of("000002.png", "000003.png", "000004.png")) {
            assertAlike(ImageIO.read(all.resolve(name).toFile()), ImageIO.read(some.resolve(name).toFile()), name);
        }
        assertTrue(Files.exists(all.resolve("grid.png")) && Files.exists(all.resolve("denoising.gif")));
        assertTrue(said.contains("6 images, together in grid.png, and their way there in denoising.gif"), said);
        assertFalse(Files.exists(some.resolve("000001.png")) || Files.exists(some.resolve("000005.png")));
        Result r = good("eval", "--images", all, "--checker", "--against", "shapes16", "--num", "6");
        assertTrue(r.out.contains("of 6 valid") && r.out.contains("Fréchet distance") && r.out.contains("between 6 images") && r.out.contains("for comparison"), r.out);
    }

    @Test
    void anAdaptiveSamplerSaysHowOftenItEvaluated() throws IOException {
        Path all = folder.resolve("all");
        Path some = folder.resolve("some");
        List<Object> sample = List.of("sample", "--model", model, "--sampler", "rk45:rtol=1e-3,atol=1e-3", "--guidance", "2");
        String said = good(sample, "--out", all, "--num", "4", "--batch", "4", "--gif").out;
        assertTrue(said.matches("(?s).*evaluations of an image: \\d+ to \\d+, \\d+\\.\\d on average\\R"), said);
        assertTrue(Files.size(all.resolve("denoising.gif")) > 0);
        good(sample, "--out", some, "--num", "2", "--start", "1", "--batch", "1");
        for (String name : List.of("000001.png", "000002.png")) {
            assertAlike(ImageIO.read(all.resolve(name).toFile()), ImageIO.read(some.resolve(name).toFile()), name);
        }
        assertFalse(good("sample", "--model", model, "--out", some, "--num", "1", "--steps", "2").out.contains("evaluations"));
        Result r = run("sample", "--model", model, "--out", folder.resolve("none"), "--num", "1", "--sampler", "rk45:limit=9,rtol=1e-6,atol=1e-6");
        assertEquals(Main.FAILED, r.code);
        assertTrue(r.err.contains("image 0 at sigma") && r.err.contains("limit 9"), r.err);
    }

    /** The same up to one step of brightness: another batch size may round a value at the edge of two the other way. */
    private static void assertAlike(BufferedImage a, BufferedImage b, String name) {
        for (int y = 0; y < a.getHeight(); y++) {
            for (int x = 0; x < a.getWidth(); x++) {
                for (int c = 0; c < 3; c++) {
                    assertEquals(a.getRaster().getSample(x, y, c), b.getRaster().getSample(x, y, c), 1, name);
                }
            }
        }
    }

    @Test
    void inferAnswersAsOthersAsk() throws IOException {
        Path in = folder.resolve("x.safetensors");
        Path out = folder.resolve("y.safetensors");
        int n = 5;
        float[] x = new float[n * 3 * 16 * 16];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) Math.sin(i * 0.37);
        }
        new SafetensorsWriter().floats("sample", new long[] {n, 3, 16, 16}, () -> x).longs("timesteps", new long[] {n}, () -> new long[] {0, 3, 9, 27, 49})
                .longs("class_labels", new long[] {n}, () -> new long[] {0, 1, 2, 3, 4}).write(in);
        good("infer", "--model", model, "--in", in, "--out", out);
        float[] whole;
        try (Safetensors y = Safetensors.open(out)) {
            assertArrayEquals(new long[] {n, 3, 16, 16}, y.shape("output"));
            whole = y.floats("output");
        }
        String trace = good("infer", "--model", model, "--in", in, "--out", out, "--batch", "2", "--trace").out;
        assertTrue(trace.contains("conv_in") && trace.contains("rms") && !trace.contains("NOT FINITE"), trace);
        try (Safetensors y = Safetensors.open(out)) {
            assertArrayEquals(whole, y.floats("output"), 1e-5f, "the batch changes nothing");
        }
        new SafetensorsWriter().floats("sample", new long[] {1, 3, 16, 16}, () -> new float[768]).floats("timesteps", new long[] {1}, () -> new float[1])
                .longs("class_labels", new long[] {1}, () -> new long[] {99}).write(in);
        Result r = run("infer", "--model", model, "--in", in, "--out", out);
        assertEquals(Main.IMPOSSIBLE, r.code);
        assertTrue(r.err.contains("class_labels[0] is 99"), r.err);
    }

    @Test
    void infoShowsBackendsMachineAndModel() {
        Result r = good("info", "--model", model, "--batches", "1,2", "--dump", "train");
        for (String part : List.of("machine:", "cpu", "available", "parameters", "GFLOP", "batch 2", "training step", "AdamEma", "conv_in.weight")) {
            assertTrue(r.out.contains(part), part + " in " + r.out.lines().limit(20).toList());
        }
        assertTrue(good("info", "--preset", "cifar10", "--batches", "1").out.contains("35,746,307"));
    }

    @Test
    void benchTimesStepsAndKernels() {
        Result r = good("bench", "--rounds", "1", "--warm-up", "0", "--batch", "1", "--kernels");
        assertTrue(r.out.contains("images/s") && r.out.contains("GroupNormSilu"), r.out);
        assertTrue(r.out.contains("peaks: multiply-adds in registers "), r.out);
        assertEquals(Files.exists(Path.of("/proc/self/status")), r.out.contains(" MiB resident"), r.out);
    }

    @Test
    void aDemoLeavesItsReport() throws IOException {
        Path demo = folder.resolve("demo");
        for (int i = 0; i < 2; i++) {
            good("demo", "--steps", "2", "--out", demo);
        }
        for (String file : List.of("samples.png", "denoising.gif", "report.md", "model/unet/config.json")) {
            assertTrue(Files.size(demo.resolve(file)) > 0, file);
        }
        var report = new JsonMapper().readTree(demo.resolve("report.json").toFile());
        assertEquals(2, report.get("steps").asInt());
        assertEquals(64, report.get("samples").asInt());
        Path other = Files.createDirectory(folder.resolve("other"));
        Files.writeString(other.resolve("thesis.txt"), "do not lose");
        assertEquals(Main.IMPOSSIBLE, run("demo", "--steps", "2", "--out", other).code);
        assertTrue(Files.exists(other.resolve("thesis.txt")));
    }

    @Test
    void nothingOfOthersIsReplaced() throws IOException {
        Path run = folder.resolve("run");
        good("train", "--out", run, TINY, "--steps", "1");
        Result r = run("demo", "--steps", "2", "--out", run);
        assertEquals(Main.IMPOSSIBLE, r.code, "a run of train is no demo");
        assertTrue(r.err.contains("not a demo's") && Files.exists(run.resolve("model/unet/config.json")), r.err);

        Path work = Files.createDirectories(folder.resolve("work/model"));
        Files.writeString(work.resolve("thesis.txt"), "do not lose");
        assertEquals(Main.IMPOSSIBLE, run("train", "--out", work.getParent(), TINY, "--steps", "1").code);
        assertTrue(Files.exists(work.resolve("thesis.txt")));
    }

    @Test
    void aModelThatDoesNotSayItsImageSizeIsTold() throws IOException {
        Path open = Files.createDirectory(folder.resolve("open"));
        for (String file : List.of("scheduler/scheduler_config.json", "unet/diffusion_pytorch_model.safetensors")) {
            Files.copy(model.resolve("model").resolve(file), open.resolve(Path.of(file).getFileName()));
        }
        Path config = open.resolve("config.json");
        Files.writeString(config, Files.readString(model.resolve("model/unet/config.json")).replaceFirst("\"sample_size\" : 16", "\"sample_size\" : null"));
        Path images = folder.resolve("images");
        for (Result r : List.of(run("sample", "--model", open, "--out", images), run("info", "--model", open))) {
            assertEquals(Main.IMPOSSIBLE, r.code);
            assertTrue(r.err.contains("sample_size is null") && r.err.contains("--image-size"), r.err);
        }
        good("sample", "--model", open, "--out", images, "--num", "1", "--steps", "1", "--image-size", "24");
        assertEquals(24, ImageIO.read(images.resolve("000000.png").toFile()).getWidth());
        assertTrue(good("info", "--model", open, "--batches", "1", "--image-size", "24").out.contains("24×24"));
        good("train", "--out", folder.resolve("again"), TINY, "--model", config, "--steps", "1");
        Path in = folder.resolve("x.safetensors");
        Path out = folder.resolve("y.safetensors");
        new SafetensorsWriter().floats("sample", new long[] {1, 3, 8, 12}, () -> new float[288]).floats("timesteps", new long[] {1}, () -> new float[1])
                .longs("class_labels", new long[] {1}, () -> new long[1]).write(in);
        good("infer", "--model", open, "--in", in, "--out", out);
        new SafetensorsWriter().floats("sample", new long[] {1, 1, 8, 12}, () -> new float[96]).write(in);
        Result r = run("infer", "--model", open, "--in", in, "--out", out);
        assertTrue(r.code == Main.IMPOSSIBLE && r.err.contains("[1, 1, 8, 12]") && r.err.contains("3 channels"), r.err);
    }

    @Test
    void guidanceNeedsAModelThatKnowsNoClass() throws IOException {
        Path run = folder.resolve("run");
        good("train", "--out", run, TINY, "--steps", "1", "--label-drop", "0");
        for (Path from : List.of(run, run.resolve("model"), run.resolve("checkpoints/step-00000001"))) {
            Result r = run("sample", "--model", from, "--out", folder.resolve("none"), "--num", "1", "--steps", "1", "--guidance", "2");
            assertEquals(Main.IMPOSSIBLE, r.code);
            assertTrue(r.err.contains("--guidance 2.0") && r.err.contains("--label-drop 0.1"), r.err);
        }
        good("sample", "--model", run, "--out", folder.resolve("plain"), "--num", "1", "--steps", "1");
        String trained = good("sample", "--model", model, "--out", folder.resolve("guided"), "--num", "1", "--steps", "1", "--guidance", "2").err;
        assertFalse(trained.contains("warning"), trained);
        Path elsewhere = Files.move(run.resolve("model"), folder.resolve("elsewhere"));
        List<Object> guided = List.of("sample", "--model", elsewhere, "--out", folder.resolve("maybe"), "--num", "1", "--steps", "1", "--guidance", "2");
        Result unknown = run(guided);
        assertTrue(unknown.code == Main.IMPOSSIBLE && unknown.err.contains("--null-class N") && unknown.err.contains("the last, 8"), unknown.err);
        good(guided, "--null-class", "8");
    }

    @Test
    void classesHaveTheNamesOfTheDataset() throws IOException {
        Path to = folder.resolve("x");
        List<Object> sample = List.of("sample", "--model", model.resolve("model"), "--num", "2", "--steps", "1", "--sampler", "ddim");
        good(sample, "--out", to.resolve("name"), "--class", "ring");
        good(sample, "--out", to.resolve("number"), "--class", String.valueOf(new Shapes(16, 3, 0).classNames().indexOf("ring")));
        good(sample, "--out", to.resolve("several"), "--classes", "ring,disc");
        assertArrayEquals(Files.readAllBytes(to.resolve("name/000000.png")), Files.readAllBytes(to.resolve("number/000000.png")));
        assertArrayEquals(Files.readAllBytes(to.resolve("name/000000.png")), Files.readAllBytes(to.resolve("several/000000.png")));
        Result r = run(sample, "--out", to, "--class", "rign");
        assertTrue(r.code == Main.IMPOSSIBLE && r.err.contains("--class rign") && r.err.contains("nearest name is \"ring\"") && r.err.contains("0 disc, 1 "), r.err);
        String info = good("info", "--model", model, "--batches", "1").out;
        assertTrue(info.contains("scheduler: DDPMScheduler") && info.contains("classes: 0 disc, 1 ") && info.contains("; null class 8"), info);

        Path in = folder.resolve("x.safetensors");
        Path byName = folder.resolve("name.safetensors");
        Path byLabel = folder.resolve("label.safetensors");
        SafetensorsWriter tensors = new SafetensorsWriter().floats("sample", new long[] {2, 3, 8, 8}, () -> new float[384])
                .floats("timesteps", new long[] {1}, () -> new float[] {7});
        tensors.write(in);
        good("infer", "--model", model, "--in", in, "--out", byName, "--class", "disc");
        r = run("infer", "--model", model, "--in", in, "--out", byName);
        assertTrue(r.code == Main.IMPOSSIBLE && r.err.contains("class_labels"), r.err);
        tensors.longs("class_labels", new long[] {2}, () -> new long[2]).write(in);
        good("infer", "--model", model, "--in", in, "--out", byLabel);
        assertArrayEquals(Files.readAllBytes(byLabel), Files.readAllBytes(byName));
        r = run("infer", "--model", model, "--in", in, "--out", byName, "--class", "disc");
        assertTrue(r.code == Main.IMPOSSIBLE && r.err.contains("class_labels already"), r.err);
    }

    /** Earlier versions wrote flat folders without classes; the run's folder tells that the last class is the null class. */
    @Test
    void aFlatModelInTheFolderOfItsRunHasANullClass() throws IOException {
        Path old = Files.createDirectories(folder.resolve("run/model"));
        Files.copy(model.resolve("run.json"), folder.resolve("run/run.json"));
        for (String file : List.of("scheduler/scheduler_config.json", "unet/config.json", "unet/diffusion_pytorch_model.safetensors")) {
            Files.copy(model.resolve("model").resolve(file), old.resolve(Path.of(file).getFileName()));
        }
        List<Object> guided = List.of("--num", "9", "--steps", "1", "--guidance", "2");
        good("sample", "--model", old, "--out", folder.resolve("a"), guided);
        good("sample", "--model", model.resolve("model"), "--out", folder.resolve("b"), guided);
        assertArrayEquals(Files.readAllBytes(folder.resolve("a/000008.png")), Files.readAllBytes(folder.resolve("b/000008.png")), "class 0 again");
    }

    @Test
    void aResumedRunIsSampledFromItsNewestCheckpoint() throws IOException {
        Path run = folder.resolve("run");
        good("train", "--out", run, TINY, "--steps", "1");
        byte[] finished = Files.readAllBytes(run.resolve("model/unet/diffusion_pytorch_model.safetensors"));
        good("train", "--resume", run, "--steps", "2");
        // As if the resumed run had been stopped before its end: the model of the first end is still there.
        Files.write(run.resolve("model/unet/diffusion_pytorch_model.safetensors"), finished);
        ModelOption option = new ModelOption();
        option.folder = run;
        assertEquals(run.resolve("checkpoints/step-00000002"), option.resolved());
    }

    @Test
    void aDamagedCheckpointIsNamedWithTheWayOut() throws IOException {
        Path run = folder.resolve("run");
        good("train", "--out", run, TINY, "--steps", "1");
        Path state = run.resolve("checkpoints/step-00000001/trainer.safetensors");
        byte[] whole = Files.readAllBytes(state);
        for (int kept : new int[] {0, whole.length / 2}) {
            Files.write(state, java.util.Arrays.copyOf(whole, kept));
            Result r = run("train", "--resume", run, "--steps", "2");
            assertEquals(Main.FAILED, r.code);
            assertTrue(r.err.contains(state.toString()) && r.err.contains("remove " + state.getParent()), r.err);
        }
        Files.delete(state);
        assertTrue(run("train", "--resume", run, "--steps", "2").err.contains("remove " + state.getParent()));
    }

    @Test
    void aBadImageIsMetBeforeTheRunBegins() throws IOException {
        Path data = Files.createDirectory(folder.resolve("data"));
        ImageIO.write(new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB), "png", data.resolve("good.png").toFile());
        Files.writeString(data.resolve("worse.png"), "not an image");
        Result r = run("train", "--out", folder.resolve("x"), TINY.subList(2, TINY.size()), "--data", data);
        assertTrue(r.code == Main.IMPOSSIBLE || r.code == Main.FAILED, r.out);
        assertTrue(r.err.contains("worse.png"), r.err);
        assertFalse(Files.exists(folder.resolve("x")), "nothing is left behind");
    }

    @ParameterizedTest
    @ValueSource(strings = {"demo", "train", "sample", "eval", "info", "infer", "bench"})
    void everyCommandExplainsItselfWithAnExample(String command) {
        Result r = good(command, "--help");
        assertTrue(r.out.contains("Example") && r.out.contains("sirocco " + command), r.out);
    }

    @Test
    void everySettingIsAFlag() {
        String help = good("train", "--help").out;
        for (SettingPath setting : SettingPath.of(TrainConfig.class)) {
            assertTrue(help.contains(TrainFlags.flag(setting)) && help.contains(TrainFlags.shortFlag(setting)), setting.text());
        }
        assertTrue(good("generate-completion").out.contains("--learning-rate"));
    }

    /** As of a shell variable that was not set: it would be the folder that one is in. */
    @Test
    void anEmptyPathIsNoFolder() {
        for (List<String> command : List.of(List.of("train", "--out", "", "--steps", "1"), List.of("demo", "--out", ""),
                List.of("sample", "--model", model.toString(), "--out", " "), List.of("sample", "--model", "", "--out", folder.resolve("y").toString()))) {
            Result r = run(command);
            assertEquals(Main.IMPOSSIBLE, r.code, r.out);
            assertTrue(r.err.contains("expected a path"), r.err);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            train                                                   | --out
            train --out %s/x --batch 0                              | batch
            train --out %s/x --batch many                           | many
            train --out %s/x --batch 15 --micro-batch 4             | divisor of data.batch, 15
            train --out %s/x --optimizer.learnig-rate 1             | --optimizer.learning-rate
            train --out %s/x --run.batch 1                          | --run.
            train --out %s/x --config %s/wrong.json                 | "optimizer.learningRate"
            train --out %s/x --lr-schedule square                   | constant, linear, cosine
            train --out %s/x --data nowhere                         | nowhere
            train --out %s/x --backend quantum                      | quantum
            train --out %s/x --threads -1                           | threads
            train --out %s/x --precision bf16                       | bf16
            train --out %s/x --frobnicate                           | frobnicate
            train --resume %s/x                                     | run.json
            sample --model %s/x --out %s/y                          | no such folder
            sample --model MODEL --out %s/y --num 0                 | --num
            sample --model MODEL --out %s/y --start -1              | --start
            sample --model MODEL --out %s/y --batch 0               | batch: expected 1 to 65536, got 0
            sample --model MODEL --out %s/y --batch 999999          | batch: expected 1 to 65536
            sample --model MODEL --out %s/y --sampler own --steps 0 | expected 1 to 50
            sample --model MODEL --out %s/y --sampler eulers        | eulers
            sample --model MODEL --out %s/y --steps 51 --num 1      | 51
            sample --model MODEL --out %s/y --sampler rk45 --steps 9 | rk45 chooses its steps itself
            sample --model MODEL --out %s/y --sampler rk45:rtol=0   | rtol: expected
            sample --model MODEL --out %s/y --sampler rk45:clip=1   | [clip]
            sample --model MODEL --out %s/y --class 1000            | 1000
            sample --model MODEL --out %s/y --class cat             | cat
            sample --model MODEL --out %s/y --guidance NaN          | guidance
            infer --model MODEL --in %s/none --out %s/y             | none
            infer --model MODEL --in MODEL --out %s/y               | this is a folder
            eval --images shapes16                                  | --checker
            info --preset huge                                      | huge
            info --preset small --batches 1,0                       | got 0
            bench --batch 0                                         | batch
            bench --backend cpu --kernel conv2d=v1                  | --kernel conv2d=v1: cpu: it has one kernel
            bench --backend cpu --beside cpu:0 --kernel *=tornado   | --kernel *=tornado: cpu: it has one kernel
            bench --backend cpu --beside abacus                     | "abacus": not known
            bench --backend cpu --beside cpu:f16                    | cpu:f16: expected BACKEND
            bench --backend cpu --beside cpu:0:f32:1                | cpu:0:f32:1: expected BACKEND
            bench --backend cpu --beside cpu:1                      | asked for 1 (each of --beside
            bench --backend cpu --beside cpu:bf16                   | cpu: precision BF16 is not supported
            bench --backend cpu --beside cpu --kernels              | leave out --kernels
            bench --backend cpu --tuning %s/none.json               | no such file
            tune --backend cpu                                      | no variants to try
            tune --backend cpu --rounds 0                           | --rounds
            tune --what sleep:1                                     | expected STEP:BATCH, as train:128, got sleep:1
            tune --what train                                       | expected STEP:BATCH
            tune --what train:0                                     | expected STEP:BATCH
            train --out %s/x --model %s/none.json                   | no such file
            train --out %s/x --config %s/none.json                  | no such file
            train --out %s/x --config MODEL                         | this is a folder
            train --out %s/x --schedule zigzag                      | cosine (squaredcos_cap_v2)
            sample --model MODEL --out %s/y --guidance 1e300        | guidance
            sample --model MODEL --out %s/y --image-size 0          | positive multiples
            train --out MODEL/run.json                              | this is a file
            demo --out MODEL/run.json                               | this is a file
            trian                                                   | sirocco train""")
    void nonsenseIsAnswered(String command, String named) throws IOException {
        Files.writeString(folder.resolve("wrong.json"), "{\"optimizer\": {\"learnigRate\": 1}}");
        Result r = run(List.of(command.strip().replace("%s", folder.toString()).replace("MODEL", model.toString()).split(" ")));
        assertTrue(r.code == Main.IMPOSSIBLE || r.code == Main.FAILED, r.out);
        assertTrue(r.err.toLowerCase(java.util.Locale.ROOT).contains(named.strip().toLowerCase(java.util.Locale.ROOT)), r.err);
        assertFalse(r.err.contains("\tat ") || r.err.contains("java."), "no stack trace, nothing of Java: " + r.err);
        assertTrue(r.err.lines().count() <= 5, "short enough to be seen: " + r.err);
        assertFalse(Files.exists(folder.resolve("x")) || Files.exists(folder.resolve("y")), "nothing is left behind");
    }
}
