package sirocco.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;

class GifTest {
    @TempDir
    Path folder;

    private static Picture random(int height, int width, int channels, int colours, long seed) {
        Random random = new Random(seed);
        byte[] palette = new byte[colours * channels];
        random.nextBytes(palette);
        byte[] pixels = new byte[height * width * channels];
        for (int i = 0; i < height * width; i++) {
            System.arraycopy(palette, random.nextInt(colours) * channels, pixels, i * channels, channels);
        }
        return new Picture(pixels, height, width, channels);
    }

    @Test
    void framesDelaysAndLoopComeBack() throws IOException {
        Path file = folder.resolve("a.gif");
        List<Picture> frames = List.of(random(20, 30, 3, 256, 1), random(20, 30, 3, 256, 2), random(20, 30, 1, 256, 3));
        Gif.write(file, frames, 80, 1500);
        ImageReader reader = ImageIO.getImageReadersByFormatName("gif").next();
        try (ImageInputStream in = ImageIO.createImageInputStream(file.toFile())) {
            reader.setInput(in);
            assertEquals(3, reader.getNumImages(true));
            for (int f = 0; f < 3; f++) {
                BufferedImage image = reader.read(f);
                Picture frame = frames.get(f);
                for (int i = 0; i < 600; i++) {
                    int y = i / 30;
                    int x = i % 30;
                    int last = frame.channels() - 1;
                    int expected = frame.at(y, x, 0) << 16 | frame.at(y, x, last / 2) << 8 | frame.at(y, x, last);
                    assertEquals(expected, image.getRGB(x, y) & 0xFFFFFF, "at most 256 colours are kept exactly");
                }
                Element tree = (Element) reader.getImageMetadata(f).getAsTree("javax_imageio_gif_image_1.0");
                Element control = (Element) tree.getElementsByTagName("GraphicControlExtension").item(0);
                assertEquals(f == 2 ? "150" : "8", control.getAttribute("delayTime"));
            }
        } finally {
            reader.dispose();
        }
        assertTrue(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains("NETSCAPE2.0\3\1\0\0\0"), "repeats for ever");
    }

    /** 4096 colours evenly spread over the cube in 256 boxes: 16 colours a box, so no channel is off by more than a few steps of 17. */
    @Test
    void manyColoursAreApproached() {
        int[] pixels = new int[4096];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (i >> 8) * 17 << 16 | (i >> 4 & 15) * 17 << 8 | (i & 15) * 17;
        }
        MedianCut cut = new MedianCut(pixels);
        assertEquals(256, cut.palette().length);
        double squares = 0;
        for (int pixel : pixels) {
            int entry = cut.palette()[cut.entry(pixel) & 0xFF];
            for (int shift = 0; shift <= 16; shift += 8) {
                int off = (pixel >> shift & 0xFF) - (entry >> shift & 0xFF);
                squares += off * off / (3.0 * pixels.length);
                assertTrue(Math.abs(off) <= 51, () -> Integer.toHexString(pixel) + " became " + Integer.toHexString(entry));
            }
        }
        // Boxes of 4 x 2 x 2 steps: variances 17² · (15/12, 3/12, 3/12).
        assertEquals(17 * Math.sqrt((1.25 + 0.25 + 0.25) / 3), Math.sqrt(squares), 2);
    }

    @Test
    void oneColourIsAPaletteOfOne() {
        assertEquals(1, new MedianCut(new int[] {0x123456, 0x123456}).palette().length);
        assertEquals(0x123456, new MedianCut(new int[] {0x123456}).palette()[0]);
    }

    @Test
    void refusesWhatIsNoAnimation() {
        Path file = folder.resolve("b.gif");
        Picture small = random(2, 2, 3, 3, 1);
        assertThrows(IllegalArgumentException.class, () -> Gif.write(file, new ArrayList<>(), 100, 100));
        assertThrows(IllegalArgumentException.class, () -> Gif.write(file, List.of(small), 0, 100));
        assertThrows(IllegalArgumentException.class, () -> Gif.write(file, List.of(small), 100, 1_000_000));
        assertThrows(IllegalArgumentException.class, () -> Gif.write(file, List.of(small, random(2, 3, 3, 3, 1)), 100, 100));
    }
}
