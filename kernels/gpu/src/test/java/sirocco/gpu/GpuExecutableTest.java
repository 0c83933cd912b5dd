package sirocco.gpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import sirocco.api.DType;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.MemoryPlanner;
import sirocco.api.Shape;
import sirocco.api.Value;

/** The state and the checks that all GPU backends share, on a device that only records calls. */
class GpuExecutableTest {
    private final GraphBuilder g = new GraphBuilder();
    private final Value x = g.input("x", Shape.features(2, 3), DType.F32);
    private final Value y = g.silu(x);
    private final Graph graph;
    private final List<String> calls = new ArrayList<>();
    private long report;

    GpuExecutableTest() {
        g.output(y);
        graph = g.build();
    }

    /** @param scratchBytes of the kernel */
    private record Planned(long scratchBytes, String algorithm, IntFunction<String> fault) implements PlannedKernel { }

    private final class Recorder extends GpuExecutable {
        private static final List<Planned> KERNELS = List.of(new Planned(128, "by hand", FaultMessages.UNKNOWN));

        Recorder() {
            super("recorder", MemoryPlanner.plan(graph, new KernelSizes(KERNELS, v -> v.shape().elements() * 4, 1000)), KERNELS);
        }

        @Override
        protected void prepare() {
            calls.add("prepare");
        }

        @Override
        protected void launch(int phase) {
            calls.add("launch");
        }

        @Override
        protected void runSteps(StepTimes times) {
            times.ran(0, 42);
        }

        @Override
        protected void synchronize() {
            calls.add("synchronize");
        }

        @Override
        protected long takeReport() {
            long taken = report;
            report = 0;
            return taken;
        }

        @Override
        protected void upload(Value v, long first, MemorySegment data) {
            calls.add("upload " + v.name() + " " + first + " " + data.byteSize());
        }

        @Override
        protected void download(Value v, float[] data) {
            data[0] = 7;
        }

        @Override
        protected void download(Value v, int[] data) {
            data[0] = 7;
        }

        @Override
        protected void release() {
            calls.add("release");
        }
    }

    @Test
    void runsAreClosedOnce() {
        Recorder e = new Recorder();
        e.write(x, new float[6]);
        e.run();
        e.await();
        e.close();
        e.close();
        assertEquals(List.of("upload x 0 24", "prepare", "launch", "synchronize", "release"), calls);
        for (Runnable call : List.<Runnable>of(e::run, e::await, () -> e.write(x, new float[6]), () -> e.read(y, new float[6]))) {
            assertEquals("recorder: this executable is closed", assertThrows(IllegalStateException.class, call::run).getMessage());
        }
    }

    @Test
    void hostArraysAreChecked() {
        Recorder e = new Recorder();
        assertThrows(IllegalArgumentException.class, () -> e.write(x, new float[5]));
        assertThrows(IllegalArgumentException.class, () -> e.write(x, new int[6]));
        assertThrows(IllegalArgumentException.class, () -> e.read(y, new int[6]));
        assertTrue(calls.isEmpty(), calls::toString);
        float[] data = new float[6];
        e.read(y, data);
        assertArrayEquals(new float[] {7, 0, 0, 0, 0, 0}, data);
    }

    @Test
    void badDataIsThrownOnceWithTheStep() {
        Recorder e = new Recorder();
        report = 1L << 32 | 0xFFFFFFFBL;
        String message = assertThrows(IllegalStateException.class, e::await).getMessage();
        assertTrue(message.contains("Silu") && message.endsWith("a kernel reported -5"), message);
        e.await();
    }

    @Test
    void tracesNameTheKernel() {
        Recorder e = new Recorder();
        e.trace(_ -> true, t -> {
            assertEquals(42, t.nanos());
            assertEquals("by hand", t.algorithm());
            assertEquals(List.of(y), t.written().stream().map(s -> s.value()).toList());
        });
        assertEquals(128, e.plan().scratchBytes()[0]);
        assertEquals(List.of("prepare", "synchronize"), calls);
    }

    @Test
    void valuesThatIntegersCannotIndexAreRefused() {
        ElementCounts.check("recorder", graph, 6, _ -> false);
        String message = assertThrows(IllegalArgumentException.class, () -> ElementCounts.check("recorder", graph, 5, v -> v == x)).getMessage();
        assertTrue(message.startsWith("recorder: ") && message.contains("(expected at most 5, got 6)"), message);
        ElementCounts.check("recorder", graph, 5, _ -> true);
    }
}
