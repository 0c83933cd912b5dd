package sirocco.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sirocco.api.Axis;
import sirocco.api.BinaryFunction;
import sirocco.api.Random.Distribution;
import sirocco.api.Reduction;
import sirocco.api.Shape;
import sirocco.api.UnaryFunction;
import sirocco.cpu.attention.AttentionBackward;
import sirocco.cpu.attention.AttentionForward;
import sirocco.cpu.gemm.BatchedMatMul;
import sirocco.cpu.movement.Copy;
import sirocco.cpu.movement.Permute;
import sirocco.cpu.movement.Ramp;
import sirocco.cpu.movement.Runs;
import sirocco.cpu.movement.Tiling;
import sirocco.cpu.noise.Draw;
import sirocco.cpu.noise.DropLabels;
import sirocco.cpu.noise.Dropout;
import sirocco.cpu.noise.ImagePixels;
import sirocco.cpu.noise.Noising;
import sirocco.cpu.noise.SamplingStep;
import sirocco.cpu.norm.ChannelSum;
import sirocco.cpu.norm.GroupNorm;
import sirocco.cpu.norm.GroupNormBackward;
import sirocco.cpu.norm.LayerNorm;
import sirocco.cpu.norm.LayerNormBackward;
import sirocco.cpu.optim.AdamEma;
import sirocco.cpu.optim.Average;
import sirocco.cpu.optim.GradientNorm;
import sirocco.cpu.pointwise.Affine;
import sirocco.cpu.pointwise.AveragePool;
import sirocco.cpu.pointwise.Binary;
import sirocco.cpu.pointwise.Broadcast;
import sirocco.cpu.pointwise.ChannelBroadcast;
import sirocco.cpu.pointwise.ClassEmbedding;
import sirocco.cpu.pointwise.Combine;
import sirocco.cpu.pointwise.Concat;
import sirocco.cpu.pointwise.Convert;
import sirocco.cpu.pointwise.Gated;
import sirocco.cpu.pointwise.Guidance;
import sirocco.cpu.pointwise.MseLoss;
import sirocco.cpu.pointwise.MseLossBackward;
import sirocco.cpu.pointwise.Repeat;
import sirocco.cpu.pointwise.TimeEmbedding;
import sirocco.cpu.pointwise.Unary;
import sirocco.cpu.pointwise.UnaryBackward;
import sirocco.cpu.pointwise.Upsample;
import sirocco.cpu.pointwise.UpsampleBackward;
import sirocco.cpu.reduction.Reduce;
import sirocco.cpu.tokens.CrossEntropy;
import sirocco.cpu.tokens.Embedding;

/** What every kernel promises: the same bits at any number of threads, and nothing on the heap once it is warm. */
class KernelHabitsTest {
    private static final int BATCH = 20;
    private static final long PATIENCE_NANOS = 60_000_000_000L;

    /** Memory of a case, the same numbers each time it is made. */
    private static final class Memory {
        final List<float[]> all = new ArrayList<>();
        private final Random random = new Random(7);

        float[] of(Layout layout) {
            return of(Math.toIntExact(layout.floats()));
        }

        float[] of(int n) {
            float[] a = new float[n];
            for (int i = 0; i < n; i++) {
                a[i] = random.nextFloat() - 0.4f;
            }
            all.add(a);
            return a;
        }
    }

    private interface Made {
        Runnable make(Workers workers, Memory memory);
    }

    private static final int[] RNG = {5, 6, 7};
    private static final int[] INDEX = {3, 1, 4};
    private static final Layout WIDE = Layout.of(3, 12, 12, 48, 0);
    private static final Layout HALO = Layout.of(3, 12, 12, 48, 1);
    private static final Layout IMAGE = Layout.of(3, 33, 31, 3, 0);

