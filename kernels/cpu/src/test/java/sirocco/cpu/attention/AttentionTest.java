package sirocco.cpu.attention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sirocco.api.Attention;
import sirocco.cpu.Layout;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

class AttentionTest {
    private static final double ROUNDING = Math.scalb(1.0, -24);

    /** Sizes of real models, and ones that divide by nothing; halos as neighbours in a graph may ask for, and dense values where it is −1. */
    @ParameterizedTest
    @CsvSource({"1,1,1,8,1,0", "2,1,1,32,2,1", "3,3,3,24,3,1", "2,4,4,16,2,0", "1,5,7,6,2,0", "2,6,3,40,5,1", "2,8,8,64,1,0", "1,8,8,64,1,1", "1,16,16,96,2,0",
            "1,7,19,256,1,0", "1,32,32,32,4,1", "2,4,4,32,2,-1", "1,5,7,40,1,-1", "2,3,3,72,3,-1", "1,2,9,1040,2,-1"})
    void agreesWithDoublePrecision(int n, int h, int w, int c, int heads, int halo) {
        agreesWithDoublePrecision(n, h, w, c, heads, halo, false, false);
    }

    /** Over several chunks of keys, with chunks that a mask excludes as a whole. */
    @ParameterizedTest
    @CsvSource({"2,29,20,8,2,true,false", "2,29,20,8,2,false,true", "1,1,1105,16,1,true,true", "2,3,5,12,2,true,true"})
    void masksAgreeWithDoublePrecision(int n, int h, int w, int c, int heads, boolean causal, boolean masked) {
        agreesWithDoublePrecision(n, h, w, c, heads, 0, causal, masked);
    }

    private static void agreesWithDoublePrecision(int n, int h, int w, int c, int heads, int halo, boolean causal, boolean masked) {
        Run one = new Run(n, h, w, c, heads, halo, causal, masked, 1);
        AttentionReference ref = new AttentionReference(n, h * w, c, heads, one.q, one.k, one.v, one.dy,
                (image, query, key) -> (causal && key > query ? Attention.MASKED : 0) + (masked && !Run.attended(image, h * w, key) ? Attention.MASKED : 0));
        // Roundings of random sign grow as the square root of their number. Those of a score, about √d of its size, come back
        // multiplied by e^score's derivative; 8 is room for the few sums that are taken one after the other.
        double tolerance = 8 * ROUNDING * Math.sqrt(h * w + 4.0 * c / heads);
        compare("y", ref.y, one.y, tolerance * ref.yMagnitude);
        compare("logSumExp", ref.logSumExp, one.logSumExp, tolerance * 4);
        compare("dq", ref.dq, one.dq, tolerance * ref.dqMagnitude);
        compare("dk", ref.dk, one.dk, tolerance * ref.dkMagnitude);
        compare("dv", ref.dv, one.dv, tolerance * ref.dvMagnitude);
        Run two = new Run(n, h, w, c, heads, halo, causal, masked, 3);
        assertArrayEquals(one.memory, two.memory, "3 threads give the same bits as 1");
    }

    @ParameterizedTest
    @CsvSource({"90", "-90", "1e4"})
    void largeScoresDoNotOverflow(float size) {
        try (Workers workers = new Workers(1)) {
            Layout l = Layout.of(1, 1, 2, 1, 0);
            Layout sums = Layout.of(1, 1, 1, 2, 0);
            float[] a = {size, 0, 1, 1, 3, 5, 0, 0, 0, 0};
            AttentionForward f = new AttentionForward(l, l, l, l, sums, 1, false, false, workers);
            float[] scratch = new float[Math.toIntExact(f.scratchFloats())];
            // q = (size, 0), k = (1, 1): both keys score alike, so y is the mean of v = (3, 5).
            f.run(new Slice(a, 0), new Slice(a, 2), new Slice(a, 4), null, new Slice(a, 6), new Slice(a, 8), new Slice(scratch, 0));
            assertEquals(4, a[6], 1e-6);
            assertEquals(size + Math.log(2), a[8], Math.abs(size) * 1e-7 + 1e-6);
        }
    }

    private static void compare(String what, double[] expected, float[] actual, double tolerance) {
        assertEquals(expected.length, actual.length);
        for (int i = 0; i < expected.length; i++) {
            int at = i;
            assertTrue(Math.abs(expected[i] - actual[i]) <= tolerance,
                    () -> what + "[" + at + "]: expected " + expected[at] + " ± " + tolerance + ", got " + actual[at]);
        }
    }

