package sirocco.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import sirocco.api.Convolution;
import sirocco.api.DType;
import sirocco.api.Executable;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.Plan;
import sirocco.api.Settings;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.api.Window;
import sirocco.cuda.driver.CudaException;
import sirocco.cuda.driver.DeviceMemory;
import sirocco.cuda.driver.Driver;
import sirocco.cuda.kernel.Launch;
import sirocco.gpu.DeviceBuffer;

/** What is this backend's own, on the emulated driver; what it owes like any other is in {@link CudaContractTest}. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CudaBackendTest {
    private CudaDevice device;

    @BeforeAll
    void open() {
        device = Emulated.device();
    }

    @AfterAll
    void close() {
        if (device != null) {
            device.close();
        }
    }

    @Test
    void refusesWhatItIsNot() {
        CudaBackend backend = Emulated.backend();
        String ordinal = assertThrows(IllegalArgumentException.class, () -> backend.open(new Settings(0, 99, Settings.Precision.F32))).getMessage();
        assertTrue(ordinal.contains("99") && ordinal.contains("emulated"), ordinal);
    }

    @Test
    void describesItself() {
        assertTrue(device.describe().contains("emulated") && device.describe().contains("free of"), device.describe());
    }

    /** What a kernel may have of shared memory is the kernel's, whichever launch asked for it last. */
    @Test
    void launchesOfOneKernelMayNeedDifferentSharedMemory() {
        GraphBuilder g = new GraphBuilder();
        Value gamma = g.parameter("gamma", Shape.vector(4));
        Value beta = g.parameter("beta", Shape.vector(4));
        for (int side : new int[] {64, 56}) { // held in 70 and in 54 KiB; every kernel may have 48
            Value x = g.input("x" + side, new Shape(1, side, side, 4), DType.F32);
            g.output(g.in("norm" + side, () -> g.groupNorm(x, gamma, beta, 1, 1e-5f, false)));
        }
        try (Executable e = device.load(device.plan(g.build()))) {
            e.run();
            assertDoesNotThrow(e::await);
        }
    }

    // ---- memory ----------------------------------------------------------------------------------------------------------------

    @Test
    void saysWhatIsFreeAndWhichBatchWouldFit() {
        device.use();
        long free = Driver.memory("test")[0];
        int images = (int) (free / (1 << 20));
        Plan plan = device.plan(twice(new Shape(images, 64, 64, 64))); // an image's values are 2 MiB
        String message = assertThrows(IllegalArgumentException.class, () -> device.load(plan)).getMessage();
        assertTrue(message.contains(OutOfMemory.bytes(free)) && message.contains(OutOfMemory.bytes(plan.totalBytes())), message);
        assertEquals(free, Driver.memory("test")[0], "nothing was allocated");
        int fits = Integer.parseInt(message.replaceAll("(?s).*a batch of (\\d+) instead of " + images + " would fit.*", "$1"));
        assertTrue(device.plan(twice(new Shape(fits, 64, 64, 64))).totalBytes() + OutOfMemory.RESERVE <= free, message);
        assertTrue(device.plan(twice(new Shape(fits + 2, 64, 64, 64))).totalBytes() + OutOfMemory.RESERVE > free, message);
    }

    @Test
    void saysWhereNoBatchWouldFit() {
        GraphBuilder g = new GraphBuilder();
        List<Value> large = new ArrayList<>();
        device.use();
        for (long bytes = 0; bytes < 2 * Driver.memory("test")[0]; bytes += 4L << 30) {
            large.add(g.parameter("p" + large.size(), new Shape(1 << 15, 1, 1, 1 << 15)));
        }
        g.output(g.in("sum", () -> g.add(large.get(0), large.get(1))));
        String message = assertThrows(IllegalArgumentException.class, () -> device.load(device.plan(g.build()))).getMessage();
        assertTrue(message.contains("smaller model"), message);
    }

    /** As where free memory is in pieces, or another process was quicker. */
    @Test
    void saysSoWhereTheDriverRefusesWhatSeemedToFit() {
        device.use();
        Plan plan = device.plan(twice(new Shape(4, 64, 64, 64)));
        device.load(plan).close(); // whatever the driver keeps after the first time
        long free = Driver.memory("test")[0];
        String message = Emulated.with("SIROCCO_EMULATED_LARGEST", plan.totalBytes() - 1,
                () -> assertThrows(IllegalArgumentException.class, () -> device.load(plan)).getMessage());
        for (String part : List.of(OutOfMemory.bytes(plan.totalBytes()), OutOfMemory.bytes(free), "in pieces", "smaller than 4", "cuMemAlloc", "CUDA_ERROR_OUT_OF_MEMORY")) {
            assertTrue(message.contains(part), message);
        }
        assertEquals(free, Driver.memory("test")[0], "nothing was kept");
        device.load(plan).close();
    }

    @Test
    void closingGivesEverythingBack() {
        device.use();
        Plan plan = device.plan(twice(new Shape(4, 64, 64, 64)));
        device.load(plan).close(); // whatever the driver keeps after the first time
        long free = Driver.memory("test")[0];
        Executable e = device.load(plan);
        assertTrue(Driver.memory("test")[0] <= free - plan.totalBytes());
        e.close();
        e.close();
        assertEquals(free, Driver.memory("test")[0]);
        assertTrue(assertThrows(IllegalStateException.class, () -> e.run()).getMessage().contains("closed"));
    }

    @Test
    void refusesMoreElementsThanKernelsCount() {
        Graph graph = twice(new Shape(1 << 20, 64, 64, 1));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> device.plan(graph)).getMessage().contains("smaller batch"));
    }

    private static Graph twice(Shape shape) {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", shape, DType.F32);
        g.output(g.in("twice", () -> g.add(x, x)));
        return g.build();
    }

    // ---- errors ----------------------------------------------------------------------------------------------------------------

    @Test
    void anErrorNamesTheStepTheCallTheCodeAndItsText() {
        device.use();
        CudaException missing = assertThrows(CudaException.class, () -> device.function("Add \"up.0\"", Launch.threads("no_such_kernel", 1)));
        assertEquals(500, missing.code());
        for (String part : List.of("Add \"up.0\"", "cuModuleGetFunction(no_such_kernel)", "500", "CUDA_ERROR_NOT_FOUND")) {
            assertTrue(missing.getMessage().contains(part), missing.getMessage());
        }
    }

    /** Both lie in one allocation, as values of a plan do. */
    @Test
    void aKernelThatReachesIntoItsNeighbourIsAnError() {
        assumeTrue(Emulated.checked(), "this driver does not check every access; run with -Dsirocco.cuda.emulated=emulated-checked");
        device.use();
        DeviceMemory both = Driver.allocate("test", 512);
        try {
            Runnable before = device.operands().before("Add \"up.0\"", List.of(new DeviceBuffer(both.address(), 256)));
            Launch within = Launch.threads("selftest_increment", 1, both.address(), 1f, 64).withBlock(64);
            Launch beyond = Launch.threads("selftest_increment", 1, both.address() + 4, 1f, 64).withBlock(64);
            new BoundLaunch(device, "Add \"up.0\"", device.function("test", within), within, before).run(false);
            BoundLaunch faulty = new BoundLaunch(device, "Add \"up.0\"", device.function("test", beyond), beyond, before);
            CUgraph graph = Driver.capture("test", device.stream(), () -> faulty.run(false));
            CUgraphExec replay = Driver.instantiate("test", graph);
            for (Runnable run : List.<Runnable>of(() -> faulty.run(false), () -> Driver.launch("test", replay, device.stream()))) {
                String message = assertThrows(CudaException.class, () -> run.run()).getMessage();
                assertTrue(message.contains("0 bytes beyond the end of the operand of 256 bytes"), message);
            }
            Driver.destroy("test", replay);
            Driver.destroy("test", graph);
        } finally {
            Driver.free("test", both);
        }
    }

    /** The device finds it, and the host hears of it when it next waits; the run itself does not. */
    @Test
    void aCursorBeyondTheTableIsAnErrorNamingTheStep() {
        GraphBuilder g = new GraphBuilder();
        Value table = g.input("table", new Shape(3, 1, 1, 12), DType.F32);
        Value cursor = g.state("cursor", Shape.vector(1), DType.I32);
        Value t = g.output(g.in("chain", () -> g.chainTimestep(table, cursor, 2)));
        try (Executable e = device.load(device.plan(g.build()))) {
            e.write(cursor, new int[] {3});
            assertDoesNotThrow(() -> e.run());
            String message = assertThrows(IllegalStateException.class, e::await).getMessage();
            assertTrue(message.contains("\"chain\"") && message.contains("cursor 3") && message.contains("0 to 2"), message);
            e.run();
            assertThrows(IllegalStateException.class, () -> e.read(t, new float[2]));
            e.write(cursor, new int[] {2});
            e.run();
            e.await();
        }
    }

    /** Ids that pass through other steps are found by the host too, so that a run need not wait for the device. */
    @Test
    void aRepeatedIdThatIsNoRowIsRefusedByTheRun() {
        GraphBuilder g = new GraphBuilder();
        Value ids = g.input("ids", Shape.features(2, 1), DType.I32);
        Value table = g.parameter("table", new Shape(5, 1, 1, 20));
        Value y = g.output(g.in("embedding", () -> g.embedding(g.repeat(ids), table)));
        try (Executable e = device.load(device.plan(g.build()))) {
            e.write(ids, new int[] {4, 5});
            String message = assertThrows(IllegalStateException.class, () -> e.run()).getMessage();
            assertTrue(message.contains("\"embedding\"") && message.contains("id 5") && message.contains("image 1"), message);
            e.write(ids, new int[] {4, 0});
            e.run();
            e.read(y, new float[80]);
        }
    }

    // ---- running ---------------------------------------------------------------------------------------------------------------

    /** What is written between runs reaches them in order, though no run waits for the last. */
    @Test
    void writesAndRunsKeepTheirOrder() {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", new Shape(1, 1, 1, 5), DType.F32);
        Value sum = g.state("sum", new Shape(5, 1, 1, 1), DType.F32);
        g.in("accumulate", () -> g.record(new Convolution.Conv2dBackwardWeights(one(g), x, Window.same(1), sum, Optional.empty()), null));
        try (Executable e = device.load(device.plan(g.build()))) {
            e.write(g.build().find("one"), new float[] {1});
            float[] expected = new float[5];
            for (int run = 1; run <= 10; run++) {
                float[] data = {run, 2 * run, 3 * run, 4 * run, 5 * run};
                e.write(x, data);
                e.run();
                for (int i = 0; i < 5; i++) {
                    expected[i] += data[i];
                }
            }
            float[] actual = new float[5];
            e.read(sum, actual);
            assertArrayEquals(expected, actual);
        }
    }

    private static Value one(GraphBuilder g) {
        return g.input("one", Shape.vector(1), DType.F32);
    }

    /** Larger than the staging memory, so that chunks take turns. */
    @Test
    void largeValuesComeThroughWhole() {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", new Shape(5, 1024, 1024, 1), DType.F32);
        Value y = g.output(g.in("twice", () -> g.add(x, x)));
        try (Executable e = device.load(device.plan(g.build()))) {
            float[] data = new float[(int) x.shape().elements()];
            for (int i = 0; i < data.length; i++) {
                data[i] = i % 1_000_003;
            }
            e.write(x, data);
            e.run();
            float[] result = new float[data.length];
            e.read(y, result);
            for (int i = 0; i < data.length; i++) {
                assertEquals(2 * data[i], result[i]);
            }
        }
    }
}