    private static Map<String, Made> cases() {
        Map<String, Made> m = new LinkedHashMap<>();
        for (int groups : new int[] {16, 1}) {
            m.put("GroupNorm" + groups, (w, a) -> {
                var k = new GroupNorm(WIDE, HALO, groups, 1e-5, true, w);
                float[] x = a.of(WIDE), y = a.of(HALO), gamma = a.of(48), beta = a.of(48), stats = a.of(96);
                return () -> k.run(x, 0, gamma, 0, beta, 0, y, 0, stats, 0, null, 0);
            });
            m.put("GroupNormBackward" + groups, (w, a) -> {
                var k = new GroupNormBackward(WIDE, HALO, WIDE, WIDE, groups, true, w);
                float[] x = a.of(WIDE), stats = a.of(96), gamma = a.of(48), beta = a.of(48), dy = a.of(HALO), addend = a.of(WIDE);
                float[] dx = a.of(WIDE), dgamma = a.of(48), dbeta = a.of(48), scratch = a.of((int) k.scratchFloats());
                return () -> k.run(x, 0, stats, 0, gamma, 0, beta, 0, dy, 0, addend, 0, dx, 0, dgamma, 0, dbeta, 0, scratch, 0);
            });
        }
        m.put("ChannelSum", (w, a) -> {
            Layout sums = Layout.of(3, 1, 1, 48, 0);
            var k = new ChannelSum(HALO, sums, w);
            float[] x = a.of(HALO), y = a.of(sums);
            return () -> k.run(x, 0, y, 0);
        });
        for (UnaryFunction f : UnaryFunction.values()) {
            m.put(f.title(), (w, a) -> {
                var k = new Unary(f, IMAGE, IMAGE, w);
                var b = new UnaryBackward(f, IMAGE, IMAGE, IMAGE, w);
                float[] x = a.of(IMAGE), dy = a.of(IMAGE), y = a.of(IMAGE), dx = a.of(IMAGE);
                return () -> {
                    k.run(x, 0, y, 0);
                    b.run(x, 0, dy, 0, dx, 0);
                };
            });
        }
        for (BinaryFunction f : BinaryFunction.values()) {
            m.put(f.title(), (w, a) -> {
                Shape s = new Shape(3, 33, 31, 3);
                var same = new Binary(f, IMAGE, IMAGE, IMAGE, w);
                var vectors = new Broadcast(f, s, s.withN(1), w);
                var numbers = new Broadcast(f, s, s.withC(1), w);
                var reversed = new Broadcast(f, Shape.features(3, 1), s, w);
                Slice x = new Slice(a.of(IMAGE), 0), y = new Slice(a.of(IMAGE), 0), z = new Slice(a.of(IMAGE), 0), b = new Slice(a.of(IMAGE), 0);
                return () -> {
                    same.run(x.array(), 0, y.array(), 0, z.array(), 0);
                    vectors.run(x, z, b);
                    numbers.run(x, b, z);
                    reversed.run(y, z, b);
                };
            });
        }
        m.put("Affine", (w, a) -> {
            var k = new Affine(0.5, 2, IMAGE, IMAGE, w);
            float[] x = a.of(IMAGE), y = a.of(IMAGE);
            return () -> k.run(x, 0, y, 0);
        });
        m.put("Combine", (w, a) -> {
            var k = new Combine(new Layout[] {IMAGE, IMAGE}, new Layout[] {IMAGE, IMAGE, IMAGE}, 2, w);
            Slice table = new Slice(a.of(12), 0);
            Slice[] x = {new Slice(a.of(IMAGE), 0), new Slice(a.of(IMAGE), 0)};
            Slice[] y = {new Slice(a.of(IMAGE), 0), new Slice(a.of(IMAGE), 0), new Slice(a.of(IMAGE), 0)};
            int[] rows = {0, 1, 0};
            return () -> k.run(table, rows, x, y);
        });
        for (Reduction.Function f : Reduction.Function.values()) {
            for (Set<Axis> axes : List.of(EnumSet.of(Axis.C), EnumSet.of(Axis.N, Axis.H, Axis.W), EnumSet.of(Axis.H, Axis.C), EnumSet.allOf(Axis.class))) {
                m.put("Reduce " + f + " along " + axes, (w, a) -> {
                    Shape s = new Shape(3, 40, 41, 67);
                    var k = new Reduce(f, axes, s, w);
                    Slice x = new Slice(a.of((int) s.elements()), 0), y = new Slice(a.of(3 * 41 * 40), 0), scratch = new Slice(a.of((int) k.scratchFloats()), 0);
                    return () -> k.run(x, y, scratch);
                });
            }
        }
        for (boolean rms : new boolean[] {false, true}) {
            m.put(rms ? "RmsNorm" : "LayerNorm", (w, a) -> {
                var k = new LayerNorm(130, 70, 1e-5f, rms, w);
                var b = new LayerNormBackward(130, 70, rms, w);
                Slice x = new Slice(a.of(9100), 0), y = new Slice(a.of(9100), 0), dx = new Slice(a.of(9100), 0), stats = new Slice(a.of(260), 0);
                Slice gamma = new Slice(a.of(70), 0), beta = new Slice(a.of(70), 0), dGamma = new Slice(a.of(70), 0), dBeta = new Slice(a.of(70), 0);
                Slice scratch = new Slice(a.of((int) b.scratchFloats()), 0);
                return () -> {
                    k.run(x, gamma, beta, y, stats);
                    b.run(x, stats, gamma, y, dx, dGamma, dBeta, scratch);
                };
            });
        }
        for (UnaryFunction f : new UnaryFunction[] {UnaryFunction.GELU, UnaryFunction.SILU}) {
            m.put(f.title() + "Gated", (w, a) -> {
                var k = new Gated(f, 130, 70, w);
                Slice x = new Slice(a.of(18_200), 0), y = new Slice(a.of(9100), 0), dx = new Slice(a.of(18_200), 0);
                return () -> {
                    k.run(x, y);
                    k.runBackward(x, y, dx);
                };
            });
        }
        for (boolean masked : new boolean[] {false, true}) {
            m.put("Attention, causal" + (masked ? " and masked" : ""), (w, a) -> {
                Layout q = Layout.plain(2, 1, 70, 48);
                Layout keys = Layout.plain(2, 1, 77, 48);
                Layout sums = Layout.plain(2, 1, 1, 210);
                var f = new AttentionForward(q, keys, keys, q, sums, 3, true, masked, w);
                var b = new AttentionBackward(q, keys, keys, q, sums, q, q, keys, keys, 3, true, masked, w);
                Slice x = new Slice(a.of(q), 0), k = new Slice(a.of(keys), 0), v = new Slice(a.of(keys), 0), y = new Slice(a.of(q), 0);
                Slice dy = new Slice(a.of(q), 0), dq = new Slice(a.of(q), 0), dk = new Slice(a.of(keys), 0), dv = new Slice(a.of(keys), 0);
                Slice logs = new Slice(a.of(sums), 0), scratch = new Slice(new float[(int) Math.max(f.scratchFloats(), b.scratchFloats())], 0);
                float[] mask = new float[154];
                for (int i = 0; i < mask.length; i++) {
                    mask[i] = i % 3 == 1 ? 0 : 1;
                }
                Slice maskAt = masked ? new Slice(mask, 0) : null;
                return () -> {
                    f.run(x, k, v, maskAt, y, logs, scratch);
                    b.run(x, k, v, maskAt, y, logs, dy, dq, dk, dv, scratch);
                };
            });
        }
        m.put("MatMul", (w, a) -> {
            var k = new BatchedMatMul(new Shape(2, 1, 33, 40), new Shape(1, 3, 40, 50), false, false, new Shape(2, 3, 33, 50), w);
            Slice x = new Slice(a.of(2 * 33 * 40), 0), y = new Slice(a.of(3 * 40 * 50), 0), z = new Slice(a.of(6 * 33 * 50), 0);
            return k.bind(x, y, z, new Slice(new float[(int) k.scratchFloats()], 0));
        });
        m.put("Movements", (w, a) -> {
            Shape s = new Shape(3, 12, 12, 48);
            Shape twice = new Shape(3, 24, 12, 96);
            var copy = new Copy((int) s.elements(), w);
            var into = Runs.into(s, Axis.H, 12, new Shape(3, 24, 12, 48), w);
            var outOf = Runs.outOf(twice, Axis.W, 3, new Shape(3, 24, 5, 96), w);
            var tiling = new Tiling(s, twice, w);
            var rows = new Permute(s, List.of(Axis.N, Axis.W, Axis.H, Axis.C), w);
            var tiles = new Permute(s, List.of(Axis.C, Axis.W, Axis.N, Axis.H), w);
            var ramp = new Ramp(1, 2, Axis.C, s, w);
            Slice x = new Slice(a.of((int) s.elements()), 0), y = new Slice(a.of((int) twice.elements()), 0), z = new Slice(a.of((int) twice.elements()), 0);
            return () -> {
                copy.run(x, z);
                into.run(x, z);
                tiling.run(x, y);
                outOf.run(y, z);
                rows.run(x, z);
                tiles.run(x, z);
                ramp.run(z);
            };
        });
        m.put("Tokens", (w, a) -> {
            var k = new Embedding(300, 7, 70, w);
            var loss = new CrossEntropy(300, 70, w);
            int[] ids = new int[300];
            for (int i = 0; i < ids.length; i++) {
                ids[i] = i * 5 % 7;
            }
            Slice table = new Slice(a.of(490), 0), y = new Slice(a.of(21_000), 0), d = new Slice(a.of(21_000), 0), l = new Slice(a.of(1), 0);
            return () -> {
                k.run(ids, table, y);
                loss.run(y, ids, l);
                loss.runBackward(y, ids, d);
                k.runBackward(ids, d, table);
            };
        });
        m.put("Draws", (w, a) -> {
            var normal = new Draw(Distribution.NORMAL, 3, 3069, 2, w);
            var uniform = new Draw(Distribution.UNIFORM, 3, 3069, 2, w);
            var pixels = new ImagePixels(new Shape(3, 33, 31, 3), true, w);
            byte[] images = new byte[3 * 33 * 31 * 3];
            new Random(1).nextBytes(images);
            Slice x = new Slice(a.of(9207), 0), y = new Slice(a.of(9207), 0), z = new Slice(a.of(9207), 0);
            return () -> {
                normal.run(RNG, INDEX, 4, x);
                uniform.run(RNG, INDEX, 4, y);
                pixels.run(images, RNG, INDEX, z);
            };
        });
        m.put("Add with halo", (w, a) -> {
            var k = new Binary(BinaryFunction.ADD, WIDE, HALO, HALO, w);
            float[] x = a.of(WIDE), y = a.of(HALO), z = a.of(HALO);
            return () -> k.run(x, 0, y, 0, z, 0);
        });
        m.put("Concat", (w, a) -> {
            Layout left = Layout.of(3, 12, 12, 20, 0);
            Layout right = Layout.of(3, 12, 12, 28, 0);
            var k = new Concat(left, right, HALO, w);
            float[] x = a.of(left), y = a.of(right), z = a.of(HALO);
            return () -> k.run(x, 0, y, 0, z, 0);
        });
        m.put("Slice", (w, a) -> {
            Layout part = Layout.of(3, 12, 12, 20, 0);
            var k = new sirocco.cpu.pointwise.Slice(HALO, 7, part, w);
            float[] x = a.of(HALO), y = a.of(part);
            return () -> k.run(x, 0, y, 0);
        });
        m.put("Upsample", (w, a) -> {
            Layout large = Layout.of(3, 24, 24, 48, 1);
            var k = new Upsample(WIDE, large, w);
            float[] x = a.of(WIDE), y = a.of(large);
            return () -> k.run(x, 0, y, 0);
        });
        m.put("UpsampleBackward", (w, a) -> {
            Layout large = Layout.of(3, 24, 24, 48, 1);
            var k = new UpsampleBackward(large, WIDE, w);
            float[] dy = a.of(large), dx = a.of(WIDE);
            return () -> k.run(dy, 0, dx, 0);
        });
        m.put("AveragePool", (w, a) -> {
            Layout small = Layout.of(3, 4, 4, 48, 1);
            var k = new AveragePool(WIDE, 3, small, w);
            float[] x = a.of(WIDE), y = a.of(small);
            return () -> k.run(x, 0, y, 0);
        });
        for (BinaryFunction f : EnumSet.complementOf(EnumSet.of(BinaryFunction.DIVIDE))) {
            m.put(f.title() + " of channels", (w, a) -> {
                Layout row = Layout.of(3, 1, 1, 48, 0);
                var k = new ChannelBroadcast(f, WIDE, row, false, HALO, w);
                var r = new ChannelBroadcast(f, WIDE, row, true, WIDE, w);
                float[] x = a.of(WIDE), v = a.of(row), y = a.of(HALO), z = a.of(WIDE);
                return () -> {
                    k.run(x, 0, v, 0, y, 0);
                    r.run(x, 0, v, 0, z, 0);
                };
            });
        }
        m.put("Convert", (w, a) -> {
            var k = new Convert(HALO, WIDE, w);
            float[] x = a.of(HALO), y = a.of(WIDE);
            return () -> k.run(x, 0, y, 0);
        });
        m.put("RepeatAndGuidance", (w, a) -> {
            Layout twice = Layout.of(6, 33, 31, 3, 0);
            var r = new Repeat(IMAGE, twice, w);
            var k = new Guidance(twice, IMAGE, w);
            float[] x = a.of(IMAGE), y = a.of(twice), scale = a.of(1), z = a.of(IMAGE);
            return () -> {
                r.run(x, 0, y, 0);
                k.run(y, 0, scale, 0, z, 0);
            };
        });
        m.put("Dropout", (w, a) -> {
            var k = new Dropout(WIDE, HALO, 0.1f, 2, w);
            float[] x = a.of(WIDE), y = a.of(HALO);
            return () -> k.run(x, 0, RNG, 0, INDEX, 0, y, 0);
        });
        m.put("Embeddings", (w, a) -> {
            Layout row = Layout.of(3, 1, 1, 48, 0);
            var time = new TimeEmbedding(row, true, 0, 10000, w);
            var classes = new ClassEmbedding(row, 5, w);
            var drop = new DropLabels(3, 0.5f, 0);
            float[] t = a.of(3), y = a.of(row), table = a.of(240), z = a.of(row);
            int[] labels = {1, 2, 3};
            return () -> {
                drop.run(labels, 0, RNG, 0, INDEX, 0, labels, 0);
                time.run(t, 0, y, 0);
                classes.run(labels, 0, table, 0, z, 0);
                classes.runBackward(labels, 0, y, 0, table, 0);
            };
        });
        m.put("MseLoss", (w, a) -> {
            var k = new MseLoss(HALO, WIDE, w);
            var b = new MseLossBackward(HALO, WIDE, HALO, w);
            float[] x = a.of(HALO), y = a.of(WIDE), weight = a.of(3), loss = a.of(1), dx = a.of(HALO);
            return () -> {
                k.run(x, 0, y, 0, weight, 0, loss, 0);
                b.run(x, 0, y, 0, weight, 0, dx, 0);
            };
        });
        m.put("Noising", (w, a) -> {
            var k = new Noising(IMAGE, IMAGE, 10, true, w);
            byte[] images = new byte[3 * 33 * 31 * 3];
            new Random(1).nextBytes(images);
            float[] schedule = a.of(80), xt = a.of(IMAGE), target = a.of(IMAGE), t = a.of(3), weight = a.of(3);
            return () -> k.run(images, 0, RNG, 0, INDEX, 0, schedule, 0, xt, 0, target, 0, t, 0, weight, 0);
        });
        m.put("SamplingStep", (w, a) -> {
            var k = new SamplingStep(IMAGE, IMAGE, IMAGE, IMAGE, 1, w);
            float[] x = a.of(IMAGE), out = a.of(IMAGE), h1 = a.of(IMAGE), h2 = a.of(IMAGE);
            float[] table = {0, 1, 0.1f, 1, 0.2f, 0.1f, 0.1f, 0.1f, 0.1f, 0.5f, 0, 0};
            int[] cursor = new int[1];
            return () -> {
                cursor[0] = 0;
                k.run(x, 0, out, 0, h1, 0, h2, 0, table, 0, cursor, 0, RNG, 0, INDEX, 0);
            };
        });
        m.put("Optimizer", (w, a) -> {
            int n = 70_001;
            var norm = new GradientNorm(n, w);
            var adam = new AdamEma(n, w);
            float[] p = a.of(n), g = a.of(n), mean = a.of(n), v = new float[n], ema = a.of(n), size = a.of(1);
            a.all.add(v);
            float[] hyper = {1e-3f, 0.9f, 0.999f, 1e-8f, 0.01f, 0.99f, 1, 0.1f, 0.001f, 0, 0, 0, 0, 0, 0, 0};
            return () -> {
                norm.run(g, 0, size, 0);
                adam.run(p, 0, g, 0, mean, 0, v, 0, ema, 0, hyper, 0, size, 0);
            };
        });
        m.put("Average", (w, a) -> {
            int n = 70_001;
            var average = new Average(n, w);
            float[] source = a.of(n), target = a.of(n);
            return () -> average.run(0.9f, source, 0, target, 0);
        });
        return m;
    }

