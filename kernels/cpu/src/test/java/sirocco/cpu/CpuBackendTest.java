package sirocco.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import sirocco.api.DType;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Gradients;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.HardwareLimits;
import sirocco.api.Plan;
import sirocco.api.Settings;
import sirocco.api.Shape;
import sirocco.api.StepTrace;
import sirocco.api.Value;
import sirocco.api.Window;

/** What is this backend's own; what it owes like any other is in {@link CpuContractTest}. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CpuBackendTest {
    private CpuDevice device;

    @BeforeAll
    void open() {
        device = (CpuDevice) new CpuBackend().open(new Settings(2, 0, Settings.Precision.F32));
    }

    @AfterAll
    void close() {
        device.close();
    }

    @Test
    void refusesWhatItIsNot() {
        CpuBackend backend = new CpuBackend();
        String precision = assertThrows(IllegalArgumentException.class, () -> backend.open(new Settings(1, 0, Settings.Precision.BF16))).getMessage();
        assertTrue(precision.contains("BF16") && precision.contains("F32"), precision);
        assertThrows(IllegalArgumentException.class, () -> backend.open(new Settings(1, 1, Settings.Precision.F32)));
    }

    @Test
    void describesItself() {
        assertTrue(device.describe().contains("2 threads") && device.describe().contains(Simd.BITS + "-bit"), device.describe());
        try (CpuDevice all = (CpuDevice) new CpuBackend().open(Settings.DEFAULT)) {
            int processors = Runtime.getRuntime().availableProcessors();
            assertTrue(all.describe().contains(processors + (processors == 1 ? " thread," : " threads,")), all.describe());
        }
    }

    /** Every size that is computed from the sides of such images overflows. */
    @Test
    void saysWhichValueIsLargerThanAnArray() {
        for (Shape shape : List.of(new Shape(4096, 64, 64, 256), new Shape(1, 32768, 32768, 16))) {
            GraphBuilder g = new GraphBuilder();
            Value x = g.input("photograph", shape, DType.F32);
            Value y = g.in("norm", () -> g.groupNorm(x, g.parameter("gamma", Shape.vector(shape.c())), g.parameter("beta", Shape.vector(shape.c())),
                    8, 1e-5f, true));
            g.output(y);
            String message = assertThrows(IllegalArgumentException.class, () -> device.plan(g.build())).getMessage();
            assertTrue(message.contains("photograph") && message.contains("smaller") && message.contains(Long.toString(shape.elements())), message);
        }
    }

    /** Of a batch of gigabytes a plan is made at once: it has nothing of the batch's size. */
    @Test
    void plansNormsOfAnyBatchWithoutTheirMemory() {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", new Shape(2_500_000, 1, 1, 416), DType.F32);
        Value gamma = g.parameter("gamma", Shape.vector(416));
        Value beta = g.parameter("beta", Shape.vector(416));
        Value y = g.in("norm", () -> g.groupNorm(x, gamma, beta, 8, 1e-5f, true));
        Value loss = g.output(g.in("loss", () -> g.mseLoss(y, x, Optional.empty())));
        Gradients.ofParameters(g, loss);
        Graph graph = g.build();
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        Plan plan = device.plan(graph);
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(allocated < 16 << 20, allocated + " bytes allocated for a plan of " + plan.totalBytes());
    }

    /** What is held in arrays of its own is not held in the array of floats too. */
    @Test
    void takesTheMemoryThatThePlanSays() {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", Shape.vector(32), DType.F32);
        g.input("images", new Shape(64, 512, 512, 1), DType.U8);
        g.input("labels", Shape.features(1 << 20, 1), DType.I32);
        Value late = g.input("late", Shape.vector(32), DType.F32);
        Value y = g.output(g.in("sum", () -> g.add(x, late)));
        Plan plan = device.plan(g.build());
        assertTrue(plan.totalBytes() >= (16 << 20) + (4 << 20), plan.summary());
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        try (Executable e = device.load(plan)) {
            long allocated = threads.getCurrentThreadAllocatedBytes() - before;
            assertEquals(plan.totalBytes(), allocated, 1 << 20, plan.summary());
            e.write(x, filled(x, 1));
            e.write(late, filled(late, 2));
            e.run();
            assertArrayEquals(filled(y, 3), read(e, y));
        }
    }

    @Test
    void saysWhereAPlanIsLargerThanTheHeap() {
        long images = Runtime.getRuntime().maxMemory() / Float.BYTES / (256 * 256 * 16);
        assumeTrue(images * 256 * 256 * 16 < Integer.MAX_VALUE, "an array cannot be as large as this JVM's heap");
        Plan plan = device.plan(sum(new Shape((int) images, 256, 256, 16)));
        String message = assertThrows(IllegalArgumentException.class, () -> device.load(plan)).getMessage();
        assertTrue(message.contains("-Xmx") && message.contains("smaller batch"), message);
    }

    private static Graph sum(Shape shape) {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", shape, DType.F32);
        g.output(g.in("twice", () -> g.add(x, x)));
        return g.build();
    }

    /** Prepared weights are kept from run to run, so a write must reach them. */
    @Test
    void seesWeightsThatAreWrittenBetweenRuns() {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", new Shape(2, 8, 8, 16), DType.F32);
        Value first = g.parameter("first", new Shape(16, 3, 3, 16));
        Value second = g.parameter("second", new Shape(16, 3, 3, 16));
        Value middle = g.in("one", () -> convolution(g, x, first));
        Value y = g.output(g.in("two", () -> convolution(g, middle, second)));
        try (Executable e = device.load(device.plan(g.build())); Executable fresh = device.load(e.plan())) {
            assertTrue(e.plan().extraBytes() > 0, "prepared weights are counted");
            e.write(x, filled(x, 1f));
            e.write(first, filled(first, 0.5f));
            e.write(second, filled(second, 0.25f));
            e.run();
            float[] before = read(e, y);
            e.run();
            assertArrayEquals(before, read(e, y));
            e.write(second, filled(second, -1f));
            e.run();
            fresh.write(x, filled(x, 1f));
            fresh.write(first, filled(first, 0.5f));
            fresh.write(second, filled(second, -1f));
            fresh.run();
            assertArrayEquals(read(fresh, y), read(e, y));
            assertFalse(Arrays.equals(before, read(e, y)));
        }
    }

    private static Value convolution(GraphBuilder g, Value x, Value w) {
        return g.conv2d(x, w, Optional.empty(), Optional.empty(), Optional.empty(), Window.same(3));
    }

    private static float[] filled(Value v, float with) {
        float[] data = new float[(int) v.shape().elements()];
        Arrays.fill(data, with);
        return data;
    }

    private static float[] read(Executable e, Value v) {
        float[] data = new float[(int) v.shape().elements()];
        e.read(v, data);
        return data;
    }

    @Test
    void dumpAndTraceNameTheAlgorithm() {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", new Shape(1, 4, 4, 16), DType.F32);
        Value w = g.parameter("w", new Shape(16, 1, 1, 16));
        g.output(g.in("pointwise", () -> g.conv2d(x, w, Optional.empty(), Optional.empty(), Optional.empty(), Window.same(1))));
        try (Executable e = device.load(device.plan(g.build()))) {
            List<StepTrace> seen = new ArrayList<>();
            e.trace(seen::add);
            assertTrue(seen.getFirst().algorithm().contains("GEMM"), seen.getFirst().algorithm());
            assertTrue(e.plan().dump().contains(seen.getFirst().algorithm()), e.plan().dump());
        }
    }

    @Test
    void aClosedExecutableSaysSo() {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", new Shape(1, 4, 4, 16), DType.F32);
        g.output(g.in("act", () -> g.silu(x)));
        Executable e = device.load(device.plan(g.build()));
        e.close();
        assertThrows(IllegalStateException.class, e::run);
        assertThrows(IllegalStateException.class, () -> e.read(x, new float[256]));
    }

    /** p0 and p1 are neighbours, as are their gradients; an input lies between p1 and p2. */
    @Test
    void neighboursBecomeOneRegion() {
        GraphBuilder g = new GraphBuilder();
        List<Value> p = new ArrayList<>(List.of(g.parameter("p0", Shape.vector(5)), g.parameter("p1", Shape.vector(48))));
        g.input("between", Shape.vector(1), DType.F32);
        p.add(g.parameter("p2", Shape.vector(7)));
        p.add(g.parameter("p3", Shape.vector(7)));
        List<Value> gradients = p.stream().map(v -> g.state("grad." + v.name(), v.shape(), DType.F32)).toList();
        Graph graph = g.build();
        Regions regions = Regions.of(new Memory(device.plan(graph), Memory.PIECE_BYTES), new Layouts(graph), List.of(p, gradients));
        assertArrayEquals(new int[] {16 + 48, 16 + 7}, regions.floats());
        assertEquals(80, regions.starts()[1][0].offset() - regions.starts()[0][0].offset());
        assertEquals(64, regions.starts()[1][1].offset() - regions.starts()[0][1].offset());
        List<Value> swapped = List.of(p.get(1), p.get(0));
        assertEquals(2, Regions.of(new Memory(device.plan(graph), Memory.PIECE_BYTES), new Layouts(graph), List.of(swapped)).count());
    }

    /** The bytes are those of two arrays of 64 MiB; the operations are the same however many threads share them. */
    @Test
    void limitsCountWhatTheyDo() {
        double[] operations = new double[2];
        for (int threads = 1; threads <= 2; threads++) {
            try (Device device = new CpuBackend().open(new Settings(threads, 0, Settings.Precision.F32))) {
                HardwareLimits limits = device.limits().orElseThrow();
                operations[threads - 1] = limits.multiply();
                assertEquals(2.0 * (64 << 20), limits.copy());
            }
        }
        assertTrue(operations[0] > 0);
        assertEquals(operations[0], operations[1]);
    }
}
