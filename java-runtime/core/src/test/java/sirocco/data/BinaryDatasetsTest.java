package sirocco.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BinaryDatasetsTest {
    @TempDir
    Path folder;

    private String refusal(Path file) {
        return assertThrows(DataException.class, () -> Datasets.open(file.toString(), 0, 0)).getMessage();
    }

    private static void assertSays(String message, String... parts) {
        for (String part : parts) {
            assertTrue(message.contains(part), message);
        }
    }

    private static byte[] tar(Object... entries) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(out)) {
            for (int i = 0; i < entries.length; i += 2) {
                byte[] bytes = (byte[]) entries[i + 1];
                TarArchiveEntry entry = new TarArchiveEntry((String) entries[i], true);
                entry.setSize(bytes.length);
                tar.putArchiveEntry(entry);
                tar.write(bytes);
                tar.closeArchiveEntry();
            }
        }
        return out.toByteArray();
    }

    @Test
    void cifarFromFolderFileAndTar() throws IOException {
        byte[] one = TestFiles.cifar(0, 9);
        byte[] two = TestFiles.cifar(3);
        byte[] test = TestFiles.cifar(5, 6, 7, 1);
        TestFiles.write(folder.resolve("c/data_batch_1.bin"), one);
        TestFiles.write(folder.resolve("c/data_batch_2.bin"), two);
        TestFiles.write(folder.resolve("c/test_batch.bin"), test);
        Path tar = TestFiles.write(folder.resolve("c.tar.gz"), TestFiles.gzip(tar("x/data_batch_1.bin", one, "x/readme.html", new byte[9],
                "x/data_batch_2.bin", two, "x/test_batch.bin", test)));
        for (String spec : new String[] {folder + "/c", tar.toString()}) {
            try (Dataset train = Datasets.open(spec, 0, 0); Dataset held = Datasets.open(spec + "#test", 16, 1)) {
                assertEquals(3, train.size());
                assertEquals(32, train.height());
                byte[] image = new byte[3072];
                assertEquals(9, train.read(1, image, 0));
                assertEquals(3, train.read(2, image, 0));
                // Planes become pixels.
                for (int i = 0; i < 1024; i++) {
                    assertEquals(31, image[3 * i]);
                    assertEquals(61, image[3 * i + 1]);
                    assertEquals(91, image[3 * i + 2]);
                }
                assertEquals("cat", train.classNames().get(3));
                assertEquals(4, held.size());
                assertEquals(16 * 16, held.imageBytes());
                assertEquals(5, held.read(0, image, 0));
                assertEquals(Luma.of(51, 101, 151), image[0] & 0xFF, 0.51);
            }
        }
        try (Dataset single = Datasets.open(folder.resolve("c/test_batch.bin").toString(), 0, 0)) {
            assertEquals(4, single.size());
        }
    }

    @Test
    void hostileCifar() throws IOException {
        byte[] good = TestFiles.cifar(1, 2);
        Path shorter = TestFiles.write(folder.resolve("a/data_batch_1.bin"), Arrays.copyOf(good, good.length - 1));
        assertSays(refusal(shorter), "data_batch_1.bin", "6145 bytes", "multiple of 3073");
        assertSays(refusal(shorter.getParent()), "multiple of 3073");
        assertSays(refusal(TestFiles.write(folder.resolve("b/x.bin"), new byte[0])), "0 bytes");
        byte[] label = good.clone();
        label[3073] = 10;
        assertSays(refusal(TestFiles.write(folder.resolve("c/x.bin"), label)), "image 1 has label 10", "0 to 9");

        byte[] tar = TestFiles.gzip(tar("x/data_batch_1.bin", good));
        assertSays(refusal(TestFiles.write(folder.resolve("cut.tar.gz"), Arrays.copyOf(tar, tar.length / 2))), "cut.tar.gz", "download it again");
        assertSays(refusal(TestFiles.write(folder.resolve("python.tar.gz"), TestFiles.gzip(tar("x/data_batch_1", good)))), "Python",
                "cifar-10-binary.tar.gz");
        assertSays(refusal(TestFiles.write(folder.resolve("up.tar.gz"), TestFiles.gzip(tar("../data_batch_1.bin", good)))), "outside");
        assertSays(refusal(TestFiles.write(folder.resolve("root.tar.gz"), TestFiles.gzip(tar("/data_batch_1.bin", good)))), "outside");
        assertSays(refusal(TestFiles.write(folder.resolve("text.gz"), TestFiles.gzip(new byte[] {'h', 'i'}))), "text.gz", "CIFAR-10");
        TestFiles.write(folder.resolve("d/data_batch_1.bin"), good);
        assertSays(assertThrows(DataException.class, () -> Datasets.open(folder + "/d#test", 0, 0)).getMessage(), "no test batches",
                "data_batch_1.bin");
    }

    /** Whose header claims more than is there, whether it is compressed or not. */
    @Test
    void aTarThatPromisesTooMuch() throws IOException {
        byte[] tar = tar("x/data_batch_1.bin", TestFiles.cifar(1, 2, 3, 4));
        byte[] cut = Arrays.copyOf(tar, 512 + 2 * 3073);
        assertSays(refusal(TestFiles.write(folder.resolve("lie.tar.gz"), TestFiles.gzip(cut))), "lie.tar.gz", "download it again");
    }

    private void mnist(String where, byte[] images, byte[] labels, boolean gzip) throws IOException {
        String end = gzip ? ".gz" : "";
        TestFiles.write(folder.resolve(where + "/train-images-idx3-ubyte" + end), gzip ? TestFiles.gzip(images) : images);
        TestFiles.write(folder.resolve(where + "/train-labels-idx1-ubyte" + end), gzip ? TestFiles.gzip(labels) : labels);
    }

    @Test
    void mnistPlainAndGzipped() throws IOException {
        byte[] images = TestFiles.idxImages(3, 3, 28, 28);
        byte[] labels = TestFiles.idxLabels(3, 7, 0, 9);
        mnist("plain", images, labels, false);
        mnist("gz", images, labels, true);
        TestFiles.write(folder.resolve("plain/t10k-images-idx3-ubyte"), TestFiles.idxImages(1, 1, 28, 28));
        TestFiles.write(folder.resolve("plain/t10k-labels-idx1-ubyte"), TestFiles.idxLabels(1, 4));
        for (String spec : new String[] {"plain", "gz", "plain/train-images-idx3-ubyte", "gz/train-images-idx3-ubyte.gz"}) {
            try (Dataset dataset = Datasets.open(folder.resolve(spec).toString(), 0, 0); Dataset big = Datasets.open(folder.resolve(spec)
                    .toString(), 32, 3)) {
                assertEquals(3, dataset.size());
                assertEquals(28, dataset.height());
                assertEquals(1, dataset.channels());
                byte[] image = new byte[784];
                assertEquals(9, dataset.read(2, image, 0));
                for (int i = 0; i < 784; i++) {
                    assertEquals(images[16 + 2 * 784 + i], image[i]);
                }
                assertEquals(32 * 32 * 3, big.imageBytes());
            }
        }
        try (Dataset held = Datasets.open(folder + "/plain#test", 0, 0)) {
            assertEquals(1, held.size());
            assertEquals(4, held.read(0, new byte[784], 0));
        }
    }

    @Test
    void hostileMnist() throws IOException {
        byte[] labels = TestFiles.idxLabels(2, 1, 2);
        for (boolean gzip : new boolean[] {false, true}) {
            mnist("more" + gzip, TestFiles.idxImages(2_000_000, 2, 28, 28), labels, gzip);
            assertSays(refusal(folder.resolve("more" + gzip)), "train-images", gzip ? "it ends in number 2" : "its header implies");
            mnist("less" + gzip, TestFiles.idxImages(1, 2, 28, 28), labels, gzip);
            assertSays(refusal(folder.resolve("less" + gzip)), "train-images", gzip ? "goes on after" : "its header implies");
            mnist("labels" + gzip, TestFiles.idxImages(2, 2, 28, 28), TestFiles.idxLabels(3, 1, 2, 3), gzip);
            assertSays(refusal(folder.resolve("labels" + gzip)), "train-labels", "3 labels for 2 images");
            mnist("short" + gzip, TestFiles.idxImages(2, 2, 28, 28), TestFiles.idxLabels(2, 1), gzip);
            assertSays(refusal(folder.resolve("short" + gzip)), "train-labels", gzip ? "truncated" : "its header implies");
            mnist("range" + gzip, TestFiles.idxImages(2, 2, 28, 28), TestFiles.idxLabels(2, 1, 10), gzip);
            assertSays(refusal(folder.resolve("range" + gzip)), "label 1 is 10", "0 to 9");
            mnist("magic" + gzip, labels, labels, gzip);
            assertSays(refusal(folder.resolve("magic" + gzip)), "begins with 00000801", "expected 00000803");
            mnist("huge" + gzip, TestFiles.idxImages(-1, 0, -1, -1), labels, gzip);
            assertSays(refusal(folder.resolve("huge" + gzip)), "4294967295");
            mnist("end" + gzip, Arrays.copyOf(TestFiles.idxImages(2, 2, 28, 28), 10), labels, gzip);
            assertSays(refusal(folder.resolve("end" + gzip)), "ends within its header");
        }
        mnist("alone", TestFiles.idxImages(2, 2, 28, 28), labels, false);
        Files.delete(folder.resolve("alone/train-labels-idx1-ubyte"));
        assertSays(refusal(folder.resolve("alone")), "no labels beside it", "train-labels-idx1-ubyte");
        byte[] gz = TestFiles.gzip(TestFiles.idxImages(2, 2, 28, 28));
        mnist("cut", new byte[0], labels, true);
        TestFiles.write(folder.resolve("cut/train-images-idx3-ubyte.gz"), Arrays.copyOf(gz, gz.length / 2));
        assertSays(refusal(folder.resolve("cut")), "train-images", "download it again");
    }
}
