package sirocco.bench.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import sirocco.bench.ConvShape;
import sirocco.bench.Work;
import sirocco.bench.torch.Torch.Format;

/** The peer computes what its rows say, in double precision by the definition. */
class TorchOpsTest {
    /** Sums of up to a few hundred terms of size 1 in float32. */
    private static final double TOLERANCE = 1e-4;

    private static final ConvShape SHAPE = new ConvShape(2, 5, 7, 6, 3);

    @BeforeAll
    static void needsLibTorch() {
        assumeTrue(Torch.unavailable().isEmpty(), () -> Torch.unavailable().orElseThrow());
        assumeTrue(TorchCheck.problem().isEmpty(), () -> TorchCheck.problem().orElseThrow());
    }

    @ParameterizedTest
    @EnumSource(Format.class)
    void convolution(Format format) {
        float[] x = random(1, SHAPE.inputs());
        float[] w = random(2, SHAPE.weights());
        float[] b = random(3, SHAPE.cout());
        float[] dy = random(4, SHAPE.outputs());
        double[] y = new double[SHAPE.outputs()];
        double[] dx = new double[SHAPE.inputs()];
        double[] dw = new double[SHAPE.weights()];
        double[] db = new double[SHAPE.cout()];
        for (int n = 0; n < SHAPE.n(); n++) {
            for (int o = 0; o < SHAPE.cout(); o++) {
                for (int p = 0; p < 36; p++) {
                    int out = (n * SHAPE.cout() + o) * 36 + p;
                    y[out] += b[o];
                    db[o] += dy[out];
                    for (int i = 0; i < SHAPE.cin(); i++) {
                        for (int k = 0; k < 9; k++) {
                            int row = p / 6 + k / 3 - 1;
                            int col = p % 6 + k % 3 - 1;
                            if (row >= 0 && row < 6 && col >= 0 && col < 6) {
                                int in = (n * SHAPE.cin() + i) * 36 + row * 6 + col;
                                int weight = (o * SHAPE.cin() + i) * 9 + k;
                                y[out] += (double) x[in] * w[weight];
                                dx[in] += (double) dy[out] * w[weight];
                                dw[weight] += (double) dy[out] * x[in];
                            }
                        }
                    }
                }
            }
        }
        assertResults(TorchOps.convForward(SHAPE, format, x, w, b), y);
        assertResults(TorchOps.convBackwardData(SHAPE, format, dy, w), dx);
        assertResults(TorchOps.convBackwardWeights(SHAPE, format, dy, x), dw, db);
    }

    @Test
    void linearLayersAreConvolutions() {
        ConvShape s = new ConvShape(2, 5, 7, 6, 1);
        float[] x = random(1, s.inputs());
        float[] w = random(2, s.weights());
        float[] b = random(3, s.cout());
        float[] dy = random(4, s.outputs());
        assertSame(TorchOps.convForward(s, Format.NCHW, x, w, b), TorchOps.linearForward(s, x, w, b));
        assertSame(TorchOps.convBackwardData(s, Format.NCHW, dy, w), TorchOps.linearBackwardData(s, dy, w));
        assertSame(TorchOps.convBackwardWeights(s, Format.NCHW, dy, x), TorchOps.linearBackwardWeights(s, dy, x));
    }

    private static void assertSame(Work expected, Work actual) {
        try (expected) {
            float[][] results = expected.results();
            double[][] doubles = new double[results.length][];
            for (int r = 0; r < results.length; r++) {
                doubles[r] = new double[results[r].length];
                for (int i = 0; i < doubles[r].length; i++) {
                    doubles[r][i] = results[r][i];
                }
            }
            assertResults(actual, doubles);
        }
    }

    @ParameterizedTest
    @CsvSource({"false,false", "false,true", "true,false", "true,true"})
    void product(boolean transposeA, boolean transposeB) {
        int batch = 2, m = 3, n = 4, k = 5;
        float[] a = random(1, batch * m * k);
        float[] b = random(2, batch * k * n);
        double[] c = new double[batch * m * n];
        for (int i = 0; i < c.length; i++) {
            int image = i / n / m, row = i / n % m, column = i % n;
            for (int t = 0; t < k; t++) {
                c[i] += (double) a[image * m * k + (transposeA ? t * m + row : row * k + t)]
                        * b[image * k * n + (transposeB ? column * k + t : t * n + column)];
            }
        }
        assertResults(TorchOps.product(batch, m, n, k, transposeA, transposeB, a, b), c);
    }

    @ParameterizedTest
    @EnumSource(Format.class)
    void groupNormAndSilu(Format format) {
        int n = 2;
        int c = 6;
        int size = 4;
        float[] x = random(1, n * c * 16);
        float[] gamma = random(2, c);
        float[] beta = random(3, c);
        float[] dy = random(4, x.length);
        double[] y = groupNormSilu(n, c, 16, 3, 1e-6, x, gamma, beta);
        assertResults(TorchOps.groupNormSilu(n, c, size, 3, 1e-6, format, x, gamma, beta), y);
        double[] dx = differences(x, 1e-2f, dy, v -> groupNormSilu(n, c, 16, 3, 1e-6, v, gamma, beta));
        double[] dGamma = differences(gamma, 1e-2f, dy, v -> groupNormSilu(n, c, 16, 3, 1e-6, x, v, beta));
        double[] dBeta = differences(beta, 1e-2f, dy, v -> groupNormSilu(n, c, 16, 3, 1e-6, x, gamma, v));
        // Central differences of step h leave an error of h²/6 times the third derivative: some 1e-3 here.
        assertResults(2e-3, TorchOps.groupNormSiluBoth(n, c, size, 3, 1e-6, format, x, gamma, beta, dy), y, dx, dGamma, dBeta);
    }

