package sirocco.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResamplerTest {
    private static byte[] resize(byte[] source, int height, int width, int channels, int side) {
        byte[] out = new byte[side * side * channels];
        Resampler.resize((y, left, count, into) -> {
            for (int i = 0; i < count * channels; i++) {
                into[i] = source[(y * width + left) * channels + i] & 0xFF;
            }
        }, height, width, channels, side, out, 0);
        return out;
    }

    private static byte[] random(int n) {
        byte[] bytes = new byte[n];
        new Random(n).nextBytes(bytes);
        return bytes;
    }

    @Test
    void equalSizesCopyAndTheCropIsCentral() {
        byte[] square = random(7 * 7 * 3);
        assertArrayEquals(square, resize(square, 7, 7, 3, 7));
        byte[] wide = random(4 * 9);
        byte[] cropped = resize(wide, 4, 9, 1, 4);
        byte[] tall = random(9 * 4);
        byte[] middle = resize(tall, 9, 4, 1, 4);
        for (int i = 0; i < 16; i++) {
            assertEquals(wide[i / 4 * 9 + 2 + i % 4], cropped[i]);
            assertEquals(tall[8 + i], middle[i]);
        }
    }

    @ParameterizedTest
    @CsvSource({"5,5", "64,16", "17,16", "100,7", "16,17", "5,64", "4,4096"})
    void constantsStayConstant(int from, int to) {
        byte[] source = new byte[from * from];
        java.util.Arrays.fill(source, (byte) 201);
        for (byte b : resize(source, from, from, 1, to)) {
            assertEquals((byte) 201, b);
        }
    }

    /** Area averaging by definition: the mean of the source over the output pixel's area. */
    @ParameterizedTest
    @CsvSource({"12,4", "13,4", "9,8"})
    void shrinkingAverages(int from, int to) {
        byte[] source = random(from * from);
        byte[] out = resize(source, from, from, 1, to);
        // Sub-sampled so finely that both grids divide it.
        for (int y = 0; y < to; y++) {
            for (int x = 0; x < to; x++) {
                double sum = 0;
                for (int i = 0; i < from; i++) {
                    for (int j = 0; j < from; j++) {
                        sum += source[(y * from + i) / to * from + (x * from + j) / to] & 0xFF;
                    }
                }
                assertEquals(sum / (from * from), out[y * to + x] & 0xFF, 0.51);
            }
        }
    }

    /** Catmull–Rom interpolation reproduces straight lines away from the borders. */
    @Test
    void enlargingKeepsRamps() {
        byte[] ramp = new byte[16 * 16];
        for (int i = 0; i < 256; i++) {
            ramp[i] = (byte) (20 + 12 * (i % 16));
        }
        byte[] out = resize(ramp, 16, 16, 1, 40);
        for (int y = 0; y < 40; y++) {
            for (int x = 5; x < 35; x++) {
                assertEquals(20 + 12 * ((x + 0.5) * 0.4 - 0.5), out[y * 40 + x] & 0xFF, 0.51);
            }
        }
        assertTrue((out[0] & 0xFF) < 24);
    }
}
