package sirocco.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sirocco.cpu.noise.DropLabels;
import sirocco.cpu.noise.Dropout;
import sirocco.cpu.noise.Noising;
import sirocco.cpu.noise.SamplingStep;
import sirocco.cpu.norm.ChannelSum;
import sirocco.cpu.norm.GroupNorm;
import sirocco.cpu.norm.GroupNormBackward;
import sirocco.cpu.optim.AdamEma;
import sirocco.cpu.optim.Average;
import sirocco.cpu.optim.GradientNorm;
import sirocco.cpu.pointwise.Add;
import sirocco.cpu.pointwise.ClassEmbedding;
import sirocco.cpu.pointwise.Concat;
import sirocco.cpu.pointwise.Convert;
import sirocco.cpu.pointwise.Guidance;
import sirocco.cpu.pointwise.MseLoss;
import sirocco.cpu.pointwise.MseLossBackward;
import sirocco.cpu.pointwise.Repeat;
import sirocco.cpu.pointwise.Silu;
import sirocco.cpu.pointwise.SiluBackward;
import sirocco.cpu.pointwise.TimeEmbedding;
import sirocco.cpu.pointwise.Upsample;
import sirocco.cpu.pointwise.UpsampleBackward;

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
        m.put("Silu", (w, a) -> {
            var k = new Silu(IMAGE, IMAGE, w);
            float[] x = a.of(IMAGE), y = a.of(IMAGE);
            return () -> k.run(x, 0, y, 0);
        });
        m.put("SiluBackward", (w, a) -> {
            var k = new SiluBackward(IMAGE, IMAGE, IMAGE, w);
            float[] x = a.of(IMAGE), dy = a.of(IMAGE), dx = a.of(IMAGE);
            return () -> k.run(x, 0, dy, 0, dx, 0);
        });
        m.put("Add", (w, a) -> {
            var k = new Add(WIDE, HALO, HALO, w);
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
            var k = new SamplingStep(IMAGE, IMAGE, IMAGE, 1, w);
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