    static Stream<String> names() {
        return cases().keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("names")
    void threadsDoNotChangeABit(String name) {
        Function<Integer, List<float[]>> result = threads -> {
            Memory memory = new Memory();
            try (Workers workers = new Workers(threads)) {
                Runnable kernel = cases().get(name).make(workers, memory);
                kernel.run();
                kernel.run();
            }
            return memory.all;
        };
        List<float[]> one = result.apply(1);
        for (int threads : new int[] {2, 3, 7}) {
            List<float[]> many = result.apply(threads);
            assertEquals(one.size(), many.size());
            for (int i = 0; i < one.size(); i++) {
                assertArrayEquals(one.get(i), many.get(i), "array " + i + " at " + threads + " threads");
            }
        }
    }

    /** Runs until a whole batch of runs allocates nothing: before that the interpreter, which boxes vectors, is still at work. */
    @ParameterizedTest
    @MethodSource("names")
    void aWarmKernelAllocatesNothing(String name) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Workers workers = new Workers(1)) {
            Runnable kernel = cases().get(name).make(workers, new Memory());
            long deadline = System.nanoTime() + PATIENCE_NANOS;
            long allocated;
            do {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < BATCH; i++) {
                    kernel.run();
                }
                allocated = threads.getCurrentThreadAllocatedBytes() - before;
            } while (allocated > 0 && System.nanoTime() < deadline);
            assertTrue(allocated == 0, allocated / BATCH + " bytes a run after a minute");
        }
    }
}
