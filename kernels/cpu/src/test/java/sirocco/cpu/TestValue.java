package sirocco.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;

/**
 * A value in memory for tests of kernels: it starts at an odd offset, between guards, so that a kernel that ignores offsets or writes past its
 * value is found out.
 */
public final class TestValue {
    private static final int GUARD = 37;
    private static final float MARK = -12345.5f;

    public final Layout layout;
    public final float[] a;
    public final int at = GUARD;

    private TestValue(Layout layout) {
        this.layout = layout;
        a = new float[Math.toIntExact(layout.floats()) + 2 * GUARD];
        Arrays.fill(a, 0, GUARD, MARK);
        Arrays.fill(a, a.length - GUARD, a.length, MARK);
    }

    /** An operand with these elements, in NHWC order; halo and filled-up channels are zero. */
    public static TestValue of(Layout layout, double[] elements) {
        TestValue v = new TestValue(layout);
        int e = 0;
        for (int n = 0; n < layout.n(); n++) {
            for (int y = 0; y < layout.h(); y++) {
                for (int x = 0; x < layout.w(); x++) {
                    for (int c = 0; c < layout.c(); c++) {
                        v.a[v.at + layout.index(n, y, x, c)] = (float) elements[e++];
                    }
                }
            }
        }
        return v;
    }

    /** A result to be written: NaN all over. */
    public static TestValue toWrite(Layout layout) {
        TestValue v = new TestValue(layout);
        Arrays.fill(v.a, GUARD, v.a.length - GUARD, Float.NaN);
        return v;
    }

    /** Elements as float32 holds them. */
    public static double[] random(Layout layout, long seed) {
        return random(count(layout), seed);
    }

    /** Standard normal numbers, as float32 holds them. */
    public static double[] random(int n, long seed) {
        Random random = new Random(seed);
        double[] d = new double[n];
        for (int i = 0; i < n; i++) {
            d[i] = (float) random.nextGaussian();
        }
        return d;
    }

    public static float[] floats(double[] d) {
        float[] f = new float[d.length];
        for (int i = 0; i < d.length; i++) {
            f[i] = (float) d[i];
        }
        return f;
    }

    public static int count(Layout layout) {
        return layout.n() * layout.h() * layout.w() * layout.c();
    }

    /** All elements in NHWC order. */
    public double[] elements() {
        double[] d = new double[count(layout)];
        int e = 0;
        for (int n = 0; n < layout.n(); n++) {
            for (int y = 0; y < layout.h(); y++) {
                for (int x = 0; x < layout.w(); x++) {
                    for (int c = 0; c < layout.c(); c++) {
                        d[e++] = a[at + layout.index(n, y, x, c)];
                    }
                }
            }
        }
        return d;
    }

    /**
     * Checks a written value: its elements, that everything else in it is zero, and the guards.
     *
     * @param tolerance absolute, plus the same relative
     */
    public void assertIs(double[] expected, double tolerance) {
        double[] actual = elements();
        assertEquals(expected.length, actual.length);
        for (int i = 0; i < expected.length; i++) {
            double allowed = tolerance * (1 + Math.abs(expected[i]));
            assertTrue(Math.abs(actual[i] - expected[i]) <= allowed,
                    "element " + i + " of " + layout + ": expected " + expected[i] + ", got " + actual[i] + ", allowed " + allowed);
        }
        boolean[] element = new boolean[a.length];
        for (int n = 0; n < layout.n(); n++) {
            for (int y = 0; y < layout.h(); y++) {
                for (int x = 0; x < layout.w(); x++) {
                    for (int c = 0; c < layout.c(); c++) {
                        element[at + layout.index(n, y, x, c)] = true;
                    }
                }
            }
        }
        for (int i = 0; i < a.length; i++) {
            boolean guard = i < GUARD || i >= a.length - GUARD;
            if (!element[i]) {
                assertTrue(a[i] == (guard ? MARK : 0f), (guard ? "guard " : "halo or fill ") + i + " of " + layout + " is " + a[i]);
            }
        }
    }
}
