package sirocco.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageFilesTest {
    @TempDir
    Path folder;

    private static byte[] read(Dataset dataset, int index) {
        byte[] image = new byte[dataset.imageBytes()];
        dataset.read(index, image, 0);
        return image;
    }

    @Test
    void subFoldersAreClassesInFoldersAndZipsAlike() throws IOException {
        byte[] cat = TestFiles.png(20, 20, 1);
        byte[] dog = TestFiles.png(24, 20, 2);
        TestFiles.write(folder.resolve("set/dog/1.png"), dog);
        TestFiles.write(folder.resolve("set/cat/deeper/b.PNG"), cat);
        TestFiles.write(folder.resolve("set/cat/a.jpeg"), TestFiles.jpeg(20, 20, 1));
        TestFiles.write(folder.resolve("set/cat/notes.txt"), cat);
        TestFiles.write(folder.resolve("set/.hidden/x.png"), cat);
        Path zip = TestFiles.zip(folder.resolve("set.zip"), "top/dog/1.png", dog, "top/cat/deeper/b.PNG", cat, "top/cat/a.jpeg",
                TestFiles.jpeg(20, 20, 1), "top/cat/notes.txt", cat, "__MACOSX/x.png", cat);
        try (Dataset files = Datasets.open(folder.resolve("set").toString(), 20, 3); Dataset zipped = Datasets.open(zip.toString(), 20, 3)) {
            for (Dataset dataset : List.of(files, zipped)) {
                assertEquals(List.of("cat", "dog"), dataset.classNames());
                assertEquals(3, dataset.size());
                assertEquals(1, dataset.ignored());
                byte[] image = new byte[dataset.imageBytes() + 1];
                assertEquals(0, dataset.read(0, image, 1));
                assertEquals(0, dataset.read(1, image, 1));
                assertEquals(1, dataset.read(2, image, 1));
            }
            for (int i = 0; i < 3; i++) {
                byte[] first = read(files, i);
                assertArrayEquals(first, read(zipped, i));
                assertArrayEquals(first, read(files, i), "from memory");
            }
        }
    }

    @Test
    void imagesWithoutSubFoldersHaveNoClasses() throws IOException {
        TestFiles.write(folder.resolve("a.png"), TestFiles.png(20, 16, 1));
        TestFiles.write(folder.resolve("b.png"), TestFiles.png(20, 20, 2));
        try (Dataset dataset = Datasets.open(folder.toString(), 0, 0)) {
            assertEquals(List.of(), dataset.classNames());
            assertEquals(16, dataset.height());
            assertEquals(3, dataset.channels());
            Datasets.readAll(dataset, _ -> true);
        }
        TestFiles.write(folder.resolve("cat/b.png"), TestFiles.png(20, 20, 2));
        String message = assertThrows(DataException.class, () -> Datasets.open(folder.toString(), 8, 3)).getMessage();
        assertTrue(message.contains("cat") && message.contains("a.png"), message);
    }

    @Test
    void readsTheSameWithoutTheCache() throws IOException {
        TestFiles.write(folder.resolve("a.png"), TestFiles.png(40, 30, 1));
        try (ImageFiles kept = new ImageFiles(folder, FileTree.ofFolder(folder), 16, 3, 768);
                ImageFiles anew = new ImageFiles(folder, FileTree.ofFolder(folder), 16, 3, 767)) {
            assertArrayEquals(read(kept, 0), read(anew, 0));
            Files.delete(folder.resolve("a.png"));
            read(kept, 0);
            assertThrows(DataException.class, () -> read(anew, 0));
        }
    }

    /** Every kind of PNG that ImageIO writes gives the values it was made of. */
    @Test
    void pixelValuesAreThoseOfTheFile() {
        byte[] out = new byte[8 * 8 * 3];
        for (int type : new int[] {BufferedImage.TYPE_INT_RGB, BufferedImage.TYPE_INT_ARGB, BufferedImage.TYPE_3BYTE_BGR,
                BufferedImage.TYPE_4BYTE_ABGR}) {
            BufferedImage image = TestFiles.picture(8, 8, type, 3);
            ImageDecoder.decode(TestFiles.encoded(image, "png"), "x", 8, 3, out, 0);
            for (int i = 0; i < 64; i++) {
                int rgb = image.getRGB(i % 8, i / 8);
                assertEquals(rgb & 0xFFFFFF, (out[3 * i] & 0xFF) << 16 | (out[3 * i + 1] & 0xFF) << 8 | out[3 * i + 2] & 0xFF);
            }
        }
        for (int type : new int[] {BufferedImage.TYPE_BYTE_GRAY, BufferedImage.TYPE_USHORT_GRAY, BufferedImage.TYPE_BYTE_BINARY}) {
            BufferedImage grey = new BufferedImage(8, 8, type);
            int most = type == BufferedImage.TYPE_USHORT_GRAY ? 65535 : type == BufferedImage.TYPE_BYTE_GRAY ? 255 : 1;
            for (int i = 0; i < 64; i++) {
                grey.getRaster().setSample(i % 8, i / 8, 0, i * most / 63);
            }
            byte[] png = TestFiles.encoded(grey, "png");
            byte[] one = new byte[64];
            ImageDecoder.decode(png, "x", 8, 1, one, 0);
            ImageDecoder.decode(png, "x", 8, 3, out, 0);
            for (int i = 0; i < 64; i++) {
                assertEquals(i * most / 63 * 255.0 / most, one[i] & 0xFF, 0.5 + 1e-3, "type " + type);
                assertEquals(one[i], out[3 * i]);
                assertEquals(one[i], out[3 * i + 2]);
            }
        }
    }

    @Test
    void transparencyLiesOnWhite() {
        BufferedImage image = new BufferedImage(4, 4, BufferedImage.TYPE_INT_ARGB);
        image.setRGB(1, 0, 0x80FF0000);
        byte[] out = new byte[48];
        ImageDecoder.decode(TestFiles.encoded(image, "png"), "x", 4, 3, out, 0);
        assertArrayEquals(new byte[] {-1, -1, -1, -1, 127, 127}, java.util.Arrays.copyOf(out, 6));
    }

    @Test
    void jpegComesNearAndGreyJpegIsNotBrightened() {
        BufferedImage image = TestFiles.picture(32, 32, BufferedImage.TYPE_INT_RGB, 5);
        byte[] out = new byte[32 * 32 * 3];
        ImageDecoder.decode(TestFiles.encoded(image, "jpeg"), "x", 32, 3, out, 0);
        BufferedImage grey = new BufferedImage(16, 16, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < 256; i++) {
            grey.getRaster().setSample(i % 16, i / 16, 0, 60);
        }
        byte[] plain = new byte[256];
        ImageDecoder.decode(TestFiles.encoded(grey, "jpeg"), "x", 16, 1, plain, 0);
        for (int i = 0; i < 1024; i++) {
            // Quality 75 of a smooth gradient: a few levels.
            assertEquals(image.getRGB(i % 32, i / 32) >> 16 & 0xFF, out[3 * i] & 0xFF, 8);
            assertEquals(60, plain[i % 256] & 0xFF, 1);
        }
    }

    @Test
    void readsTheSampleImages() {
        Path zip = Path.of(System.getProperty("sirocco.root", ".")).resolve("../shared/data/cifar10-test-5k.zip").normalize();
        assumeTrue(Files.exists(zip), "no sample images at " + zip);
        try (Dataset dataset = Datasets.open(zip.toString(), 32, 3)) {
            assertEquals(5000, dataset.size());
            assertEquals(10, dataset.classNames().size());
            assertEquals("frog", dataset.classNames().get(6));
            double mean = 0;
            for (int i = 0; i < 500; i++) {
                byte[] image = read(dataset, 10 * i);
                for (byte b : image) {
                    mean += (b & 0xFF) / (500.0 * image.length);
                }
            }
            // CIFAR-10's mean is 0.473 of 255 over all channels; 500 images of deviation about 30 give it to 1.5.
            assertEquals(120.7, mean, 8);
        }
    }
}
