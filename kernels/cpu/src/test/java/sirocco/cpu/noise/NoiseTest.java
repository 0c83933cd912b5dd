package sirocco.cpu.noise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sirocco.api.Philox;
import sirocco.cpu.Layout;
import sirocco.cpu.TestValue;
import sirocco.cpu.Workers;

class NoiseTest {
    private static final long SEED = 0x89abcdef_fedcba98L;
    private static final int[] RNG = {0, (int) SEED, (int) (SEED >>> 32), 0x80000001};
    private static final Workers workers = new Workers(2);

    @AfterAll
    static void close() {
        workers.close();
    }

    @Test
    void vectorsComputeTheDefinition() {
        int n = 64 * 70;
        int[] expected = new int[n + 64];
        Philox.words(SEED, -5, 9, Philox.SAMPLING, expected, 0, n + 64);
        int[] words = new int[n];
        NoiseVectors.words((int) SEED, (int) (SEED >>> 32), -5, 9, Philox.SAMPLING, 1, 70, words);
        assertArrayEquals(java.util.Arrays.copyOfRange(expected, 64, n + 64), words);

        float[] exact = new float[n + 64];
        Philox.normals(SEED, -5, 9, Philox.SAMPLING, exact, 0, n + 64);
        float[] z = new float[n];
        NoiseVectors.normals(words, 70, z);
        for (int i = 0; i < n; i++) {
            assertEquals(exact[64 + i], z[i], 1e-6);
        }
    }