    @Test
    void attention() {
        int n = 2;
        int tokens = 5;
        int keys = 7;
        int heads = 2;
        int d = 3;
        float[] q = random(1, n * tokens * heads * d);
        float[] k = random(2, n * keys * heads * d);
        float[] v = random(3, k.length);
        float[] dOut = random(4, q.length);
        double[] o = attention(n, tokens, keys, heads, d, q, k, v);
        assertResults(TorchOps.attention(n, tokens, keys, heads, d, q, k, v), o);
        double[] dq = differences(q, 1e-2f, dOut, a -> attention(n, tokens, keys, heads, d, a, k, v));
        double[] dk = differences(k, 1e-2f, dOut, a -> attention(n, tokens, keys, heads, d, q, a, v));
        double[] dv = differences(v, 1e-2f, dOut, a -> attention(n, tokens, keys, heads, d, q, k, a));
        assertResults(1e-3, TorchOps.attentionBoth(n, tokens, keys, heads, d, q, k, v, dOut), o, dq, dk, dv);
    }

    @Test
    void noising() {
        // All pixels 255, so x₀ = 1 everywhere, and one timestep: x_t = √ᾱ + √(1−ᾱ)·ε.
        byte[] images = new byte[4 * 3 * 16 * 16];
        java.util.Arrays.fill(images, (byte) 255);
        float[][] r;
        try (Work work = TorchOps.noising(4, 3, 16, images, new float[] {0.36f})) {
            r = work.results();
        }
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < images.length; i++) {
            assertEquals(0.6 + 0.8 * r[1][i], r[0][i], 1e-5);
            sum += r[1][i];
            squares += r[1][i] * r[1][i];
        }
        // Five standard deviations of the mean and of the variance of as many normal numbers.
        assertEquals(0, sum / images.length, 5 / Math.sqrt(images.length));
        assertEquals(1, squares / images.length, 5 * Math.sqrt(2.0 / images.length));
    }

    private static double[] groupNormSilu(int n, int c, int pixels, int groups, double eps, float[] x, float[] gamma, float[] beta) {
        double[] y = new double[x.length];
        int width = c / groups * pixels;
        for (int g = 0; g < n * groups; g++) {
            double mean = 0;
            double variance = 0;
            for (int i = 0; i < width; i++) {
                mean += x[g * width + i] / (double) width;
            }
            for (int i = 0; i < width; i++) {
                variance += Math.pow(x[g * width + i] - mean, 2) / width;
            }
            for (int i = 0; i < width; i++) {
                int channel = (g * width + i) / pixels % c;
                double z = (x[g * width + i] - mean) / Math.sqrt(variance + eps) * gamma[channel] + beta[channel];
                y[g * width + i] = z / (1 + Math.exp(-z));
            }
        }
        return y;
    }

    private static double[] attention(int n, int tokens, int keys, int heads, int d, float[] q, float[] k, float[] v) {
        double[] o = new double[q.length];
        for (int i = 0; i < n; i++) {
            for (int h = 0; h < heads; h++) {
                for (int a = 0; a < tokens; a++) {
                    int at = (i * tokens + a) * heads * d + h * d;
                    double total = 0;
                    double[] weight = new double[keys];
                    for (int b = 0; b < keys; b++) {
                        double dot = 0;
                        for (int e = 0; e < d; e++) {
                            dot += (double) q[at + e] * k[(i * keys + b) * heads * d + h * d + e];
                        }
                        weight[b] = Math.exp(dot / Math.sqrt(d));
                        total += weight[b];
                    }
                    for (int b = 0; b < keys; b++) {
                        for (int e = 0; e < d; e++) {
                            o[at + e] += weight[b] / total * v[(i * keys + b) * heads * d + h * d + e];
                        }
                    }
                }
            }
        }
        return o;
    }

    /** d⟨f(v), dy⟩/dv by central differences. */
    private static double[] differences(float[] v, float step, float[] dy, java.util.function.Function<float[], double[]> f) {
        double[] d = new double[v.length];
        for (int i = 0; i < v.length; i++) {
            float[] moved = v.clone();
            moved[i] = v[i] + step;
            double up = dot(f.apply(moved), dy);
            float plus = moved[i];
            moved[i] = v[i] - step;
            d[i] = (up - dot(f.apply(moved), dy)) / ((double) plus - moved[i]);
        }
        return d;
    }

    private static double dot(double[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static void assertResults(Work work, double[]... expected) {
        assertResults(TOLERANCE, work, expected);
    }

    private static void assertResults(double tolerance, Work work, double[]... expected) {
        try (work) {
            work.run();
            float[][] actual = work.results();
            assertEquals(expected.length, actual.length);
            for (int r = 0; r < expected.length; r++) {
                assertEquals(expected[r].length, actual[r].length);
                for (int i = 0; i < expected[r].length; i++) {
                    double error = Math.abs(expected[r][i] - actual[r][i]);
                    String where = "result " + r + "[" + i + "]: expected " + expected[r][i] + ", got " + actual[r][i];
                    assertTrue(error <= tolerance * (1 + Math.abs(expected[r][i])), where);
                }
            }
        }
    }

    private static float[] random(long seed, int count) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = 2 * random.nextFloat() - 1;
        }
        return values;
    }
}
