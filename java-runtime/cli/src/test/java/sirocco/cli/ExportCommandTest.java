package sirocco.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sirocco.folder.ClassLabels;
import sirocco.nn.Weights;
import sirocco.nn.unet.UNetConfig;
import sirocco.pipeline.DiffusionModel;

/** The command as a user types it. What the files compute is tested beside the exporter, in ONNX Runtime. */
class ExportCommandTest {
    @TempDir
    Path folder;

    private record Result(int code, String out, String err) { }

    private static Result run(Object... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Main.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true))
                .execute(Stream.of(args).map(Object::toString).toArray(String[]::new));
        return new Result(code, out.toString(), err.toString());
    }

    @BeforeEach
    void model() throws IOException {
        UNetConfig config = UNetConfig.builder().size(8).blockOutChannels(8, 16).layersPerBlock(1).normNumGroups(4).build();
        new DiffusionModel(Weights.initial(config, 1), Optional.empty(), ClassLabels.NONE).save(folder.resolve("model"));
    }

    @Test
    void writesAFile() throws IOException {
        Path file = folder.resolve("a.onnx");
        Result r = run("export", "--model", folder.resolve("model"), "--onnx", file);
        assertEquals(0, r.code, r.err);
        assertTrue(r.out.contains("[batch,3,8,8]") && r.out.contains("bytes"), r.out);
        String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        for (String part : List.of("sample", "timestep", "out_sample", "InstanceNormalization", "conv_in.weight", Main.VERSION)) {
            assertTrue(text.contains(part), part);
        }
        assertEquals(0, run("export", "--model", folder.resolve("model"), "--onnx", file, "--primitives", "--batch", "3", "--image-size", "4,6").code);
        String fixed = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        assertTrue(fixed.contains("ReduceMean") && !fixed.contains("InstanceNormalization"), "the file is replaced");
    }

    @Test
    void badRequestsLeaveNoFile() throws IOException {
        Path model = folder.resolve("model");
        Path file = folder.resolve("a.onnx");
        refused("there is no such folder", "--model", folder.resolve("none"), "--onnx", file);
        refused("batch: expected 1", "--model", model, "--onnx", file, "--batch", "0");
        refused("batch: expected 1", "--model", model, "--onnx", file, "--batch", "-2");
        refused("there is no folder", "--model", model, "--onnx", folder.resolve("missing/a.onnx"));
        refused("this is a folder", "--model", model, "--onnx", folder);
        refused("sample_size is 5×8", "--model", model, "--onnx", file, "--image-size", "5,8");
        refused("expected N or H,W", "--model", model, "--onnx", file, "--image-size", "8,8,8");
        refused("--onnx", "--model", model);
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(List.of(model), files.toList());
        }
    }

    @Test
    void aFileThatCannotBeWrittenStaysAsItWas() throws IOException {
        Path unwritable = Path.of("/proc/sirocco.onnx"); // a folder that takes no file, not even from root
        if (Files.isDirectory(unwritable.getParent())) {
            Result r = run("export", "--model", folder.resolve("model"), "--onnx", unwritable);
            assertEquals(Main.FAILED, r.code, r.out);
            assertTrue(r.err.contains("cannot write " + unwritable), r.err);
        }
        Path file = folder.resolve("a.onnx");
        Files.writeString(file, "before");
        Files.delete(folder.resolve("model").resolve("unet").resolve("diffusion_pytorch_model.safetensors"));
        Result r = run("export", "--model", folder.resolve("model"), "--onnx", file);
        assertEquals(Main.FAILED, r.code, r.out);
        assertTrue(r.err.contains("diffusion_pytorch_model.safetensors"), r.err);
        assertArrayEquals("before".getBytes(StandardCharsets.UTF_8), Files.readAllBytes(file));
    }

    private static void refused(String message, Object... args) {
        Object[] all = Stream.concat(Stream.of("export"), Stream.of(args)).toArray();
        Result r = run(all);
        assertEquals(Main.IMPOSSIBLE, r.code, r.out);
        assertTrue(r.err.contains(message), r.err);
    }
}
