package sirocco.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import static org.junit.jupiter.api.Assertions.fail;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostileImagesTest {
    @TempDir
    Path folder;

    private static String refusal(byte[] file) {
        return assertThrows(DataException.class, () -> ImageDecoder.decode(file, "image \"x\"", 16, 3, new byte[768], 0)).getMessage();
    }

    private static void assertSays(String message, String... parts) {
        for (String part : parts) {
            assertTrue(message.contains(part), message);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"png", "jpeg"})
    void truncatedAnywhere(String format) {
        byte[] whole = format.equals("png") ? TestFiles.png(64, 64, 1) : TestFiles.jpeg(64, 64, 1);
        for (int length = 0; length < whole.length; length += 1 + whole.length / 97) {
            assertSays(refusal(Arrays.copyOf(whole, length)), "image \"x\"");
        }
        assertSays(refusal(Arrays.copyOf(whole, whole.length - 3)), "truncated");
    }

    /** A PNG's checksums catch every flipped byte. In a JPEG damage may be another picture, but it must not be another exception. */
    @Test
    void corruptAnywhere() {
        Random random = new Random(1);
        byte[] png = TestFiles.png(32, 32, 1);
        byte[] jpeg = TestFiles.jpeg(32, 32, 1);
        int refused = 0;
        for (int i = 0; i < 300; i++) {
            byte[] bad = png.clone();
            bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
            refusal(bad);
            byte[] worse = jpeg.clone();
            for (int k = 0; k < 5; k++) {
                worse[random.nextInt(worse.length)] = (byte) random.nextInt();
            }
            try {
                ImageDecoder.decode(worse, "x", 16, 3, new byte[768], 0);
            } catch (DataException e) {
                refused++;
            }
        }
        assertTrue(refused > 100, refused + " of 300 damaged JPEGs refused");
    }

    @Test
    void aJpegWhoseDataEndEarly() {
        byte[] whole = TestFiles.encoded(noise(64), "jpeg");
        byte[] cut = Arrays.copyOf(whole, whole.length / 2 + 2);
        cut[cut.length - 2] = (byte) 0xFF;
        cut[cut.length - 1] = (byte) 0xD9;
        assertSays(refusal(cut), "corrupt", "premature");
    }

    private static BufferedImage noise(int side) {
        Random random = new Random(3);
        BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < side * side; i++) {
            image.setRGB(i % side, i / side, random.nextInt());
        }
        return image;
    }

    @Test
    void animatedImages() {
        assertSays(refusal(TestFiles.withChunk(TestFiles.png(16, 16, 1), "acTL", new byte[8])), "animated PNG", "still image");
        assertSays(refusal(TestFiles.encoded(noise(16), "gif")), "is a GIF", "expected PNG or JPEG");
    }

    @Test
    void otherFormats() {
        assertSays(refusal(new byte[0]), "empty file");
        assertSays(refusal(TestFiles.encoded(noise(16), "bmp")), "is a BMP");
        assertSays(refusal("RIFF....WEBPVP8 ".getBytes(StandardCharsets.ISO_8859_1)), "is a WebP");
        assertSays(refusal("<html>404 not found</html>".getBytes(StandardCharsets.ISO_8859_1)), "no known image format");
    }

    @Test
    void tooSmallAndTooLarge() {
        assertSays(refusal(TestFiles.png(1, 1, 1)), "1 x 1 pixels", "at least 4");
        assertSays(refusal(TestFiles.jpeg(1, 1, 1)), "1 x 1 pixels");
        assertSays(refusal(TestFiles.png(300, 3, 1)), "300 x 3 pixels");
        assertSays(refusal(TestFiles.claiming(TestFiles.png(16, 16, 1), 2_000_000_000, 2_000_000_000)), "2000000000 x 2000000000", "at most");
        assertSays(refusal(TestFiles.claiming(TestFiles.png(16, 16, 1), 0, 16)), "corrupt", "0 x 16");
        assertSays(refusal(TestFiles.claiming(TestFiles.png(16, 16, 1), -1, 16)), "2147483647 x 16");
        // Within the limit, but more than there are data for.
        assertSays(refusal(TestFiles.claiming(TestFiles.png(16, 16, 1), 3000, 3000)), "image \"x\"");
    }

    @Test
    void cmykJpeg() {
        byte[] jpeg = TestFiles.jpeg(16, 16, 1);
        // The frame header's component count, made four: what a CMYK file has.
        for (int i = 2; i < jpeg.length; i++) {
            if ((jpeg[i] & 0xFF) == 0xFF && (jpeg[i + 1] & 0xFF) == 0xC0) {
                jpeg[i + 9] = 4;
                break;
            }
        }
        assertSays(refusal(jpeg), "CMYK", "convert it to RGB");
    }

    @Test
    void oneBadImageAmongManyIsNamed() throws IOException {
        for (int i = 0; i < 5; i++) {
            TestFiles.write(folder.resolve("cat/" + i + ".png"), TestFiles.png(16, 16, i));
        }
        TestFiles.write(folder.resolve("dog/bad.png"), Arrays.copyOf(TestFiles.png(16, 16, 1), 60));
        try (Dataset dataset = Datasets.open(folder.toString(), 16, 3)) {
            assertSays(assertThrows(DataException.class, () -> Datasets.readAll(dataset, _ -> true)).getMessage(), "dog/bad.png", "truncated", "remove");
            try (Batches batches = new Batches(dataset, 6, 1, 0)) {
                assertSays(assertThrows(DataException.class, batches::next).getMessage(), "batch 0", "dog/bad.png", "truncated");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"../evil.png", "a/../../evil.png", "/etc/evil.png", "C:\\evil.png", "a\\..\\..\\evil.png"})
    void zipEntriesThatClimb(String name) throws IOException {
        Path zip = TestFiles.zip(folder.resolve("evil.zip"), "good.png", TestFiles.png(16, 16, 1), name, TestFiles.png(16, 16, 1));
        assertSays(assertThrows(DataException.class, () -> Datasets.open(zip.toString(), 16, 3)).getMessage(), "evil.zip", "outside", "not trusted");
    }

    @Test
    void zipBombs() throws IOException {
        Path honest = TestFiles.zip(folder.resolve("honest.zip"), "big.png", new byte[FileTree.MOST_BYTES + 1]);
        assertTrue(Files.size(honest) < 100_000);
        try (Dataset dataset = Datasets.open(honest.toString(), 16, 3)) {
            assertSays(assertThrows(DataException.class, () -> Datasets.readAll(dataset, _ -> true)).getMessage(), "big.png", "at most");
        }
        // The same with a directory that says 1000 bytes.
        byte[] lying = Files.readAllBytes(honest);
        for (int i = lying.length - 100; i < lying.length; i++) {
            if (lying[i] == 'P' && lying[i + 1] == 'K' && lying[i + 2] == 1) {
                lying[i + 24] = (byte) 0xE8;
                lying[i + 25] = 3;
                lying[i + 26] = 0;
                lying[i + 27] = 0;
                break;
            }
        }
        Path liar = TestFiles.write(folder.resolve("liar.zip"), lying);
        try (Dataset dataset = Datasets.open(liar.toString(), 16, 3)) {
            assertSays(assertThrows(DataException.class, () -> Datasets.readAll(dataset, _ -> true)).getMessage(), "big.png", "1000 bytes");
        }
    }

    @Test
    void brokenZips() throws IOException {
        Path zip = TestFiles.zip(folder.resolve("a.zip"), "a.png", TestFiles.png(16, 16, 1));
        byte[] bytes = Files.readAllBytes(zip);
        Path cut = TestFiles.write(folder.resolve("cut.zip"), Arrays.copyOf(bytes, bytes.length / 2));
        assertSays(assertThrows(DataException.class, () -> Datasets.open(cut.toString(), 16, 3)).getMessage(), "cut.zip", "not a readable ZIP");
        Path none = TestFiles.zip(folder.resolve("none.zip"), "readme.txt", new byte[3], "other.TXT", new byte[3], "Makefile", new byte[1]);
        assertSays(assertThrows(DataException.class, () -> Datasets.open(none.toString(), 16, 3)).getMessage(), "none.zip", "no .png",
                "*.txt=2", "makefile=1");
    }

    @Test
    void unusableSpecs() throws IOException {
        assertSays(assertThrows(DataException.class, () -> Datasets.open("nowhere", 16, 3)).getMessage(), "nowhere", "shapes16", "no file or folder");
        assertSays(assertThrows(DataException.class, () -> Datasets.open("", 16, 3)).getMessage(), "no file or folder");
        assertSays(assertThrows(DataException.class, () -> Datasets.open("a\0b", 16, 3)).getMessage(), "no file or folder");
        assertSays(assertThrows(DataException.class, () -> Datasets.open("shapes16", 32, 3)).getMessage(), "16 x 16", "shapes32");
        assertSays(assertThrows(DataException.class, () -> Datasets.open("shapes17", 0, 3)).getMessage(), "17", "multiple of 8");
        assertSays(assertThrows(DataException.class, () -> Datasets.open("shapes", -1, 3)).getMessage(), "-1");
        assertSays(assertThrows(DataException.class, () -> Datasets.open("shapes", 16, 4)).getMessage(), "1 or 3 channels", "got 4");
        assertSays(assertThrows(DataException.class, () -> Datasets.open(folder.toString(), 16, 3)).getMessage(), "empty folder");
        TestFiles.write(folder.resolve("only/notes.txt"), new byte[5]);
        assertSays(assertThrows(DataException.class, () -> Datasets.open(folder.toString(), 16, 3)).getMessage(), "CIFAR-10", "MNIST", ".png",
                "notes.txt");
        Path text = TestFiles.write(folder.resolve("text"), "hello".getBytes(StandardCharsets.US_ASCII));
        assertSays(assertThrows(DataException.class, () -> Datasets.open(text.toString(), 16, 3)).getMessage(), "neither a ZIP", "expected one of");
    }

    @Test
    void builtInsOpenByName() {
        try (Dataset small = Datasets.open("shapes16", 0, 0); Dataset other = Datasets.open("shapes", 24, 1)) {
            assertEquals(16, small.height());
            assertEquals(3, small.channels());
            assertEquals(24, other.width());
            assertEquals(1, other.channels());
            Datasets.readAll(small, _ -> fail("it has no end"));
        }
    }
}
