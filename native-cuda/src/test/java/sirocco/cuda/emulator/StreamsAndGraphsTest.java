package sirocco.cuda.emulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Memory, streams, events and captured graphs, where a driver has rules that a test on a GPU would meet. */
class StreamsAndGraphsTest {
    private static final int RELAXED = 2;
    private static final int GLOBAL = 0;

    private Harness h;
    private MemorySegment stream;

    @BeforeEach
    void open() {
        h = new Harness();
        stream = h.handle("cuStreamCreate", 1);
    }

    @AfterEach
    void close() {
        if (h != null) {
            h.call("cuStreamDestroy_v2", stream);
            h.close();
        }
    }

    private int increment(MemorySegment on, long y, float by) {
        return h.launchOn(on, "selftest_increment", new int[] {1, 1, 1}, 64, 0, y, by, 1);
    }

    private MemorySegment executable(MemorySegment graph) {
        return h.handle("cuGraphInstantiateWithFlags", graph, 0L);
    }

    @Test
    void aGraphRepeatsWhatWasCaptured() {
        long y = h.upload(1f);
        h.ok("cuStreamBeginCapture_v2", stream, RELAXED);
        assertEquals(0, increment(stream, y, 2));
        h.ok("cuMemcpyDtoDAsync_v2", y, y, 4L, stream);
        MemorySegment graph = h.captured(stream);
        assertArrayEquals(new float[] {1}, h.floats(y, 1), "capturing does nothing");
        MemorySegment exec = executable(graph);
        h.ok("cuGraphDestroy", graph);
        for (int i = 0; i < 3; i++) {
            h.ok("cuGraphLaunch", exec, stream);
        }
        h.ok("cuStreamSynchronize", stream);
        assertArrayEquals(new float[] {7}, h.floats(y, 1));
        h.ok("cuGraphExecDestroy", exec);
        assertEquals(400, h.call("cuGraphLaunch", exec, stream), "destroyed");
    }

    @Test
    void twoStreamsForkAndJoin() {
        MemorySegment side = h.handle("cuStreamCreate", 1);
        MemorySegment fork = h.handle("cuEventCreate", 0);
        MemorySegment join = h.handle("cuEventCreate", 0);
        long y = h.upload(0f);
        long z = h.upload(0f);
        h.ok("cuStreamBeginCapture_v2", stream, RELAXED);
        increment(stream, y, 1);
        h.ok("cuEventRecord", fork, stream);
        h.ok("cuStreamWaitEvent", side, fork, 0);
        h.ok("cuMemcpyDtoDAsync_v2", z, y, 4L, side);
        h.ok("cuEventRecord", join, side);
        h.ok("cuStreamWaitEvent", stream, join, 0);
        increment(stream, y, 1);
        MemorySegment exec = executable(h.captured(stream));
        for (int i = 0; i < 5; i++) {
            h.ok("cuGraphLaunch", exec, stream);
        }
        assertArrayEquals(new float[] {10}, h.floats(y, 1));
        assertArrayEquals(new float[] {9}, h.floats(z, 1));
        h.ok("cuStreamDestroy_v2", side);
    }

    @Test
    void workThatIsNotJoinedEndsACapture() {
        MemorySegment side = h.handle("cuStreamCreate", 1);
        MemorySegment fork = h.handle("cuEventCreate", 0);
        long y = h.upload(0f);
        h.ok("cuStreamBeginCapture_v2", stream, RELAXED);
        h.ok("cuEventRecord", fork, stream);
        h.ok("cuStreamWaitEvent", side, fork, 0);
        increment(side, y, 1);
        assertEquals(Harness.CAPTURE_UNJOINED, h.call("cuStreamEndCapture", stream, h.arena.allocate(ValueLayout.ADDRESS)));
    }

    @Test
    void aCaptureForbidsWaitingAndAllocating() {
        h.ok("cuStreamBeginCapture_v2", stream, GLOBAL);
        assertEquals(Harness.CAPTURE_UNSUPPORTED, h.call("cuStreamSynchronize", stream));
        assertEquals(Harness.CAPTURE_UNSUPPORTED, h.call("cuMemAlloc_v2", h.arena.allocate(8), 64L));
        assertEquals(901, h.call("cuStreamEndCapture", stream, h.arena.allocate(ValueLayout.ADDRESS)));
        h.ok("cuStreamSynchronize", stream);
    }

