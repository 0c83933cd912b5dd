package sirocco.cpu.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sirocco.cpu.TestValue;
import sirocco.cpu.Workers;

class AdamEmaTest {
    private static final Workers workers = new Workers(2);

    @AfterAll
    static void close() {
        workers.close();
    }

    private static float[] hyper(double lr, double decay, double clip, int step) {
        float[] h = new float[1 + AdamEma.HYPER];
        h[1 + AdamEma.LR] = (float) lr;
        h[1 + AdamEma.BETA_1] = 0.9f;
        h[1 + AdamEma.BETA_2] = 0.999f;
        h[1 + AdamEma.EPS] = 1e-8f;
        h[1 + AdamEma.WEIGHT_DECAY] = (float) decay;
        h[1 + AdamEma.EMA_DECAY] = 0.99f;
        h[1 + AdamEma.CLIP_NORM] = (float) clip;
        h[1 + AdamEma.BIAS_CORRECTION_1] = (float) (1 - Math.pow(0.9f, step));
        h[1 + AdamEma.BIAS_CORRECTION_2] = (float) (1 - Math.pow(0.999f, step));
        return h;
    }

    private static float[] shifted(double[] d, int by) {
        float[] f = new float[d.length + by];
        for (int i = 0; i < d.length; i++) {
            f[by + i] = (float) d[i];
        }
        return f;
    }

    /** Three steps against double precision; sums of squares are positive, so the norm is good to a few ulps. */
    @ParameterizedTest
    @CsvSource({"1, 0, 0", "77, 0.01, 1", "70003, 0, 1", "16384, 0.1, 1e9", "40000, 0, -1"})
    void againstDoublePrecision(int n, double decay, double clip) {
        double[] p = TestValue.random(n, 1);
        double[] m = new double[n];
        double[] v = new double[n];
        double[] ema = p.clone();
        float[] fp = shifted(p, 1);
        float[] fm = shifted(m, 2);
        float[] fv = shifted(v, 3);
        float[] fe = shifted(ema, 4);
        float[] norm = new float[2];
        GradientNorm gradientNorm = new GradientNorm(n, workers);
        AdamEma adam = new AdamEma(n, workers);
        for (int step = 1; step <= 3; step++) {
            double[] g = TestValue.random(n, 10 + step);
            float[] fg = shifted(g, 5);
            float[] h = hyper(0.01, decay, clip, step);
            gradientNorm.run(fg, 5, norm, 1);
            double square = 0;
            for (double d : g) {
                square += d * d;
            }
            assertEquals(Math.sqrt(square), norm[1], 3e-7 * Math.sqrt(square));
            adam.run(fp, 1, fg, 5, fm, 2, fv, 3, fe, 4, h, 1, norm, 1);
            double scale = clip > 0 ? Math.min(1, clip / (Math.sqrt(square) + 1e-6)) : 1;
            double lr = h[1 + AdamEma.LR];
            double b1 = h[1 + AdamEma.BETA_1];
            double b2 = h[1 + AdamEma.BETA_2];
            for (int i = 0; i < n; i++) {
                double gi = g[i] * scale;
                m[i] = b1 * m[i] + (1 - b1) * gi;
                v[i] = b2 * v[i] + (1 - b2) * gi * gi;
                double mHat = m[i] / (1 - Math.pow(b1, step));
                double vHat = v[i] / (1 - Math.pow(b2, step));
                p[i] -= lr * (mHat / (Math.sqrt(vHat) + h[1 + AdamEma.EPS]) + h[1 + AdamEma.WEIGHT_DECAY] * p[i]);
                ema[i] = h[1 + AdamEma.EMA_DECAY] * ema[i] + (1 - h[1 + AdamEma.EMA_DECAY]) * p[i];
                assertEquals(0f, fg[5 + i]);
                // m is a sum of either sign: off by ulps of its terms, 5 standard deviations of g at most. p moves by a few lr, and m / sqrt(v)
                // is good to some 1e-6 of that.
                assertEquals(m[i], fm[2 + i], 1e-7 * 5 * scale);
                assertEquals(v[i], fv[3 + i], 1e-6 * v[i] + 1e-15);
                assertEquals(p[i], fp[1 + i], 3e-7 * Math.abs(p[i]) + 1e-5 * lr);
                assertEquals(ema[i], fe[4 + i], 3e-7 * Math.abs(ema[i]) + 1e-5 * lr);
            }
        }
        assertEquals(0f, fp[0] + fm[1] + fv[2] + fe[3]);
    }

    @Test
    void aGradientThatIsNotFiniteChangesNothing() {
        int n = 20_000;
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            float[] p = TestValue.floats(TestValue.random(n, 1));
            float[] m = TestValue.floats(TestValue.random(n, 2));
            float[] before = p.clone();
            float[] mBefore = m.clone();
            float[] g = TestValue.floats(TestValue.random(n, 3));
            g[n - 1] = bad;
            float[] norm = new float[1];
            new GradientNorm(n, workers).run(g, 0, norm, 0);
            assertTrue(!Float.isFinite(norm[0]));
            float[] v = new float[n];
            float[] ema = p.clone();
            new AdamEma(n, workers).run(p, 0, g, 0, m, 0, v, 0, ema, 0, hyper(0.1, 0.1, 1, 1), 1, norm, 0);
            assertArrayEquals(before, p);
            assertArrayEquals(mBefore, m);
            assertArrayEquals(before, ema);
            assertArrayEquals(new float[n], v);
            assertArrayEquals(new float[n], g);
        }
    }
}
