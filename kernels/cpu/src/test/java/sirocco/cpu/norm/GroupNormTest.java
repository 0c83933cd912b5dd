package sirocco.cpu.norm;

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

class GroupNormTest {
    private static final double EPS = 1e-6;
    private static final Workers workers = new Workers(2);
    /** Blocked values need none in the forward pass. */
    private static final float[] NO_SCRATCH = new float[0];

    @AfterAll
    static void close() {
        workers.close();
    }

    /** Double-precision group normalisation of [n,h,w,c] and its gradient. */
    private record Reference(double[] y, double[] stats, double[] dx, double[] dgamma, double[] dbeta) {
        static Reference of(Layout l, int groups, boolean silu, double[] x, double[] gamma, double[] beta, double[] dy, double[] addend) {
            int pixels = l.h() * l.w();
            int c = l.c();
            int cg = c / groups;
            Reference r = new Reference(new double[x.length], new double[l.n() * groups * 2], new double[x.length], new double[c],
                    new double[c]);
            for (int n = 0; n < l.n(); n++) {
                for (int g = 0; g < groups; g++) {
                    double mean = 0;
                    double var = 0;
                    double m = pixels * cg;
                    int[] at = new int[pixels * cg];
                    for (int i = 0; i < at.length; i++) {
                        at[i] = (n * pixels + i / cg) * c + g * cg + i % cg;
                        mean += x[at[i]] / m;
                    }
                    for (int e : at) {
                        var += (x[e] - mean) * (x[e] - mean) / m;
                    }
                    double rstd = 1 / Math.sqrt(var + EPS);
                    r.stats[(n * groups + g) * 2] = mean;
                    r.stats[(n * groups + g) * 2 + 1] = rstd;
                    double[] dz = new double[at.length];
                    double first = 0;
                    double second = 0;
                    for (int i = 0; i < at.length; i++) {
                        int e = at[i];
                        int k = e % c;
                        double hat = (x[e] - mean) * rstd;
                        double z = gamma[k] * hat + beta[k];
                        double sigma = 1 / (1 + Math.exp(-z));
                        r.y[e] = silu ? z * sigma : z;
                        dz[i] = dy[e] * (silu ? sigma * (1 + z * (1 - sigma)) : 1);
                        r.dbeta[k] += dz[i];
                        r.dgamma[k] += dz[i] * hat;
                        first += gamma[k] * dz[i] / m;
                        second += gamma[k] * dz[i] * hat / m;
                    }
                    for (int i = 0; i < at.length; i++) {
                        int e = at[i];
                        r.dx[e] = rstd * (gamma[e % c] * dz[i] - first - (x[e] - mean) * rstd * second) + (addend == null ? 0 : addend[e]);
                    }
                }
            }
            return r;
        }
    }

    /** Exactly as much as was asked for, behind three floats, and full of what was there before. */
    private static float[] scratch(long floats) {
        float[] memory = new float[3 + Math.toIntExact(floats)];
        java.util.Arrays.fill(memory, Float.NaN);
        return memory;
    }

    /**
     * Errors are relative to numbers about 1: normalising rounds a handful of times, each half an ulp of at most |z| ~ 5 (3e-7); sums over m
     * elements of either sign lose another few ulps of their running totals, of the order sqrt(m).
     */
    private static void compare(Layout x, Layout y, int groups, boolean silu, double[] dx) {
        int c = x.c();
        double[] gamma = TestValue.random(c, 11);
        double[] beta = TestValue.random(c, 12);
        double[] dy = TestValue.random(x, 13);
        double[] addend = TestValue.random(x, 14);
        for (int i = 0; i < c; i++) {
            gamma[i] = (float) (1 + 0.3 * gamma[i]);
        }
        for (boolean adding : new boolean[] {false, true}) {
            Reference r = Reference.of(x, groups, silu, dx, gamma, beta, dy, adding ? addend : null);
            TestValue vx = TestValue.of(x, dx);
            TestValue vy = TestValue.toWrite(y);
            float[] stats = new float[2 + r.stats.length];
            float[] fg = TestValue.floats(gamma);
            float[] fb = TestValue.floats(beta);
            GroupNorm forward = new GroupNorm(x, y, groups, EPS, silu, workers);
            forward.run(vx.a, vx.at, fg, 0, fb, 0, vy.a, vy.at, stats, 2, scratch(forward.scratchFloats()), 3);
            vy.assertIs(r.y, 3e-6);
            for (int i = 0; i < r.stats.length; i++) {
                assertEquals(r.stats[i], stats[2 + i], 1e-6 * (1 + Math.abs(r.stats[i])));
            }
            TestValue vdy = TestValue.of(y, dy);
            TestValue va = TestValue.of(x, addend);
            TestValue vdx = TestValue.toWrite(y);
            float[] dgamma = new float[c + 1];
            float[] dbeta = new float[c + 1];
            dgamma[c] = 100;
            dbeta[1] = 1000;
            GroupNormBackward backward = new GroupNormBackward(x, y, adding ? x : null, y, groups, silu, workers);
            backward.run(vx.a, vx.at, stats, 2, fg, 0, fb, 0, vdy.a, vdy.at, adding ? va.a : null, adding ? va.at : 0, vdx.a, vdx.at,
                    dgamma, 0, dbeta, 1, scratch(backward.scratchFloats()), 3);
            vdx.assertIs(r.dx, 5e-6);
            double scale = Math.sqrt(x.n() * x.h() * x.w());
            for (int i = 0; i < c; i++) {
                assertEquals(r.dgamma[i], dgamma[i], 3e-6 * scale);
                assertEquals(r.dbeta[i] + (i == 0 ? 1000 : 0), dbeta[1 + i], 3e-6 * scale + (i == 0 ? 1e-4 : 0));
            }
            assertEquals(100, dgamma[c]);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "2, 4, 4, 32, 32", "2, 8, 8, 64, 32", "1, 5, 7, 48, 16", "2, 3, 3, 96, 32", "1, 17, 19, 32, 1", "3, 1, 1, 64, 4",
        "2, 6, 6, 24, 8", "2, 4, 5, 40, 5", "1, 9, 9, 20, 20", "2, 7, 3, 8, 4", "1, 16, 16, 12, 3", "3, 2, 2, 1, 1", "4, 4, 4, 384, 32",
        "1, 3, 300, 32, 8"})
    void againstDoublePrecision(int n, int h, int w, int c, int groups) {
        Layout none = Layout.of(n, h, w, c, 0);
        Layout halo = Layout.of(n, h, w, c, 1);
        double[] x = TestValue.random(none, 1);
        compare(none, none, groups, false, x);
        compare(none, halo, groups, true, x);
        compare(halo, none, groups, true, x);
        compare(halo, halo, groups, false, x);
    }