    /** Both kernels on random operands, in memory that was NaN before, so that whatever they fail to write shows. */
    private static final class Run {
        final float[] memory;
        final float[] q;
        final float[] k;
        final float[] v;
        final float[] dy;
        final float[] y;
        final float[] logSumExp;
        final float[] dq;
        final float[] dk;
        final float[] dv;
        private int end;

        /** The first key, and of the others the last tenth and every third but for an image's first half. */
        static boolean attended(int image, int keys, int key) {
            return key == 0 || key >= keys - keys / 10 || key >= keys / 2 && (key + image) % 3 == 0;
        }

        Run(int n, int h, int w, int c, int heads, int halo, boolean causal, boolean masked, int threads) {
            Layout flat = halo < 0 ? Layout.plain(n, h, w, c) : Layout.of(n, h, w, c, 0);
            Layout haloed = halo < 0 ? flat : Layout.of(n, h, w, c, halo);
            Layout sums = Layout.of(n, 1, 1, heads * h * w, 0);
            memory = new float[Math.toIntExact(4 * flat.floats() + 5 * haloed.floats() + sums.floats())];
            Arrays.fill(memory, Float.NaN);
            Random random = new Random(c * 31L + h);
            int count = n * h * w * c;
            q = normals(random, count);
            k = normals(random, count);
            v = normals(random, count);
            dy = normals(random, count);
            Slice qAt = put(q, flat);
            Slice kAt = put(k, haloed);
            Slice vAt = put(v, flat);
            Slice dyAt = put(dy, haloed);
            int results = end;
            Slice yAt = place(haloed);
            Slice sumsAt = place(sums);
            Slice dqAt = place(haloed);
            Slice dkAt = place(haloed);
            Slice dvAt = place(flat);
            int resultsEnd = end;

            Slice mask = null;
            if (masked) {
                float[] attended = new float[n * h * w];
                for (int i = 0; i < attended.length; i++) {
                    attended[i] = attended(i / (h * w), h * w, i % (h * w)) ? 1 : 0;
                }
                mask = new Slice(attended, 0);
            }
            try (Workers workers = new Workers(threads)) {
                AttentionForward forward = new AttentionForward(flat, haloed, flat, haloed, sums, heads, causal, masked, workers);
                forward.run(qAt, kAt, vAt, mask, yAt, sumsAt, scratch(forward.scratchFloats()));
                AttentionBackward backward = new AttentionBackward(flat, haloed, flat, haloed, sums, haloed, haloed, haloed, flat, heads, causal, masked, workers);
                backward.run(qAt, kAt, vAt, mask, yAt, sumsAt, dyAt, dqAt, dkAt, dvAt, scratch(backward.scratchFloats()));
            }
            y = take(yAt, haloed);
            logSumExp = take(sumsAt, sums);
            dq = take(dqAt, haloed);
            dk = take(dkAt, haloed);
            dv = take(dvAt, flat);
            for (int i = results; i < resultsEnd; i++) {
                assertEquals(0f, memory[i], "whatever is no element is a zero that was written");
            }
            put(y, yAt, haloed);
            put(logSumExp, sumsAt, sums);
            put(dq, dqAt, haloed);
            put(dk, dkAt, haloed);
            put(dv, dvAt, flat);
        }

        private static Slice scratch(long floats) {
            float[] a = new float[Math.toIntExact(floats)];
            Arrays.fill(a, Float.NaN);
            return new Slice(a, 0);
        }

        private static float[] normals(Random random, int count) {
            float[] a = new float[count];
            for (int i = 0; i < count; i++) {
                a[i] = (float) random.nextGaussian();
            }
            return a;
        }

        private Slice place(Layout l) {
            Slice s = new Slice(memory, end);
            end += Math.toIntExact(l.floats());
            return s;
        }

        private Slice put(float[] data, Layout l) {
            Slice s = place(l);
            put(data, s, l);
            return s;
        }

        private void put(float[] data, Slice at, Layout l) {
            for (int i = 0; i < data.length; i++) {
                memory[at.offset() + element(l, i)] = data[i];
            }
        }

        /** Reads a value out and leaves zeros in its elements' place. */
        private float[] take(Slice at, Layout l) {
            float[] data = new float[l.n() * l.h() * l.w() * l.c()];
            for (int i = 0; i < data.length; i++) {
                int from = at.offset() + element(l, i);
                data[i] = memory[from];
                memory[from] = 0;
            }
            return data;
        }

        private static int element(Layout l, int i) {
            int pixel = i / l.c();
            return l.index(pixel / (l.h() * l.w()), pixel / l.w() % l.h(), pixel % l.w(), i % l.c());
        }
    }
}
