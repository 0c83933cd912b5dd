package sirocco.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import jcuda.Pointer;
import jcuda.driver.CUdevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import sirocco.api.DType;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.Optimizer;
import sirocco.api.Settings;
import sirocco.api.Shape;
import sirocco.api.Step;
import sirocco.api.Value;
import sirocco.cuda.driver.DeviceMemory;
import sirocco.cuda.driver.Driver;
import sirocco.cuda.driver.DriverLibrary;
import sirocco.cuda.driver.ForeignDriver;
import sirocco.cuda.driver.StreamHandle;
import sirocco.gpu.DeviceBuffer;
import sirocco.gpu.ExternalKernels;
import sirocco.gpu.ExternalStream;
import sirocco.gpu.FaultMessages;
import sirocco.gpu.PlannedKernel;
import sirocco.gpu.StepBuffers;
import sirocco.testkit.OpCase;
import sirocco.testkit.Tolerance;

/** The kernels as a service, on a context, a stream and memory that this test owns. */
class ExternalKernelsTest {
    private static final String WHAT = "test";
    private static final int SLOT = 256;
    private static final int CODE = 5;

    private CUdevice device;
    private StreamHandle stream;
    /** A slot for each value by its id; the last is the report's. */
    private DeviceMemory memory;
    private ExternalKernels kernels;
    private Function<Step, PlannedKernel> planner;
    private ExternalStream external;

    @BeforeEach
    void open() {
        Emulated.backend();
        kernels = ExternalKernels.of("cuda").orElseThrow();
        assertTrue(kernels.probe(0).available(), () -> kernels.probe(0).toString());
        device = Driver.device(WHAT, 0);
        Driver.retainContext(WHAT, device);
        stream = Driver.stream(WHAT);
        memory = Driver.allocate(WHAT, 8 * SLOT);
        Driver.zero(WHAT, memory, 8 * SLOT, stream);
        planner = kernels.planner(0, "test", Settings.DEFAULT);
        external = kernels.attach(WHAT, 0, new ForeignDriver(DriverLibrary.open().orElseThrow()).context(WHAT), stream.address());
    }

    @AfterEach
    void close() {
        if (external != null) {
            Driver.synchronize(WHAT, stream);
            external.close();
            Driver.free(WHAT, memory);
            Driver.destroy(WHAT, stream);
            Driver.releaseContext(WHAT, device);
        }
    }

    private DeviceBuffer buffer(Value v) {
        return new DeviceBuffer(memory.at((long) SLOT * v.id()).address(), v.shape().elements() * v.dtype().bytes());
    }

    private StepBuffers buffers(Function<Value, DeviceBuffer> values) {
        return new StepBuffers(values, new DeviceBuffer(memory.at(6 * SLOT).address(), SLOT), memory.at(7 * SLOT).address(), CODE);
    }

    private void write(Value v, Pointer data) {
        Driver.upload(WHAT, memory.at((long) SLOT * v.id()), data, v.shape().elements() * v.dtype().bytes(), stream);
        Driver.synchronize(WHAT, stream);
    }

    private float[] floats(Value v) {
        float[] data = new float[(int) v.shape().elements()];
        Driver.download(WHAT, Pointer.to(data), memory.at((long) SLOT * v.id()), (long) Float.BYTES * data.length, stream);
        Driver.synchronize(WHAT, stream);
        return data;
    }

    @Test
    void aDeviceThatIsNotThereHasNoKernels() {
        assertFalse(kernels.probe(99).available());
    }

    @Test
    void aStepRunsOnItsStreamAsOftenAsItIsLaunched() {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", Shape.features(5, 3), DType.F32);
        Value y = g.silu(x);
        g.output(y);
        Step step = g.build().steps().getFirst();
        Runnable launch = external.bind(step.toString(), planner.apply(step), buffers(this::buffer));
        for (float scale : new float[] {1, -0.25f}) {
            float[] data = new float[15];
            IntStream.range(0, data.length).forEach(i -> data[i] = scale * (i - 7));
            write(x, Pointer.to(data));
            launch.run();
            float[] expected = new float[data.length];
            IntStream.range(0, data.length).forEach(i -> expected[i] = (float) (data[i] / (1 + Math.exp(-data[i]))));
            assertArrayEquals(expected, floats(y), 1e-6f);
        }
    }

    @Test
    void badDataIsReportedWithTheStepsCode() {
        GraphBuilder g = new GraphBuilder();
        Value ids = g.input("ids", Shape.features(2, 1), DType.I32);
        g.output(g.embedding(ids, g.parameter("table", Shape.features(3, 4))));
        Step step = g.build().steps().getFirst();
        PlannedKernel kernel = planner.apply(step);
        write(ids, Pointer.to(new int[] {2, 7}));
        external.bind(step.toString(), kernel, buffers(this::buffer)).run();
        int[] report = new int[2];
        Driver.download(WHAT, Pointer.to(report), memory.at(7 * SLOT), Long.BYTES, stream);
        Driver.synchronize(WHAT, stream);
        assertArrayEquals(new int[] {7, CODE}, report);
        assertEquals("id 7 is not a row of the table, expected 0 to 2", kernel.fault().apply(7));
    }

    @Test
    void tablesOfPointersAreUploaded() {
        OpCase one = OpCase.of("GradientNorm", c -> {
            Value norm = c.temporary("norm", Shape.vector(1));
            c.op(new Optimizer.GradientNorm(List.of(c.parameter("a", Shape.vector(3)), c.parameter("b", Shape.vector(4))), norm));
            c.result(norm, Tolerance.EXACT);
        });
        Step step = one.graph().steps().getFirst();
        Optimizer.GradientNorm op = (Optimizer.GradientNorm) step.op();
        List<Value> gradients = op.gradients();
        write(gradients.getFirst(), Pointer.to(new float[] {1, 2, 4}));
        write(gradients.getLast(), Pointer.to(new float[] {2, 4, 6, 2}));
        external.bind(step.toString(), planner.apply(step), buffers(this::buffer)).run();
        assertArrayEquals(new float[] {9}, floats(op.norm()));
    }

    @Test
    void whatItCannotBindIsAnError() {
        GraphBuilder g = new GraphBuilder();
        g.output(g.silu(g.input("x", Shape.features(2, 2), DType.F32)));
        Graph graph = g.build();
        Step step = graph.steps().getFirst();
        PlannedKernel kernel = planner.apply(step);
        List<String> messages = new ArrayList<>();
        for (PlannedKernel k : List.of(kernel, new Other())) {
            messages.add(assertThrows(IllegalArgumentException.class, () -> external.bind("Silu", k,
                    buffers(v -> new DeviceBuffer(buffer(v).address() + 4, buffer(v).bytes())))).getMessage());
        }
        assertTrue(messages.getFirst().contains("Silu: an operand of 16 bytes is not aligned (expected a multiple of 16"), messages::toString);
        assertTrue(messages.getLast().contains("Silu: the kernel is of another service"), messages::toString);
    }

    private record Other() implements PlannedKernel {
        @Override
        public long scratchBytes() {
            return 0;
        }

        @Override
        public String algorithm() {
            return "";
        }

        @Override
        public IntFunction<String> fault() {
            return FaultMessages.UNKNOWN;
        }
    }
}