    /**
     * A mean of a thousand deviations: x is given as float32, so the reference sees the same numbers; what may be lost is the rounding of
     * mean · rstd in the factor and summand, 1000 · 2^-24 or so, and a little more of it in the gradient.
     */
    @Test
    void aLargeMeanCancelsNothing() {
        Layout l = Layout.of(1, 16, 16, 32, 0);
        double[] x = TestValue.random(l, 5);
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) (x[i] + 1000);
        }
        double[] ones = new double[32];
        java.util.Arrays.fill(ones, 1);
        Reference r = Reference.of(l, 8, false, x, ones, new double[32], x, null);
        TestValue in = TestValue.of(l, x);
        TestValue out = TestValue.toWrite(l);
        float[] stats = new float[16];
        new GroupNorm(l, l, 8, EPS, false, workers).run(in.a, in.at, TestValue.floats(ones), 0, new float[32], 0, out.a, out.at, stats, 0, NO_SCRATCH, 0);
        out.assertIs(r.y, 1.5e-4);
        for (int g = 0; g < 8; g++) {
            assertEquals(r.stats[2 * g + 1], stats[2 * g + 1], 1e-6 * r.stats[2 * g + 1]);
        }
    }

    @Test
    void aConstantImageGivesBeta() {
        Layout l = Layout.of(1, 4, 4, 16, 0);
        double[] x = new double[256];
        java.util.Arrays.fill(x, 3);
        float[] gamma = new float[16];
        float[] beta = new float[16];
        java.util.Arrays.fill(gamma, 2f);
        java.util.Arrays.fill(beta, 0.5f);
        double[] expected = new double[256];
        java.util.Arrays.fill(expected, 0.5);
        TestValue in = TestValue.of(l, x);
        TestValue out = TestValue.toWrite(l);
        float[] stats = new float[8];
        // 1/sqrt(eps) = 1000: the mean is exact here, so nothing is left to be multiplied by it but the rounding of mean · 2000.
        new GroupNorm(l, l, 4, EPS, false, workers).run(in.a, in.at, gamma, 0, beta, 0, out.a, out.at, stats, 0, NO_SCRATCH, 0);
        out.assertIs(expected, 6e-4);
        assertEquals(1000f, stats[1], 1e-3f);
    }

    @Test
    void notANumberShows() {
        Layout l = Layout.of(1, 4, 4, 16, 0);
        double[] x = TestValue.random(l, 1);
        x[17] = Double.NaN;
        TestValue in = TestValue.of(l, x);
        TestValue out = TestValue.toWrite(l);
        new GroupNorm(l, l, 4, EPS, true, workers).run(in.a, in.at, new float[16], 0, new float[16], 0, out.a, out.at, new float[8], 0, NO_SCRATCH, 0);
        assertTrue(Double.isNaN(out.elements()[0]));
    }

    @Test
    void groupsMustDivideChannels() {
        Layout l = Layout.of(1, 4, 4, 16, 0);
        var e = assertThrows(IllegalArgumentException.class, () -> new GroupNorm(l, l, 3, EPS, true, workers));
        assertTrue(e.getMessage().contains("3 groups") && e.getMessage().contains("[1,4,4,16]"), e.getMessage());
    }
}
