package sirocco.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CheckerTest {
    private static byte[] real(int side, int count, long seed) {
        Shapes shapes = new Shapes(side, 3, seed);
        byte[] images = new byte[count * shapes.imageBytes()];
        for (int i = 0; i < count; i++) {
            shapes.read(i, images, i * shapes.imageBytes());
        }
        return images;
    }

    private static byte clamp(double value) {
        return (byte) Math.clamp(Math.round(value), 0, 255);
    }

    private static double valid(byte[] images, int side) {
        return new Checker(side).score(images, images.length / (side * side * 3)).validFraction();
    }

    @ParameterizedTest
    @CsvSource({"8,200", "16,300", "24,100", "32,100"})
    void realImagesAreValidWhateverTheSeed(int side, int count) {
        // At 8x8 the search for a shape of five pixels goes astray now and then.
        double atLeast = side == 8 ? 0.99 : 1;
        for (long seed : new long[] {0, 1, -7, 1L << 60}) {
            double valid = valid(real(side, count, seed), side);
            assertTrue(valid >= atLeast, side + " seed " + seed + " valid " + valid);
        }
    }

    @Test
    void findsClassColourAndBackground() {
        for (int side : new int[] {16, 32}) {
            Shapes shapes = new Shapes(side, 3, 4);
            Checker checker = new Checker(side);
            byte[] image = new byte[shapes.imageBytes()];
            for (int i = 0; i < 80; i++) {
                int label = shapes.read(i, image, 0);
                Shapes.Scene scene = shapes.scene(i);
                Checker.Verdict verdict = checker.check(image, 0);
                assertEquals(label, verdict.label(), scene::toString);
                assertEquals(scene.colour(), Palette.COLOURS.get(verdict.colour()));
                assertEquals(scene.background(), Palette.BACKGROUNDS.get(verdict.background()));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 32})
    void noiseAndConstantsAreNot(int side) {
        Random random = new Random(1);
        byte[] noise = new byte[60 * side * side * 3];
        random.nextBytes(noise);
        assertEquals(0, valid(noise, side));

        byte[] soft = new byte[noise.length];
        for (int i = 0; i < soft.length; i++) {
            soft[i] = clamp(128 + 64 * random.nextGaussian());
        }
        assertEquals(0, valid(soft, side));

        byte[] constant = new byte[noise.length];
        int bytes = side * side * 3;
        for (int i = 0; i < 60; i++) {
            byte[] colour = new byte[3];
            random.nextBytes(colour);
            for (int k = 0; k < bytes; k++) {
                constant[i * bytes + k] = colour[k % 3];
            }
        }
        assertEquals(0, valid(constant, side));
        assertEquals(0, valid(new byte[bytes], side));
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 32})
    void bareBackgroundsAreNot(int side) {
        byte[] images = real(side, 50, 3);
        int bytes = side * side * 3;
        for (int i = 0; i < 50; i++) {
            for (int k = 0; k < bytes; k++) {
                images[i * bytes + k] = images[i * bytes + k / (side * 3) * side * 3 + k % 3];
            }
        }
        assertEquals(0, valid(images, side));
    }

    @ParameterizedTest
    @CsvSource({"16,1000", "32,200"})
    void averagesOfTwoAreNot(int side, int count) {
        byte[] a = real(side, count, 5);
        byte[] b = real(side, count, 6);
        for (int i = 0; i < a.length; i++) {
            a[i] = (byte) (((a[i] & 0xFF) + (b[i] & 0xFF)) / 2);
        }
        assertTrue(valid(a, side) <= 0.01, "valid " + valid(a, side));
    }

    @ParameterizedTest
    @CsvSource({"16,5,0.99", "16,8,0.98", "32,5,0.99", "32,8,0.98"})
    void mildNoiseIsForgiven(int side, double sigma, double atLeast) {
        byte[] images = real(side, 120, 9);
        Random random = new Random(2);
        for (int i = 0; i < images.length; i++) {
            images[i] = clamp((images[i] & 0xFF) + sigma * random.nextGaussian());
        }
        assertTrue(valid(images, side) >= atLeast, "valid " + valid(images, side));
    }

    /** Binomial blur with weights 1, 4, 1 each way. */
    @ParameterizedTest
    @ValueSource(ints = {16, 32})
    void aSlightBlurIsForgiven(int side) {
        byte[] sharp = real(side, 100, 10);
        byte[] images = sharp.clone();
        int bytes = side * side * 3;
        for (int i = 0; i < images.length; i++) {
            int y = i % bytes / (side * 3);
            int x = i % (side * 3) / 3;
            double sum = 0;
            for (int dy = -1; dy <= 1; dy++) {
                for (int dx = -1; dx <= 1; dx++) {
                    int fromY = Math.clamp(y + dy, 0, side - 1);
                    int fromX = Math.clamp(x + dx, 0, side - 1);
                    sum += (dy == 0 ? 4 : 1) * (dx == 0 ? 4 : 1) * (sharp[i + ((fromY - y) * side + fromX - x) * 3] & 0xFF);
                }
            }
            images[i] = clamp(sum / 36);
        }
        assertTrue(valid(images, side) >= 0.97, "valid " + valid(images, side));
    }

    @Test
    void wrongColoursAreNamedAsTheFault() {
        byte[] negative = real(16, 50, 11);
        for (int i = 0; i < negative.length; i++) {
            negative[i] = (byte) ~negative[i];
        }
        Score score = new Checker(16).score(negative, 50);
        assertEquals(0, score.valid());
        assertEquals(50, score.faults()[Checker.Fault.NO_SUCH_COLOUR.ordinal()], () -> Arrays.toString(score.faults()));
    }

    @Test
    void scoresDistributions() {
        int n = 400;
        Shapes shapes = new Shapes(16, 3, 12);
        byte[] images = real(16, n, 12);
        int[] labels = new int[n];
        int[] wrong = new int[n];
        for (int i = 0; i < n; i++) {
            labels[i] = shapes.scene(i).shape().ordinal();
            wrong[i] = (labels[i] + 1) % 8;
        }
        Score score = new Checker(16).score(images, labels, n);
        assertEquals(1.0, score.asRequested());
        assertEquals(0.0, new Checker(16).score(images, wrong, n).asRequested());
        assertEquals(n, Arrays.stream(score.classes()).sum());
        assertTrue(score.classEntropy() > 2.9 && score.colourEntropy() > 2.5, score::describe);
        assertTrue(score.classVariation() < 0.12 && score.colourVariation() < 0.12, score::describe);
        assertTrue(score.describe().startsWith("400 of 400 valid (100.0 %), 100.0 % valid and of the class asked for"), score::describe);

        Score one = new Score(10, new int[] {4, 6, 0, 0}, new int[] {4, 0, 0, 0, 0, 0, 0, 0}, new int[] {2, 2, 0, 0, 0, 0}, Double.NaN);
        assertEquals(0.4, one.validFraction());
        assertEquals(0, one.classEntropy());
        assertEquals(7 / 8.0, one.classVariation(), 1e-12);
        assertEquals(1, one.colourEntropy(), 1e-12);
        assertEquals(2 / 3.0, one.colourVariation(), 1e-12);
    }

    @Test
    void refusesSizesThatAreNotTheDatasets() {
        assertThrows(IllegalArgumentException.class, () -> new Checker(20));
        assertThrows(IllegalArgumentException.class, () -> new Checker(16).score(new byte[100], 1));
    }
}
