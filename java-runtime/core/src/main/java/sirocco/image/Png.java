package sirocco.image;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import sirocco.io.AtomicFiles;

/** Writes PNG. */
public final class Png {
    private Png() {}

    /**
     * Writes {@code picture} so that {@code file} is at every moment absent, what it was before, or whole. Missing folders are made.
     *
     * @throws IOException naming the file, where it cannot be written
     */
    public static void write(Path file, Picture picture) throws IOException {
        AtomicFiles.writeBytes(file, encode(picture));
    }

    /** The bytes of the file. */
    static byte[] encode(Picture picture) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            ImageIO.write(buffered(picture), "png", out);
        }
        return bytes.toByteArray();
    }

    private static BufferedImage buffered(Picture p) {
        int type = p.channels() == 1 ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_INT_RGB;
        BufferedImage image = new BufferedImage(p.width(), p.height(), type);
        for (int y = 0; y < p.height(); y++) {
            for (int x = 0; x < p.width(); x++) {
                if (p.channels() == 1) {
                    // Straight into the raster: setRGB would take Java's grey for linear light and change the value.
                    image.getRaster().setSample(x, y, 0, p.at(y, x, 0));
                } else {
                    image.setRGB(x, y, p.at(y, x, 0) << 16 | p.at(y, x, 1) << 8 | p.at(y, x, 2));
                }
            }
        }
        return image;
    }
}
