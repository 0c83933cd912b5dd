package sirocco.cpu.pointwise;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sirocco.api.BinaryFunction;
import sirocco.api.UnaryFunction;
import sirocco.cpu.Layout;
import sirocco.cpu.TestValue;
import sirocco.cpu.Workers;
import sirocco.cpu.norm.ChannelSum;

/** Elementwise ops and ops that move data, on odd shapes and every combination of halos, against loops over the logical elements. */
class MovesTest {
    private static final int[][] SHAPES = {{1, 1, 1, 1}, {3, 1, 1, 5}, {2, 5, 7, 3}, {2, 4, 4, 16}, {1, 3, 5, 24}, {3, 1, 1, 40}, {2, 8, 8, 64},
        {1, 33, 65, 20}};

    private static final Workers workers = new Workers(2);

    @AfterAll
    static void close() {
        workers.close();
    }

    static int[][] shapes() {
        return SHAPES;
    }

    private static List<Layout> layouts(int n, int h, int w, int c) {
        List<Layout> all = new ArrayList<>();
        all.add(Layout.of(n, h, w, c, 0));
        if (c >= Layout.BLOCK) {
            all.add(Layout.of(n, h, w, c, 1));
        }
        return all;
    }

    private static int at(Layout l, int n, int y, int x, int c) {
        return ((n * l.h() + y) * l.w() + x) * l.c() + c;
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void elementwise(int[] s) {
        for (Layout a : layouts(s[0], s[1], s[2], s[3])) {
            for (Layout y : layouts(s[0], s[1], s[2], s[3])) {
                double[] da = TestValue.random(a, 1);
                double[] db = TestValue.random(a, 2);
                double[] sum = new double[da.length];
                double[] silu = new double[da.length];
                double[] slope = new double[da.length];
                for (int i = 0; i < da.length; i++) {
                    double sigma = 1 / (1 + Math.exp(-da[i]));
                    sum[i] = da[i] + db[i];
                    silu[i] = da[i] * sigma;
                    slope[i] = db[i] * sigma * (1 + da[i] * (1 - sigma));
                }
                TestValue va = TestValue.of(a, da);
                TestValue vb = TestValue.of(y, db);
                TestValue out = TestValue.toWrite(y);
                new Binary(BinaryFunction.ADD, a, y, y, workers).run(va.a, va.at, vb.a, vb.at, out.a, out.at);
                out.assertIs(sum, 1e-7);
                out = TestValue.toWrite(y);
                new Unary(UnaryFunction.SILU, a, y, workers).run(va.a, va.at, out.a, out.at);
                out.assertIs(silu, 5e-7);
                out = TestValue.toWrite(y);
                new UnaryBackward(UnaryFunction.SILU, a, y, y, workers).run(va.a, va.at, vb.a, vb.at, out.a, out.at);
                out.assertIs(slope, 1e-6);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void anyLayoutConvertsToAnyOther(int[] s) {
        List<Layout> all = new ArrayList<>();
        all.add(Layout.plain(s[0], s[1], s[2], s[3]));
        all.add(Layout.blocked(s[0], s[1], s[2], s[3], 0));
        all.add(Layout.blocked(s[0], s[1], s[2], s[3], 1));
        double[] d = TestValue.random(all.get(0), 3);
        for (Layout x : all) {
            for (Layout y : all) {
                TestValue in = TestValue.of(x, d);
                TestValue out = TestValue.toWrite(y);
                new Convert(x, y, workers).run(in.a, in.at, out.a, out.at);
                out.assertIs(d, 0);
            }
        }
    }

    @Test
    void concatAndItsReverse() {
        int[][] channels = {{16, 16}, {32, 24}, {3, 5}, {8, 12}, {24, 32}, {16, 3}, {5, 16}, {128, 64}, {20, 44}};
        for (int[] c : channels) {
            for (Layout y : layouts(2, 5, 6, c[0] + c[1])) {
                for (Layout a : layouts(2, 5, 6, c[0])) {
                    Layout b = Layout.of(2, 5, 6, c[1], 0);
                    double[] da = TestValue.random(a, 1);
                    double[] db = TestValue.random(b, 2);
                    double[] dy = new double[da.length + db.length];
                    for (int i = 0; i < dy.length; i++) {
                        int p = i / y.c();
                        int k = i % y.c();
                        dy[i] = k < c[0] ? da[p * c[0] + k] : db[p * c[1] + k - c[0]];
                    }
                    TestValue va = TestValue.of(a, da);
                    TestValue vb = TestValue.of(b, db);
                    TestValue vy = TestValue.toWrite(y);
                    new Concat(a, b, y, workers).run(va.a, va.at, vb.a, vb.at, vy.a, vy.at);
                    vy.assertIs(dy, 0);
                    TestValue in = TestValue.of(y, dy);
                    va = TestValue.toWrite(a);
                    vb = TestValue.toWrite(b);
                    new Slice(y, 0, a, workers).run(in.a, in.at, va.a, va.at);
                    new Slice(y, c[0], b, workers).run(in.a, in.at, vb.a, vb.at);
                    va.assertIs(da, 0);
                    vb.assertIs(db, 0);
                }
            }
        }
        assertThrows(IllegalArgumentException.class, () -> new Slice(Layout.plain(1, 2, 2, 4), 2, Layout.plain(1, 2, 2, 3), workers));
        assertThrows(IllegalArgumentException.class,
                () -> new Concat(Layout.plain(1, 2, 2, 4), Layout.plain(1, 2, 2, 3), Layout.plain(1, 2, 2, 8), workers));
    }

    /** A slice that ends inside a block must not bring its neighbours along. */
    @Test
    void sliceFromTheMiddle() {
        Layout x = Layout.of(1, 3, 3, 64, 0);
        double[] dx = TestValue.random(x, 4);
        TestValue in = TestValue.of(x, dx);
        for (int[] range : new int[][] {{16, 20}, {5, 30}, {32, 7}, {48, 16}}) {
            Layout y = Layout.of(1, 3, 3, range[1], range[1] >= 16 ? 1 : 0);
            double[] dy = new double[9 * range[1]];
            for (int i = 0; i < dy.length; i++) {
                dy[i] = dx[i / range[1] * 64 + range[0] + i % range[1]];
            }
            TestValue out = TestValue.toWrite(y);
            new Slice(x, range[0], y, workers).run(in.a, in.at, out.a, out.at);
            out.assertIs(dy, 0);
        }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void upsamplingAndItsGradient(int[] s) {
        for (Layout small : layouts(s[0], s[1], s[2], s[3])) {
            for (Layout large : layouts(s[0], 2 * s[1], 2 * s[2], s[3])) {
                double[] dx = TestValue.random(small, 1);
                double[] dy = new double[4 * dx.length];
                double[] gy = TestValue.random(large, 2);
                double[] gx = new double[dx.length];
                for (int n = 0; n < s[0]; n++) {
                    for (int y = 0; y < 2 * s[1]; y++) {
                        for (int x = 0; x < 2 * s[2]; x++) {
                            for (int c = 0; c < s[3]; c++) {
                                int from = at(small, n, y / 2, x / 2, c);
                                dy[at(large, n, y, x, c)] = dx[from];
                                gx[from] += gy[at(large, n, y, x, c)];
                            }
                        }
                    }
                }
                TestValue in = TestValue.of(small, dx);
                TestValue out = TestValue.toWrite(large);
                new Upsample(small, large, workers).run(in.a, in.at, out.a, out.at);
                out.assertIs(dy, 0);
                in = TestValue.of(large, gy);
                out = TestValue.toWrite(small);
                new UpsampleBackward(large, small, workers).run(in.a, in.at, out.a, out.at);
                out.assertIs(gx, 3e-7);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void channelSums(int[] s) {
        for (Layout x : layouts(s[0], s[1], s[2], s[3])) {
            double[] dx = TestValue.random(x, 1);
            double[] sum = new double[s[0] * s[3]];
            for (int i = 0; i < dx.length; i++) {
                sum[i / (s[1] * s[2] * s[3]) * s[3] + i % s[3]] += dx[i];
            }
            Layout y = Layout.of(s[0], 1, 1, s[3], 0);
            TestValue in = TestValue.of(x, dx);
            TestValue out = TestValue.toWrite(y);
            new ChannelSum(x, y, workers).run(in.a, in.at, out.a, out.at);
            // 256 float32 additions at a time of numbers about 1: 128 · 2^-24 · |partial sum ~ 16| at worst.
            out.assertIs(sum, 1e-5);
        }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void repeatAndGuidance(int[] s) {
        for (Layout one : layouts(s[0], s[1], s[2], s[3])) {
            for (Layout two : layouts(2 * s[0], s[1], s[2], s[3])) {
                double[] d = TestValue.random(one, 1);
                double[] twice = new double[2 * d.length];
                System.arraycopy(d, 0, twice, 0, d.length);
                System.arraycopy(d, 0, twice, d.length, d.length);
                TestValue in = TestValue.of(one, d);
                TestValue out = TestValue.toWrite(two);
                new Repeat(one, two, workers).run(in.a, in.at, out.a, out.at);
                out.assertIs(twice, 0);

                double[] both = TestValue.random(two, 2);
                double[] guided = new double[d.length];
                float scale = 2.5f;
                for (int i = 0; i < d.length; i++) {
                    guided[i] = both[d.length + i] + scale * (both[i] - both[d.length + i]);
                }
                in = TestValue.of(two, both);
                out = TestValue.toWrite(one);
                new Guidance(two, one, workers).run(in.a, in.at, new float[] {0, scale}, 1, out.a, out.at);
                out.assertIs(guided, 1e-6);
            }
        }
    }
}
