package sirocco.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import sirocco.folder.ClassLabels;
import sirocco.io.Safetensors;
import sirocco.io.SafetensorsWriter;
import sirocco.nn.Weights;
import sirocco.nn.unet.UNetConfig;
import sirocco.pipeline.DiffusionModel;
import sirocco.train.TrainConfig;

/** Models for super-resolution by the command line. */
class LowResCommandTest {
    private static final List<String> TINY = List.of("--data", "shapes16", "--block-out-channels", "8,16", "--layers-per-block", "1", "--norm-groups", "4",
            "--timesteps", "50", "--batch", "4", "--warmup", "0", "--steps", "2", "--threads", "1");

    @TempDir
    static Path shared;

    @TempDir
    Path folder;

    private record Result(int code, String out, String err) { }

    private static Result run(Object... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine line = Main.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        int code = line.execute(Arrays.stream(args).flatMap(a -> a instanceof List<?> l ? l.stream() : Stream.of(a)).map(Object::toString)
                .toArray(String[]::new));
        return new Result(code, out.toString(), err.toString());
    }

    private static Result good(Object... args) {
        Result r = run(args);
        assertEquals(0, r.code, r.out + r.err);
        return r;
    }

    /** A model with classes, one without, one that enlarges nothing, and images: in folders by class, others of wrong kinds. */
    @BeforeAll
    static void prepare() throws IOException {
        good("train", "--out", shared.resolve("CLASSES"), TINY, "--condition", "low-res:8", "--sample-every", "2", "--flip");
        good("train", "--out", shared.resolve("MODEL"), TINY, "--condition", "low-res:4", "--class-conditional", "false");
        good("train", "--out", shared.resolve("PLAIN"), TINY);
        image("FOUR/a.png", 4, BufferedImage.TYPE_INT_RGB, 0);
        image("FOUR/b.png", 4, BufferedImage.TYPE_INT_RGB, 0xffffff);
        image("FOUR/c.png", 4, BufferedImage.TYPE_INT_RGB, 0xff0000);
        image("MIXED/a.png", 4, BufferedImage.TYPE_INT_RGB, 0);
        image("MIXED/b.png", 8, BufferedImage.TYPE_INT_RGB, 0);
        image("EIGHT/a.png", 8, BufferedImage.TYPE_INT_RGB, 0);
        image("GRAY/a.png", 4, BufferedImage.TYPE_BYTE_GRAY, 0);
        Files.createDirectories(shared.resolve("EMPTY"));
    }

    private static Path image(String name, int side, int type, int rgb) throws IOException {
        Path file = shared.resolve(name);
        Files.createDirectories(file.getParent());
        BufferedImage image = new BufferedImage(side, side, type);
        for (int i = 0; i < side * side; i++) {
            image.setRGB(i % side, i / side, rgb);
        }
        ImageIO.write(image, "png", file.toFile());
        return file;
    }

    @Test
    void sheetsOfTrainingHaveThePartnersOfTheDataset() throws IOException {
        assertTrue(Files.size(shared.resolve("CLASSES/samples/step-00000002.png")) > 0);
        String info = good("info", "--model", shared.resolve("MODEL"), "--batches", "1", "--threads", "1").out;
        assertTrue(info.contains("condition: images of 4×4, which the model enlarges by 4") && info.contains("3 channels"), info);
    }

