package sirocco.cpu.pointwise;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sirocco.cpu.Layout;
import sirocco.cpu.TestValue;
import sirocco.cpu.Workers;

/** Embeddings at one end of the model, the loss at the other. */
class HeadsTest {
    private static final Workers workers = new Workers(2);

    @AfterAll
    static void close() {
        workers.close();
    }

    @ParameterizedTest
    @CsvSource({"128, false, 1", "128, true, 0", "33, false, 0", "6, true, 0", "7, false, 1", "20, true, 1"})
    void timeEmbedding(int dim, boolean flip, int shift) {
        int n = 5;
        float[] t = {0, 0f, 1f, 999f, 500.25f, 7f};
        double[] expected = new double[n * dim];
        int half = dim / 2;
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < half; k++) {
                double a = t[1 + i] * Math.pow(10000, -(double) k / (half - shift));
                expected[i * dim + k] = flip ? Math.cos(a) : Math.sin(a);
                expected[i * dim + half + k] = flip ? Math.sin(a) : Math.cos(a);
            }
        }
        for (int halo = 0; halo < (dim < 16 ? 1 : 2); halo++) {
            TestValue out = TestValue.toWrite(Layout.of(n, 1, 1, dim, halo));
            new TimeEmbedding(out.layout, flip, shift, 10000, workers).run(t, 1, out.a, out.at);
            // One rounding to float32; argument errors in double are a thousand ulps at most.
            out.assertIs(expected, 6e-8);
        }
    }

    @ParameterizedTest
    @CsvSource({"8", "32", "40"})
    void classEmbeddingAndItsGradient(int dim) {
        int[] ids = {-9, 2, 0, 2, 3};
        double[] table = TestValue.random(4 * dim, 1);
        double[] expected = new double[4 * dim];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = table[ids[1 + i / dim] * dim + i % dim];
        }
        Layout l = Layout.of(4, 1, 1, dim, 0);
        TestValue out = TestValue.toWrite(l);
        ClassEmbedding embedding = new ClassEmbedding(l, 4, workers);
        float[] f = TestValue.floats(table);
        embedding.run(ids, 1, f, 0, out.a, out.at);
        out.assertIs(expected, 0);

        double[] dy = TestValue.random(l, 2);
        double[] dtable = table.clone();
        for (int i = 0; i < dy.length; i++) {
            dtable[ids[1 + i / dim] * dim + i % dim] += dy[i];
        }
        TestValue in = TestValue.of(l, dy);
        embedding.runBackward(ids, 1, in.a, in.at, f, 0);
        for (int i = 0; i < f.length; i++) {
            assertEquals(dtable[i], f[i], 1e-6);
        }
        ids[3] = 4;
        var e = assertThrows(IllegalArgumentException.class, () -> embedding.run(ids, 1, f, 0, out.a, out.at));
        assertTrue(e.getMessage().contains("image 2") && e.getMessage().contains("0 to 3, got 4"), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"3, 5, 7, 3, 0", "2, 33, 17, 3, 0", "2, 4, 4, 20, 1", "3, 1, 1, 1, 0", "1, 64, 64, 16, 1"})
    void lossAndItsGradient(int n, int h, int w, int c, int halo) {
        Layout a = Layout.of(n, h, w, c, halo);
        Layout b = Layout.of(n, h, w, c, 0);
        double[] p = TestValue.random(a, 1);
        double[] t = TestValue.random(a, 2);
        double[] weights = TestValue.random(n, 3);
        for (boolean weighted : new boolean[] {true, false}) {
            double loss = 0;
            double size = 0;
            double[] gradient = new double[p.length];
            for (int i = 0; i < p.length; i++) {
                double weight = weighted ? weights[i / (h * w * c)] : 1;
                loss += weight * (p[i] - t[i]) * (p[i] - t[i]) / p.length;
                size += Math.abs(weight) * (p[i] - t[i]) * (p[i] - t[i]) / p.length;
                gradient[i] = 2 * weight * (p[i] - t[i]) / p.length;
            }
            TestValue vp = TestValue.of(a, p);
            TestValue vt = TestValue.of(b, t);
            float[] fw = weighted ? TestValue.floats(weights) : null;
            float[] out = new float[3];
            new MseLoss(a, b, workers).run(vp.a, vp.at, vt.a, vt.at, fw, 0, out, 1);
            assertEquals(loss, out[1], 5e-7 * size);
            TestValue dp = TestValue.toWrite(a);
            new MseLossBackward(a, b, a, workers).run(vp.a, vp.at, vt.a, vt.at, fw, 0, dp.a, dp.at);
            dp.assertIs(gradient, 5e-7);
        }
    }

    @Test
    void theTimeEmbeddingsShiftMustLeaveAFrequency() {
        assertThrows(IllegalArgumentException.class, () -> new TimeEmbedding(Layout.of(1, 1, 1, 2, 0), false, 1, 10000, workers));
    }
}
