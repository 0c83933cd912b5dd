package sirocco.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import sirocco.data.DataException;
import sirocco.data.Dataset;
import sirocco.data.Shapes;

class FrechetDistanceTest {
    private static final int SIDE = 16;

    private static ImageSet shapes(int from, int count, double noise) {
        Shapes shapes = new Shapes(SIDE, 3, 1);
        Random random = new Random(from);
        ImageSet set = new ImageSet(SIDE, SIDE, 3);
        byte[] image = new byte[shapes.imageBytes()];
        for (int i = 0; i < count; i++) {
            shapes.read(from + i, image, 0);
            for (int k = 0; k < image.length; k++) {
                image[k] = (byte) (int) Math.clamp((image[k] & 0xFF) + noise * random.nextGaussian(), 0.0, 255.0);
            }
            set.add(image, 0);
        }
        return set;
    }

    /** Commuting covariances: |Δμ|² + Σ (√a − √b)², here in a basis turned by an angle. */
    @Test
    void gaussiansGiveTheClosedForm() {
        double c = Math.cos(0.7);
        double s = Math.sin(0.7);
        double[][] a = turned(9, 0.25, c, s);
        double[][] b = turned(4, 1, c, s);
        double expected = 1 + 4 + (3 - 2) * (3 - 2) + 0.5 * 0.5;
        assertEquals(expected, FrechetDistance.between(new double[] {1, 2}, a, new double[] {0, 4}, b), 1e-12);
        assertEquals(0, FrechetDistance.between(new double[2], a, new double[2], a), 1e-12);
        // A singular one: tr Σ₁ + 0 − 0.
        assertEquals(9.25, FrechetDistance.between(new double[2], a, new double[2], new double[2][2]), 1e-12);
    }

    /** Covariances that do not commute: tr (AB)^½ of 2 × 2 matrices is √(tr AB + 2·√det AB). */
    @Test
    void covariancesNeedNotCommute() {
        double[][] a = turned(9, 0.25, 1, 0);
        double[][] b = turned(4, 1, Math.cos(0.5), Math.sin(0.5));
        double trace = 9 * b[0][0] + 0.25 * b[1][1];
        double root = Math.sqrt(trace + 2 * Math.sqrt(9 * 0.25 * 4));
        assertEquals(9.25 + 5 - 2 * root, FrechetDistance.between(new double[2], a, new double[2], b), 1e-12);
    }

    private static double[][] turned(double x, double y, double c, double s) {
        return new double[][] {{c * c * x + s * s * y, c * s * (x - y)}, {c * s * (x - y), s * s * x + c * c * y}};
    }

    @Test
    void isZeroForEqualSetsAndRisesWithNoise() {
        ImageSet real = shapes(0, 300, 0);
        assertEquals(0, FrechetDistance.between(real, shapes(0, 300, 0)), 1e-9);
        double other = FrechetDistance.between(real, shapes(10_000, 300, 0));
        double noisy = FrechetDistance.between(real, shapes(10_000, 300, 20));
        double noise = FrechetDistance.between(real, shapes(10_000, 300, 60));
        assertTrue(0 < other && 1.5 * other < noisy && 1.5 * noisy < noise, other + " " + noisy + " " + noise);
        assertEquals(noisy, FrechetDistance.between(shapes(10_000, 300, 20), real), 1e-9, "symmetric");
    }

    @Test
    void risesWithBlurAndOtherColours() {
        Shapes shapes = new Shapes(SIDE, 3, 1);
        ImageSet real = shapes(0, 300, 0);
        ImageSet blurred = new ImageSet(SIDE, SIDE, 3);
        ImageSet swapped = new ImageSet(SIDE, SIDE, 3);
        byte[] image = new byte[shapes.imageBytes()];
        byte[] changed = new byte[image.length];
        for (int n = 0; n < 300; n++) {
            shapes.read(20_000 + n, image, 0);
            for (int i = 0; i < image.length; i++) {
                int right = Math.min(i + 3, image.length - 3 + i % 3);
                changed[i] = (byte) (((image[i] & 0xFF) + (image[right] & 0xFF)) / 2);
            }
            blurred.add(changed, 0);
            for (int i = 0; i < image.length; i++) {
                changed[i] = image[i / 3 * 3 + (i + 1) % 3];
            }
            swapped.add(changed, 0);
        }
        double other = FrechetDistance.between(real, shapes(20_000, 300, 0));
        assertTrue(FrechetDistance.between(real, blurred) > 1.1 * other);
        assertTrue(FrechetDistance.between(real, swapped) > 1.5 * other);
    }

    /** Fewer images than dimensions: finite, zero for equal sets, and still telling noise from pictures. */
    @Test
    void smallSetsAreShrunk() {
        ImageSet few = shapes(0, 20, 0);
        assertEquals(0, FrechetDistance.between(few, shapes(0, 20, 0)), 1e-9);
        assertTrue(FrechetDistance.between(few, shapes(500, 20, 60)) > 2 * FrechetDistance.between(few, shapes(500, 20, 0)));
    }

    @Test
    void featuresAreWhatTheySay() {
        // Left half black, right half white: means 0 and 1, one column of edges at the middle pointing right, no deviation within cells.
        byte[] image = new byte[8 * 8];
        for (int i = 0; i < 64; i++) {
            image[i] = (byte) (i % 8 < 4 ? 0 : 255);
        }
        double[] feature = CellStatistics.of(image, 0, 8, 8, 1);
        int per = 6 + CellStatistics.DIRECTIONS;
        for (int cell = 0; cell < 16; cell++) {
            int column = cell % 4;
            double[] expected = new double[per];
            for (int c = 0; c < 3; c++) {
                expected[c] = column < 2 ? 0 : 1;
            }
            // Two of the four pixels of a middle cell touch the edge: a gradient of 1 each.
            expected[6] = column == 1 || column == 2 ? 0.5 : 0;
            assertArrayEquals(expected, java.util.Arrays.copyOfRange(feature, cell * per, (cell + 1) * per), 1e-12, "cell " + cell);
        }
    }

    @Test
    void refusesWhatDoesNotCompare() {
        ImageSet real = shapes(0, 3, 0);
        assertThrows(IllegalArgumentException.class, () -> FrechetDistance.between(real, new ImageSet(SIDE, SIDE, 1)));
        assertThrows(IllegalArgumentException.class, () -> FrechetDistance.between(real, shapes(0, 1, 0)));
        assertThrows(IllegalArgumentException.class, () -> new ImageSet(2, 2, 3));
        assertThrows(DataException.class, () -> ImageSet.of(new Shapes(SIDE, 3, 1), Dataset.UNLIMITED));
        assertEquals(40, ImageSet.of(new Shapes(SIDE, 3, 1), 40).count());
    }
}
