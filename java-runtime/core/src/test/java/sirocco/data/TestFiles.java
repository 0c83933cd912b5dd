package sirocco.data;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;

/** Files, good and bad, for the readers' tests. */
final class TestFiles {
    private TestFiles() {}

    /** A picture of random smooth colours, so that JPEG comes near it. */
    static BufferedImage picture(int width, int height, int type, long seed) {
        Random random = new Random(seed);
        int a = random.nextInt(200);
        int b = random.nextInt(200);
        BufferedImage image = new BufferedImage(width, height, type);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.setRGB(x, y, 0xFF000000 | (a + 50 * x / width) << 16 | (b + 50 * y / height) << 8 | (a + b) / 2);
            }
        }
        return image;
    }

    static byte[] encoded(BufferedImage image, String format) {
        try {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            if (!ImageIO.write(image, format, out)) {
                throw new IllegalStateException("no writer for " + format);
            }
            return out.toByteArray();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    static byte[] png(int width, int height, long seed) {
        return encoded(picture(width, height, BufferedImage.TYPE_INT_RGB, seed), "png");
    }

    static byte[] jpeg(int width, int height, long seed) {
        return encoded(picture(width, height, BufferedImage.TYPE_INT_RGB, seed), "jpeg");
    }

    /** The PNG with a chunk put in after its header. */
    static byte[] withChunk(byte[] png, String type, byte[] data) {
        int header = 8 + 25;
        ByteBuffer out = ByteBuffer.allocate(png.length + 12 + data.length);
        return out.put(png, 0, header).put(chunk(type, data)).put(png, header, png.length - header).array();
    }

    /** The PNG with another size in its header, its checksum right. */
    static byte[] claiming(byte[] png, int width, int height) {
        byte[] copy = png.clone();
        byte[] data = ByteBuffer.allocate(13).putInt(width).putInt(height).put(png, 24, 5).array();
        System.arraycopy(chunk("IHDR", data), 0, copy, 8, 25);
        return copy;
    }

    private static byte[] chunk(String type, byte[] data) {
        CRC32 crc = new CRC32();
        crc.update(type.getBytes(StandardCharsets.ISO_8859_1));
        crc.update(data);
        return ByteBuffer.allocate(12 + data.length).putInt(data.length).put(type.getBytes(StandardCharsets.ISO_8859_1)).put(data)
                .putInt((int) crc.getValue()).array();
    }

    static Path write(Path file, byte[] bytes) throws IOException {
        Files.createDirectories(file.getParent());
        return Files.write(file, bytes);
    }

    static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (OutputStream gz = new GZIPOutputStream(out)) {
            gz.write(bytes);
        }
        return out.toByteArray();
    }

    /** @param entries name, bytes, name, bytes, … */
    static Path zip(Path file, Object... entries) throws IOException {
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            for (int i = 0; i < entries.length; i += 2) {
                zip.putNextEntry(new ZipEntry((String) entries[i]));
                zip.write((byte[]) entries[i + 1]);
                zip.closeEntry();
            }
        }
        return file;
    }

    static byte[] idxImages(int claimed, int count, int height, int width) {
        ByteBuffer out = ByteBuffer.allocate(16 + count * height * width).putInt(0x803).putInt(claimed).putInt(height).putInt(width);
        for (int i = 0; i < count * height * width; i++) {
            out.put((byte) (i * 7));
        }
        return out.array();
    }

    static byte[] idxLabels(int claimed, int... labels) {
        ByteBuffer out = ByteBuffer.allocate(8 + labels.length).putInt(0x801).putInt(claimed);
        for (int label : labels) {
            out.put((byte) label);
        }
        return out.array();
    }

    /** CIFAR-10 records whose planes are filled with 10, 20 and 30 times the label, plus one. */
    static byte[] cifar(int... labels) {
        ByteBuffer out = ByteBuffer.allocate(3073 * labels.length);
        for (int label : labels) {
            out.put((byte) label);
            for (int i = 0; i < 3072; i++) {
                out.put((byte) ((i / 1024 + 1) * 10 * (label % 8) + 1));
            }
        }
        return out.array();
    }
}
