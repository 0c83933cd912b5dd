package sirocco.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShapesTest {
    @ParameterizedTest
    @ValueSource(ints = {8, 16, 24, 32, 64})
    void shapesKeepTheirRimAndTheirClassesAreEven(int side) {
        Shapes shapes = new Shapes(side, 3, 42);
        int n = 4000;
        int[] count = new int[Shape.values().length];
        for (int i = 0; i < n; i++) {
            Shapes.Scene scene = shapes.scene(i);
            count[scene.shape().ordinal()]++;
            double rim = side * Shapes.RIM - 1e-9;
            assertTrue(scene.x() - scene.radius() >= rim && scene.x() + scene.radius() <= side - rim, scene::toString);
            assertTrue(scene.y() - scene.radius() >= rim && scene.y() + scene.radius() <= side - rim, scene::toString);
        }
        for (int c : count) {
            // Binomial with mean 500 and deviation 21: six of them.
            assertTrue(Math.abs(c - n / count.length) < 126, Arrays.toString(count));
        }
    }

    @Test
    void anImageIsAFunctionOfSeedAndIndex() {
        Shapes shapes = new Shapes(16, 3, 1);
        byte[] one = new byte[shapes.imageBytes()];
        byte[] two = new byte[shapes.imageBytes() + 5];
        int label = shapes.read(123_456_789_012L, one, 0);
        assertEquals(label, new Shapes(16, 3, 1).read(123_456_789_012L, two, 5));
        assertArrayEquals(one, Arrays.copyOfRange(two, 5, two.length));
        shapes.read(123_456_789_013L, two, 0);
        assertFalse(Arrays.equals(one, 0, one.length, two, 0, one.length));
        new Shapes(16, 3, 2).read(123_456_789_012L, two, 0);
        assertFalse(Arrays.equals(one, 0, one.length, two, 0, one.length));
    }

    @Test
    void cornersAreBackgroundAndADiscsCentreIsItsColour() {
        Shapes shapes = new Shapes(32, 3, 8);
        byte[] image = new byte[shapes.imageBytes()];
        int discs = 0;
        for (int i = 0; i < 200; i++) {
            Shapes.Scene scene = shapes.scene(i);
            shapes.read(i, image, 0);
            double top = scene.background().top().g() + 0.5 / 32 * (scene.background().bottom().g() - scene.background().top().g());
            assertEquals(top, image[1] & 0xFF, 0.5);
            if (scene.shape() == Shape.DISC) {
                int at = ((int) scene.y() * 32 + (int) scene.x()) * 3;
                for (int c = 0; c < 3; c++) {
                    assertEquals(scene.colour().channel(c), image[at + c] & 0xFF, 0.5);
                }
                discs++;
            }
        }
        assertTrue(discs > 5, discs + " discs");
    }

    @Test
    void greyIsTheLumaOfTheSameImage() {
        Shapes colour = new Shapes(16, 3, 3);
        Shapes grey = new Shapes(16, 1, 3);
        byte[] rgb = new byte[colour.imageBytes()];
        byte[] luma = new byte[grey.imageBytes()];
        assertEquals(colour.read(5, rgb, 0), grey.read(5, luma, 0));
        for (int i = 0; i < luma.length; i++) {
            double expected = Luma.of(rgb[3 * i] & 0xFF, rgb[3 * i + 1] & 0xFF, rgb[3 * i + 2] & 0xFF);
            // Both are rounded once: half a step each.
            assertEquals(expected, luma[i] & 0xFF, 1.0);
        }
    }

    /** Each shape reaches its box's sides without crossing them, and no two shapes are alike. */
    @Test
    void shapesFillTheirBoxAndDiffer() {
        int n = 200;
        Shape[] shapes = Shape.values();
        for (Shape a : shapes) {
            double widest = 0;
            double tallest = 0;
            for (int i = 0; i < n * n; i++) {
                double x = (i % n + 0.5) / n * 3 - 1.5;
                double y = (i / n + 0.5) / n * 3 - 1.5;
                if (a.distance(x, y) < 0) {
                    widest = Math.max(widest, Math.abs(x));
                    tallest = Math.max(tallest, Math.abs(y));
                }
            }
            assertTrue(Math.max(widest, tallest) <= 1 && Math.min(widest, tallest) > 0.83, a + " " + widest + " " + tallest);
            for (Shape b : shapes) {
                int differ = 0;
                for (int i = 0; i < n * n; i++) {
                    double x = (i % n + 0.5) / n * 2 - 1;
                    double y = (i / n + 0.5) / n * 2 - 1;
                    differ += a.distance(x, y) < 0 != b.distance(x, y) < 0 ? 1 : 0;
                }
                assertTrue(a == b || differ > 0.1 * n * n, a + " and " + b + " differ in " + differ);
            }
        }
    }

    @Test
    void refusesWhatItCannotDraw() {
        for (int side : new int[] {0, -16, 4, 17, 1032}) {
            assertTrue(assertThrows(DataException.class, () -> new Shapes(side, 3, 1)).getMessage().contains(String.valueOf(side)));
        }
        assertThrows(DataException.class, () -> new Shapes(16, 2, 1));
        assertThrows(IndexOutOfBoundsException.class, () -> new Shapes(16, 3, 1).read(-1, new byte[768], 0));
    }
}
