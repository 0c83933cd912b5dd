package sirocco.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PixelsTest {
    @Test
    void bytesComeBack() {
        float[] values = new float[256];
        for (int b = 0; b < 256; b++) {
            values[b] = b / 127.5f - 1;
        }
        byte[] bytes = Pixels.toBytes(values);
        for (int b = 0; b < 256; b++) {
            assertEquals(b, bytes[b] & 0xFF);
        }
    }

    @Test
    void roundsHalfUpAndClamps() {
        float half = (float) (0.5 / 127.5 - 1);
        byte[] bytes = Pixels.toBytes(new float[] {-7, Float.NEGATIVE_INFINITY, Math.nextUp(half), half - 1e-6f, 0, 1.001f, Float.POSITIVE_INFINITY});
        assertArrayEquals(new byte[] {0, 0, 1, 0, (byte) 128, (byte) 255, (byte) 255}, bytes);
    }

    @Test
    void nanIsAnError() {
        String message = assertThrows(IllegalArgumentException.class, () -> Pixels.toBytes(new float[] {0, Float.NaN})).getMessage();
        assertTrue(message.contains("value 1 is NaN"), message);
    }

    @Test
    void pngHoldsThePixelsExactly(@TempDir Path folder) throws IOException {
        for (int channels : new int[] {1, 3}) {
            byte[] pixels = new byte[5 * 7 * channels];
            new Random(channels).nextBytes(pixels);
            Path file = folder.resolve("new").resolve(channels + ".png");
            Png.write(file, new Picture(pixels, 5, 7, channels));
            Png.write(file, new Picture(pixels, 5, 7, channels));
            BufferedImage back = ImageIO.read(file.toFile());
            assertEquals(7, back.getWidth());
            assertEquals(channels, back.getRaster().getNumBands());
            for (int i = 0; i < pixels.length; i++) {
                assertEquals(pixels[i] & 0xFF, back.getRaster().getSample(i / channels % 7, i / channels / 7, i % channels));
            }
        }
        try (var files = Files.list(folder.resolve("new"))) {
            assertEquals(2, files.count(), "nothing left beside the two files");
        }
    }

    @Test
    void aFailedWriteNamesTheFileAndLeavesTheOldOne(@TempDir Path folder) throws IOException {
        Path taken = folder.resolve("taken.png");
        Files.createDirectories(taken.resolve("inside"));
        IOException e = assertThrows(IOException.class, () -> Png.write(taken, new Picture(new byte[3], 1, 1, 3)));
        assertTrue(e.getMessage().contains("taken.png"), e.getMessage());
        assertTrue(Files.isDirectory(taken.resolve("inside")));
        try (var files = Files.list(folder)) {
            assertEquals(1, files.count());
        }
    }

    @Test
    void aGridPlacesImagesRowByRow() {
        byte[] images = {10, 20, 30};
        Picture grid = Grid.of(images, 3, 1, 1, 1, 2, 2, 1);
        assertEquals(7, grid.height());
        assertEquals(7, grid.width());
        String rows = "";
        for (int y = 0; y < 7; y++) {
            for (int x = 0; x < 7; x++) {
                rows += grid.at(y, x, 0) / 10;
            }
            rows += "\n";
        }
        assertEquals("2222222\n2112222\n2112222\n2222222\n2332222\n2332222\n2222222\n", rows);
        assertEquals(8, Grid.columnsFor(64));
        assertEquals(4, Grid.columnsFor(10));
    }

    @Test
    void refusesPixelsThatDoNotMakeAPicture() {
        assertThrows(IllegalArgumentException.class, () -> new Picture(new byte[11], 2, 2, 3));
        assertThrows(IllegalArgumentException.class, () -> new Picture(new byte[8], 2, 2, 2));
        assertThrows(IllegalArgumentException.class, () -> Grid.of(new byte[3], 0, 1, 1, 3, 1, 1, 1));
    }
}