    /** Streams that work as late as they can: events order them, and page-locked memory is read when the copy is done. */
    @Test
    void lateStreamsKeepToTheirEventsAndShowWhatWasNotWaitedFor() {
        MemorySegment side = h.handle("cuStreamCreate", 1);
        MemorySegment arrived = h.handle("cuEventCreate", 2);
        MemorySegment pinned = h.handle("cuMemHostAlloc", 4L, 0).reinterpret(4);
        long y = h.upload(0f);
        h.ok("cuEmulatedLate", 1);
        try {
            for (int i = 0; i < 20; i++) {
                pinned.set(ValueLayout.JAVA_FLOAT, 0, i);
                h.ok("cuMemcpyHtoDAsync_v2", y, pinned, 4L, side);
                h.ok("cuEventRecord", arrived, side);
                h.ok("cuStreamWaitEvent", stream, arrived, 0);
                increment(stream, y, 1);
                assertEquals(600, h.call("cuEventQuery", arrived), "not ready");
                assertEquals(600, h.call("cuStreamQuery", stream));
                h.ok("cuStreamSynchronize", stream);
                h.ok("cuEventQuery", arrived);
                assertArrayEquals(new float[] {i + 1}, h.floats(y, 1));
            }
            pinned.set(ValueLayout.JAVA_FLOAT, 0, 5);
            h.ok("cuMemcpyHtoDAsync_v2", y, pinned, 4L, stream);
            pinned.set(ValueLayout.JAVA_FLOAT, 0, 6); // too early
            h.ok("cuStreamSynchronize", stream);
            assertArrayEquals(new float[] {6}, h.floats(y, 1));
            h.ok("cuStreamWaitEvent", stream, h.handle("cuEventCreate", 2), 0); // never recorded: nothing to wait for
            h.ok("cuStreamSynchronize", stream);
        } finally {
            h.ok("cuEmulatedLate", 0);
            h.ok("cuStreamDestroy_v2", side);
            h.ok("cuMemFreeHost", pinned);
        }
    }

    @Test
    void memoryEnds() {
        MemorySegment free = h.arena.allocate(8);
        MemorySegment total = h.arena.allocate(8);
        h.ok("cuMemGetInfo_v2", free, total);
        long left = free.get(ValueLayout.JAVA_LONG, 0);
        assertEquals(Harness.OUT_OF_MEMORY, h.call("cuMemAlloc_v2", h.arena.allocate(8), left + 1));
        long at = h.allocate(1000);
        h.ok("cuMemGetInfo_v2", free, total);
        assertEquals(left - 1000, free.get(ValueLayout.JAVA_LONG, 0));
        assertTrue(Float.isNaN(h.floats(at, 1)[0]), "fresh memory holds NaNs");
        assertEquals(Harness.INVALID_VALUE, h.call("cuMemsetD32Async", at, 0, 251L, stream), "beyond the end");
        h.ok("cuMemFree_v2", at);
        assertEquals(Harness.INVALID_VALUE, h.call("cuMemFree_v2", at), "twice");
    }

    @Test
    void whatIsMissingSaysSo() {
        MemorySegment out = h.arena.allocate(8);
        MemorySegment module = h.handle("cuModuleLoadData", h.arena.allocateFrom("none"));
        assertEquals(Harness.NOT_FOUND, h.call("cuModuleGetFunction", out, module, h.arena.allocateFrom("no_such_kernel")));
        assertTrue(h.text(Harness.NOT_FOUND).endsWith("no kernel is called no_such_kernel"));
        assertEquals(Harness.NOT_SUPPORTED, h.call("cuTexObjectCreate", out, out, out, out));
        assertTrue(h.text(Harness.NOT_SUPPORTED).endsWith("cuTexObjectCreate is not emulated"));
    }
}
