package sirocco.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sirocco.api.Backends;
import sirocco.api.DType;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.GraphBuilder;
import sirocco.api.RandomKey;
import sirocco.api.Settings;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.data.Batch;
import sirocco.nn.layer.BilinearUpsample;

/** The graphs that a low-resolution partner adds, on the CPU. */
class LowResConditionTest {
    private static final int N = 64;
    private static final LowResCondition PARTNER = new LowResCondition(new ImageSize(6, 9), 2, 3);

    private static float[] read(Executable exe, Value v) {
        float[] data = new float[(int) v.shape().elements()];
        exe.read(v, data);
        return data;
    }

    private static RandomKey key(GraphBuilder g) {
        return new RandomKey(g.input("rng", Shape.vector(4), DType.I32), g.input("index", Shape.features(N, 1), DType.I32));
    }

    private static void write(Executable exe, RandomKey key) {
        exe.write(key.rng(), new int[] {7, 8, 9, 0});
        int[] index = new int[N];
        for (int i = 0; i < N; i++) {
            index[i] = 1000 + i;
        }
        exe.write(key.index(), index);
    }

    /** The partner is the average of the very image that is noised, some of which are flipped. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPartnerIsFlippedWithItsImage(boolean flip) {
        GraphBuilder g = new GraphBuilder();
        RandomKey key = key(g);
        Value images = g.input("image", new Shape(N, 6, 9, 2), DType.U8);
        Value partner = g.output(PARTNER.ofSamples(g, Map.of("image", images)::get, key, flip));
        Value clean = g.output(g.pixels(images, key.rng(), key.index(), flip));
        byte[] bytes = new byte[N * 6 * 9 * 2];
        new Random(3).nextBytes(bytes);
        try (Device device = Backends.choose("cpu").open(Settings.DEFAULT); Executable exe = device.load(device.plan(g.build()))) {
            write(exe, key);
            exe.write(images, bytes);
            exe.run();
            float[] x0 = read(exe, clean);
            float[] partners = read(exe, partner);
            assertEquals(new Shape(N, 2, 3, 2), partner.shape());
            boolean mirrored = false;
            for (int i = 0; i < N; i++) {
                mirrored |= Math.abs(x0[i * 108] - ((bytes[i * 108] & 255) / 127.5 - 1)) > 0.1;
                for (int p = 0; p < 12; p++) {
                    double sum = 0;
                    for (int q = 0; q < 9; q++) {
                        sum += x0[i * 108 + ((p / 6 * 3 + q / 3) * 9 + p / 2 % 3 * 3 + q % 3) * 2 + p % 2];
                    }
                    assertEquals(sum / 9, partners[i * 12 + p], 1e-6);
                }
            }
            assertEquals(flip, mirrored, "some are mirrored");
        }
    }

    /** Partner and label of a sample are dropped together; what is kept is unchanged, and what is dropped is the null partner. */
    @ParameterizedTest
    @ValueSource(doubles = {0.3, 1})
    void partnerAndLabelAreDroppedTogether(double p) {
        GraphBuilder g = new GraphBuilder();
        RandomKey key = key(g);
        ClassCondition classes = new ClassCondition(5);
        Value label = classes.column().input(g, N);
        Value partner = PARTNER.column().input(g, N);
        Value labels = g.output(classes.drop(g, label, key, p));
        Value partners = g.output(PARTNER.drop(g, partner, key, p));
        float[] given = new float[N * 12];
        for (int i = 0; i < given.length; i++) {
            given[i] = 0.1f + i % 7;
        }
        try (Device device = Backends.choose("cpu").open(Settings.DEFAULT); Executable exe = device.load(device.plan(g.build()))) {
            write(exe, key);
            exe.write(label, new int[N]);
            exe.write(partner, given);
            exe.run();
            int[] kept = new int[N];
            exe.read(labels, kept);
            float[] after = read(exe, partners);
            int dropped = 0;
            for (int i = 0; i < N; i++) {
                dropped += kept[i] == 4 ? 1 : 0;
                for (int e = i * 12; e < (i + 1) * 12; e++) {
                    assertEquals(kept[i] == 4 ? 0 : given[e], after[e], "image " + i);
                }
            }
            assertTrue(p == 1 ? dropped == N : dropped > N / 8 && dropped < N / 2, "dropped " + dropped);
        }
    }

    /** Against the definition in double precision; the weights' coordinates have one rounding of a number below 8. */
    @ParameterizedTest
    @CsvSource({"1, 1, 2", "2, 3, 2", "4, 1, 3", "3, 7, 5", "8, 8, 4"})
    void enlargesBilinearly(int h, int w, int k) {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", new Shape(2, h, w, 3), DType.F32);
        Value y = g.output(BilinearUpsample.apply(g, x, k));
        float[] in = new float[2 * h * w * 3];
        Random random = new Random(1);
        for (int i = 0; i < in.length; i++) {
            in[i] = (float) random.nextGaussian();
        }
        try (Device device = Backends.choose("cpu").open(Settings.DEFAULT); Executable exe = device.load(device.plan(g.build()))) {
            exe.write(x, in);
            exe.run();
            float[] out = read(exe, y);
            for (int i = 0; i < out.length; i++) {
                int c = i % 3;
                double column = Math.clamp((i / 3 % (k * w) + 0.5) / k - 0.5, 0, w - 1);
                double row = Math.clamp((i / 3 / (k * w) % (k * h) + 0.5) / k - 0.5, 0, h - 1);
                int image = i / (3 * k * w * k * h) * h * w;
                int left = (int) column;
                int top = (int) row;
                double expected = 0;
                for (int[] corner : new int[][] {{0, 0}, {0, 1}, {1, 0}, {1, 1}}) {
                    int r = Math.min(top + corner[0], h - 1);
                    int l = Math.min(left + corner[1], w - 1);
                    double weight = (corner[0] == 1 ? row - top : 1 - row + top) * (corner[1] == 1 ? column - left : 1 - column + left);
                    expected += weight * in[(image + r * w + l) * 3 + c];
                }
                assertEquals(expected, out[i], 1e-5);
            }
        }
    }

    @Test
    void theNullPartnerIsGrayAndABadOneIsRefused() {
        Batch batch = new Batch(2, List.of(PARTNER.column()));
        Arrays.fill(batch.floats("low_res"), 3);
        PARTNER.writeNull(batch, 1);
        PARTNER.check(batch, 0, 5);
        assertArrayEquals(new float[] {3, 0}, new float[] {batch.floats("low_res")[11], batch.floats("low_res")[12]});
        batch.floats("low_res")[13] = Float.NaN;
        PARTNER.check(batch, 0, 5);
        String message = assertThrows(IllegalArgumentException.class, () -> PARTNER.check(batch, 1, 6)).getMessage();
        assertTrue(message.matches("low-resolution partner of image 6: .*got NaN.*"), message);
    }
}