    /** Words at the ends of both ranges: u = 2^-24 and 1; angles at the seams between quarters. */
    @Test
    void normalsAtTheSeams() {
        int[] radii = {0, -1, 0xFF, 0x100, 0x80000000, 0x7FFFFFFF, 0xFFFFFE00, 0xB504F300, 0xB504F400};
        int[] angles = {0, -1, 0x80000000, 0x7FFFFFFF, 0x20000000, 0x1FFFFF00, 0x20000100, 0x40000000, 0xC0000000, 0xE0000000, 0x60000000};
        for (int radius : radii) {
            for (int angle : angles) {
                int[] words = new int[64];
                for (int i = 0; i < 16; i++) {
                    words[i] = words[32 + i] = radius;
                    words[16 + i] = words[48 + i] = angle;
                }
                float[] z = new float[64];
                NoiseVectors.normals(words, 1, z);
                double r = Math.sqrt(-2 * Math.log(((radius >>> 8) + 1) * 0x1p-24));
                double theta = 2 * Math.PI * (angle >> 8) * 0x1p-24;
                for (int i = 0; i < 16; i++) {
                    assertEquals(r * Math.cos(theta), z[i], 1.5e-6);
                    assertEquals(r * Math.sin(theta), z[16 + i], 1.5e-6);
                    assertEquals(z[i], z[32 + i]);
                    assertEquals(z[16 + i], z[48 + i]);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"3, 8, 8, 3, true", "2, 5, 7, 3, true", "2, 5, 7, 3, false", "4, 6, 4, 1, true", "1, 64, 48, 3, true", "2, 4, 6, 20, true",
        "1, 40, 40, 4, true"})
    void noising(int n, int h, int w, int c, boolean flip) {
        int timesteps = 7;
        for (int halo = 0; halo < (c < 16 ? 1 : 2); halo++) {
            Layout l = Layout.of(n, h, w, c, halo);
            int size = h * w * c;
            byte[] images = new byte[5 + n * size];
            new Random(3).nextBytes(images);
            int[] index = new int[n + 1];
            for (int i = 0; i < n; i++) {
                index[1 + i] = 1000 - 77 * i;
            }
            float[] schedule = TestValue.floats(TestValue.random(2 + timesteps * Noising.ROW, 4));
            TestValue xt = TestValue.toWrite(l);
            TestValue target = TestValue.toWrite(l);
            float[] t = new float[n + 1];
            float[] weight = new float[n + 2];
            new Noising(l, l, timesteps, flip, workers).run(images, 5, RNG, 1, index, 1, schedule, 2, xt.a, xt.at, target.a, target.at,
                    t, 1, weight, 2);

            double[] expectedX = new double[n * size];
            double[] expectedTarget = new double[n * size];
            float[] eps = new float[size];
            for (int i = 0; i < n; i++) {
                int time = Philox.timestep(SEED, index[1 + i], RNG[3], timesteps);
                assertEquals(time, t[1 + i]);
                int row = 2 + time * Noising.ROW;
                assertEquals(schedule[row + 4], weight[2 + i]);
                boolean mirrored = flip && Philox.flip(SEED, index[1 + i], RNG[3]);
                Philox.normals(SEED, index[1 + i], RNG[3], Philox.NOISE, eps, 0, size);
                for (int e = 0; e < size; e++) {
                    int x = e / c % w;
                    int source = (e / (w * c) * w + (mirrored ? w - 1 - x : x)) * c + e % c;
                    double x0 = (images[5 + i * size + source] & 255) / 127.5 - 1;
                    expectedX[i * size + e] = schedule[row] * x0 + (double) schedule[row + 1] * eps[e];
                    expectedTarget[i * size + e] = (double) schedule[row + 2] * eps[e] + schedule[row + 3] * x0;
                }
            }
            xt.assertIs(expectedX, 3e-6);
            target.assertIs(expectedTarget, 3e-6);
        }
    }

    @ParameterizedTest
    @CsvSource({"2, 5, 7, 3", "2, 4, 4, 16", "2, 5, 3, 24", "1, 6, 6, 32", "2, 8, 8, 64", "1, 3, 3, 100", "3, 1, 1, 128", "1, 16, 16, 192"})
    void dropout(int n, int h, int w, int c) {
        float p = 0.3f;
        Layout x = Layout.of(n, h, w, c, 0);
        int[] index = {9, 8, 7};
        double[] dx = TestValue.random(x, 1);
        double[] expected = new double[dx.length];
        int size = h * w * c;
        int[] words = new int[size];
        int kept = 0;
        for (int i = 0; i < n; i++) {
            Philox.words(SEED, index[i], RNG[3], Philox.DROPOUT + 6, words, 0, size);
            for (int e = 0; e < size; e++) {
                boolean keep = Philox.uniform(words[e]) >= p;
                expected[i * size + e] = keep ? dx[i * size + e] / (1 - p) : 0;
                kept += keep ? 1 : 0;
            }
        }
        assertEquals(0.7, (double) kept / dx.length, 4 * Math.sqrt(0.21 / dx.length));
        for (int halo = 0; halo < (c < 16 ? 1 : 2); halo++) {
            TestValue in = TestValue.of(x, dx);
            TestValue out = TestValue.toWrite(Layout.of(n, h, w, c, halo));
            new Dropout(x, out.layout, p, 6, workers).run(in.a, in.at, RNG, 1, index, 0, out.a, out.at);
            out.assertIs(expected, 2e-7);
        }
        assertThrows(IllegalArgumentException.class, () -> new Dropout(x, x, 1f, 0, workers));
    }

    @Test
    void droppedLabels() {
        int n = 4000;
        int[] labels = new int[n];
        int[] index = new int[n];
        for (int i = 0; i < n; i++) {
            labels[i] = i % 10;
            index[i] = 5 * i;
        }
        int[] out = new int[n];
        new DropLabels(n, 0.1f, 10).run(labels, 0, RNG, 1, index, 0, out, 0);
        int dropped = 0;
        for (int i = 0; i < n; i++) {
            boolean drop = Philox.labelDrop(SEED, index[i], RNG[3]) < 0.1f;
            assertEquals(drop ? 10 : labels[i], out[i]);
            dropped += drop ? 1 : 0;
        }
        assertEquals(400, dropped, 80);
        new DropLabels(n, 0, 10).run(labels, 0, RNG, 1, index, 0, out, 0);
        assertArrayEquals(labels, out);
    }

    /** A made-up chain of three steps, the first without history or noise over a history of NaN, against the formula in double. */
    @ParameterizedTest
    @CsvSource({"2, 5, 7, 3, 0", "2, 4, 4, 20, 1", "1, 40, 40, 3, 0"})
    void samplingSteps(int n, int h, int w, int c, int halo) {
        float inf = Float.POSITIVE_INFINITY;
        float[] table = {
            9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            900, 1.5f, -0.7f, 1f, 0.9f, 0.3f, -0.2f, 0, 0, 0, 0, 0,
            500, 1.2f, -0.4f, inf, 0.8f, 0.1f, 0, 0.25f, 0, 0.5f, 0, 0,
            100, 1.1f, -0.3f, 0.5f, 0.7f, 0.2f, 0.1f, -0.25f, 0.125f, 0.25f, 0, 0};
        Layout l = Layout.of(n, h, w, c, halo);
        int size = h * w * c;
        double[] x = TestValue.random(l, 1);
        double[] h1 = new double[x.length];
        double[] h2 = new double[x.length];
        int[] index = {3, 40};
        TestValue vx = TestValue.of(l, x);
        TestValue v1 = TestValue.toWrite(l);
        TestValue v2 = TestValue.toWrite(l);
        SamplingStep step = new SamplingStep(l, l, l, l, 3, workers);
        int[] cursor = {7, 0};
        float[] z = new float[size];
        for (int s = 0; s < 3; s++) {
            double[] out = TestValue.random(l, 20 + s);
            TestValue vout = TestValue.of(l, out);
            int r = (s + 1) * SamplingStep.ROW;
            for (int i = 0; i < n; i++) {
                Philox.normals(SEED, index[i], s, Philox.SAMPLING, z, 0, size);
                for (int e = i * size; e < (i + 1) * size; e++) {
                    double x0 = Math.clamp(table[r + 1] * x[e] + table[r + 2] * out[e], -table[r + 3], table[r + 3]);
                    x[e] = table[r + 4] * x[e] + table[r + 5] * x0 + table[r + 6] * out[e] + table[r + 7] * h1[e] + table[r + 8] * h2[e]
                            + table[r + 9] * z[e - i * size];
                    h2[e] = h1[e];
                    h1[e] = x0;
                }
            }
            step.run(vx.a, vx.at, vout.a, vout.at, v1.a, v1.at, v2.a, v2.at, table, SamplingStep.ROW, cursor, 1, RNG, 1, index, 0);
            assertEquals(s + 1, cursor[1]);
            vx.assertIs(x, 3e-6);
            v1.assertIs(h1, 3e-6);
            if (s > 0) {
                v2.assertIs(h2, 3e-6);
            }
        }
        TestValue vout = TestValue.of(l, x);
        var past = assertThrows(IllegalStateException.class, () -> step.run(vx.a, vx.at, vout.a, vout.at, v1.a, v1.at, v2.a, v2.at, table,
                SamplingStep.ROW, cursor, 1, RNG, 1, index, 0));
        assertTrue(past.getMessage().contains("sampling step 3"), past.getMessage());
    }

    /** Image i of a seed does not depend on its batch, bit for bit. */
    @Test
    void aSampleDoesNotDependOnItsBatch() {
        Layout three = Layout.of(3, 7, 9, 3, 0);
        Layout one = Layout.of(1, 7, 9, 3, 0);
        double[] x = TestValue.random(three, 1);
        double[] out = TestValue.random(three, 2);
        float[] table = {0, 1, -0.5f, 1, 0.5f, 0.5f, 0.1f, 0, 0, 0.7f, 0, 0};
        TestValue all = TestValue.of(three, x);
        TestValue answer = TestValue.of(three, out);
        new SamplingStep(three, three, null, null, 1, workers).run(all.a, all.at, answer.a, answer.at, null, 0, null, 0, table, 0,
                new int[1], 0, RNG, 1, new int[] {5, 6, 7}, 0);
        int size = 7 * 9 * 3;
        TestValue last = TestValue.of(one, java.util.Arrays.copyOfRange(x, 2 * size, 3 * size));
        TestValue its = TestValue.of(one, java.util.Arrays.copyOfRange(out, 2 * size, 3 * size));
        new SamplingStep(one, one, null, null, 1, workers).run(last.a, last.at, its.a, its.at, null, 0, null, 0, table, 0,
                new int[1], 0, RNG, 1, new int[] {7}, 0);
        assertArrayEquals(java.util.Arrays.copyOfRange(all.elements(), 2 * size, 3 * size), last.elements());
    }
}