    /** As many images as there are to enlarge, one after the other, over and over; image i at any batch. */
    @Test
    void aFolderAZipOrAFileIsEnlarged() throws IOException {
        Path all = folder.resolve("all");
        Path more = folder.resolve("more");
        List<Object> sample = List.of("sample", "--model", shared.resolve("MODEL"), "--steps", "3", "--threads", "1");
        String said = good(sample, "--out", all, "--low-res", shared.resolve("FOUR")).out;
        assertTrue(said.contains("3 images"), said);
        assertFalse(Files.exists(all.resolve("000003.png")));
        Path zip = folder.resolve("four.zip");
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
            for (String name : List.of("a.png", "b.png", "c.png")) {
                out.putNextEntry(new ZipEntry(name));
                out.write(Files.readAllBytes(shared.resolve("FOUR").resolve(name)));
            }
        }
        good(sample, "--out", more, "--low-res", zip, "--start", "2", "--num", "2", "--batch", "1");
        assertAlike(all.resolve("000002.png"), more.resolve("000002.png"));
        assertTrue(Files.exists(more.resolve("000003.png")));
        assertTrue(good(sample, "--out", folder.resolve("one"), "--low-res", shared.resolve("FOUR/b.png"), "--guidance", "1.5").out.contains("1 images"));
        assertTrue(good(sample, "--out", folder.resolve("endless"), "--low-res", shared.resolve("FOUR/b.png"), "--num", "2", "--start", "5").out.contains("2 images"));
    }

    private static void assertAlike(Path a, Path b) throws IOException {
        BufferedImage one = ImageIO.read(a.toFile());
        BufferedImage two = ImageIO.read(b.toFile());
        for (int i = 0; i < 256; i++) {
            for (int shift = 0; shift <= 16; shift += 8) {
                int x = one.getRGB(i % 16, i / 16) >> shift & 255;
                // A batch of another size may be convolved by another algorithm, which rounds differently.
                assertEquals(x, two.getRGB(i % 16, i / 16) >> shift & 255, 1);
            }
        }
    }

    /** A class that is not the image's own would contradict the image. */
    @Test
    void classesAreThoseOfTheFoldersOrNamed() throws IOException {
        List<Object> sample = List.of("sample", "--model", shared.resolve("CLASSES"), "--steps", "2", "--threads", "1");
        Path byClass = folder.resolve("byclass");
        for (String name : List.of("ring/x.png", "disc/y.png")) {
            Files.createDirectories(byClass.resolve(name).getParent());
            Files.copy(shared.resolve("EIGHT/a.png"), byClass.resolve(name));
        }
        good(sample, "--out", folder.resolve("a"), "--low-res", byClass);
        good(sample, "--out", folder.resolve("again"), "--low-res", byClass, "--classes", "disc,ring");
        for (String name : List.of("000000.png", "000001.png")) {
            assertArrayEquals(Files.readAllBytes(folder.resolve("a").resolve(name)), Files.readAllBytes(folder.resolve("again").resolve(name)), "disc/y.png, ring/x.png");
        }
        good(sample, "--out", folder.resolve("b"), "--low-res", shared.resolve("EIGHT"), "--class", "ring", "--guidance", "2");
        Result unknown = run(sample, "--out", folder.resolve("c"), "--low-res", shared.resolve("EIGHT"));
        assertEquals(Main.IMPOSSIBLE, unknown.code);
        assertTrue(unknown.err.contains("the model has classes") && unknown.err.contains("--class"), unknown.err);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            train --data shapes16 --out %s/x --condition low-res:5    | divisor of 16 below it, got low-res:5
            train --data shapes16 --out %s/x --condition low-res:16   | divisor of 16 below it, got low-res:16
            train --data shapes16 --out %s/x --condition low-res:32   | divisor of 16 below it, got low-res:32
            train --data shapes16 --out %s/x --condition low-res:0    | low-res:N with N at least 4, got low-res:0
            train --data shapes16 --out %s/x --condition low-res:-8   | low-res:N with N at least 4, got low-res:-8
            train --data shapes16 --out %s/x --condition depth        | expected none, own, or low-res:N
            train --data shapes16 --out %s/x --from MODEL/model --condition low-res:8 | expected low-res:4, got low-res:8
            sample --model MODEL --out %s/y                           | --low-res DATA
            sample --model PLAIN --out %s/y --low-res FOUR            | receives no low-resolution images
            sample --model MODEL --out %s/y --low-res EIGHT           | 8 x 8 pixels (expected 4 x 4)
            sample --model MODEL --out %s/y --low-res EIGHT/a.png     | 8 x 8 pixels (expected 4 x 4)
            sample --model MODEL --out %s/y --low-res MIXED           | "b.png"
            sample --model MODEL --out %s/y --low-res GRAY            | 1 channel, gray (expected 3 channels, color)
            sample --model MODEL --out %s/y --low-res shapes16        | 16 x 16 pixels and 3 channels (expected 4 x 4 and 3)
            sample --model MODEL --out %s/y --low-res EMPTY           | empty folder
            sample --model MODEL --out %s/y --low-res %s/none         | no file or folder of that name
            sample --model MODEL --out %s/y --low-res FOUR --num 0    | --num
            sample --model MODEL --out %s/y --low-res FOUR --class 1  | --class 1
            sample --model MODEL --out %s/y --low-res FOUR --null-class 1 | --null-class 1""")
    void nonsenseIsAnsweredInOneLine(String command, String named) throws IOException {
        String text = command.strip().replace("%s", folder.toString());
        for (String name : List.of("MODEL", "PLAIN", "FOUR", "EIGHT", "MIXED", "GRAY", "EMPTY")) {
            text = text.replace(" " + name, " " + shared.resolve(name));
        }
        Result r = run(List.of(text.split(" ")));
        assertTrue(r.code == Main.IMPOSSIBLE || r.code == Main.FAILED, r.out);
        assertTrue(r.err.contains(named.strip()), r.err);
        assertFalse(r.err.contains("\tat ") || r.err.contains("java."), "no stack trace, nothing of Java: " + r.err);
        assertEquals(1, r.err.strip().lines().count(), r.err);
        assertFalse(Files.exists(folder.resolve("x")) || Files.exists(folder.resolve("y")), "nothing is left behind");
    }

    @Test
    void theNetworkIsRunAndExportedWithItsPartner() throws IOException {
        Path in = folder.resolve("in.safetensors");
        Path out = folder.resolve("out.safetensors");
        SafetensorsWriter tensors = new SafetensorsWriter().floats("sample", new long[] {3, 3, 16, 16}, () -> new float[2304])
                .floats("timesteps", new long[] {1}, () -> new float[] {7});
        tensors.write(in);
        Result r = run("infer", "--model", shared.resolve("MODEL"), "--in", in, "--out", out);
        assertEquals(Main.IMPOSSIBLE, r.code);
        assertTrue(r.err.contains("tensor \"low_res\" is missing"), r.err);
        float[] partners = new float[144];
        Arrays.fill(partners, 48, 96, 1);
        tensors.floats("low_res", new long[] {3, 3, 4, 4}, () -> partners).write(in);
        good("infer", "--model", shared.resolve("MODEL"), "--in", in, "--out", out, "--batch", "2", "--threads", "1");
        try (Safetensors read = Safetensors.open(out)) {
            float[] y = read.floats("output");
            assertArrayEquals(Arrays.copyOfRange(y, 0, 768), Arrays.copyOfRange(y, 1536, 2304), 1e-5f, "equal partners");
            assertFalse(Arrays.equals(Arrays.copyOfRange(y, 0, 768), Arrays.copyOfRange(y, 768, 1536)), "another partner");
        }
        new SafetensorsWriter().floats("sample", new long[] {1, 3, 16, 16}, () -> new float[768]).floats("timesteps", new long[] {1}, () -> new float[1])
                .floats("low_res", new long[] {1, 3, 8, 8}, () -> new float[192]).write(in);
        r = run("infer", "--model", shared.resolve("MODEL"), "--in", in, "--out", out);
        assertTrue(r.err.contains("low_res has shape [1, 3, 8, 8], expected [1, 3, 4, 4]"), r.err);
        assertTrue(good("export", "--model", shared.resolve("MODEL"), "--onnx", folder.resolve("net.onnx")).out.contains("nodes"));
    }

    /** A model that has no classes but enlarges images can be guided, unless its training dropped nothing. */
    @Test
    void guidanceLooksAtAllConditions() {
        UNetConfig config = UNetConfig.builder().size(8).blockOutChannels(8).normNumGroups(4).layersPerBlock(1).lowResFactor(2).build();
        DiffusionModel model = new DiffusionModel(Weights.initial(config, 0), Optional.empty(), ClassLabels.NONE);
        ChainOptions options = ChainOptions.quick();
        options.guidance = 2;
        options.checkGuidance(model, Optional.of(TrainConfig.DEFAULT));
        options.checkGuidance(model, Optional.empty());
        String message = assertThrows(IllegalArgumentException.class,
                () -> options.checkGuidance(model, Optional.of(TrainConfig.DEFAULT.withObjective(o -> o.withLabelDrop(0))))).getMessage();
        assertTrue(message.contains("--label-drop 0"), message);
    }
}
