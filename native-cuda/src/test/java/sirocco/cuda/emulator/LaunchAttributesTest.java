package sirocco.cuda.emulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** cuLaunchKernelEx, and kernels that are launched to overlap with the one before (programmatic dependent launch). */
class LaunchAttributesTest {
    private static final int RELAXED = 2;
    private static final int PRIORITY = 8;
    private static final int PROGRAMMATIC = 6;

    private Harness h;
    private MemorySegment stream;
    private long x;

    @BeforeEach
    void open() {
        h = new Harness();
        stream = h.handle("cuStreamCreate", 1);
        float[] ones = new float[64];
        Arrays.fill(ones, 1);
        x = h.upload(ones);
    }

    @AfterEach
    void close() {
        if (h != null) {
            h.call("cuStreamDestroy_v2", stream);
            h.close();
        }
    }

    private int overlapping(String kernel) {
        return h.launchWith(PROGRAMMATIC, 1, stream, kernel, 1, 64, x);
    }

    private void holds(float each) {
        float[] expected = new float[64];
        Arrays.fill(expected, each);
        assertArrayEquals(expected, h.floats(x, 64));
    }

    private void fails(String kernel, String message) {
        assertEquals(Harness.LAUNCH_FAILED, overlapping(kernel), kernel);
        assertTrue(h.text(Harness.LAUNCH_FAILED).contains(message), h.text(Harness.LAUNCH_FAILED));
    }

    @Test
    void aKernelThatWaitsForTheOneBefore() {
        assertEquals(0, overlapping("selftest_doubles_in_turn"), h.text(Harness.LAUNCH_FAILED));
        assertEquals(0, overlapping("selftest_doubles_in_turn"));
        holds(4);
    }

    @Test
    void aKernelThatForgetsToWait() {
        fails("selftest_forgets_turn", h.checked() ? "reads global memory before it has waited" : "ends and has not waited for the kernel before");
        assertEquals(0, h.launchOn(stream, "selftest_forgets_turn", new int[] {1, 1, 1}, 64, 0, x), "which it need not if nobody asks it to overlap");
        assertEquals(0, h.launchWith(PROGRAMMATIC, 0, stream, "selftest_forgets_turn", 1, 64, x), "the attribute says no");
    }

    @Test
    void threadsThatForgetToWait() {
        fails("selftest_half_takes_turn", "ends and has not waited for the kernel before");
    }

    /** Other accesses than copies are seen by the build that checks each. */
    @Test
    void whatIsReadTooEarly() {
        fails("selftest_copies_before_turn", "reads global memory before it has waited");
        if (h.checked()) {
            fails("selftest_reads_before_turn", "reads global memory before it has waited");
        }
    }

    @Test
    void aCaptureMakesProgrammaticEdges() {
        h.ok("cuStreamBeginCapture_v2", stream, RELAXED);
        for (int i = 0; i < 3; i++) {
            assertEquals(0, overlapping("selftest_doubles_in_turn"));
        }
        assertEquals(0, h.launchOn(stream, "selftest_doubles_in_turn", new int[] {1, 1, 1}, 64, 0, x));
        MemorySegment graph = h.captured(stream);
        assertArrayEquals(new int[] {0, Harness.LOSSY_QUERY, Harness.LOSSY_QUERY, 0}, dependencies(graph, 4), "the first has none, the last is plain");
        MemorySegment exec = h.handle("cuGraphInstantiateWithFlags", graph, 0L);
        h.ok("cuGraphLaunch", exec, stream);
        h.ok("cuStreamSynchronize", stream);
        holds(16);
        h.ok("cuGraphExecDestroy", exec);
        MemorySegment clone = h.handle("cuGraphClone", graph);
        assertArrayEquals(dependencies(graph, 4), dependencies(clone, 4));
        h.ok("cuGraphDestroy", clone);
        h.ok("cuGraphDestroy", graph);
    }

    @Test
    void edgesFromOtherNodesStayPlain() {
        h.ok("cuStreamBeginCapture_v2", stream, RELAXED);
        h.ok("cuMemcpyDtoDAsync_v2", x, x, 4L, stream);
        assertEquals(0, overlapping("selftest_doubles_in_turn"));
        MemorySegment graph = h.captured(stream);
        assertArrayEquals(new int[] {0, 0}, dependencies(graph, 2));
        h.ok("cuGraphDestroy", graph);
    }

    /** What asking for each node's dependencies gives, without room for data of edges. */
    private int[] dependencies(MemorySegment graph, int nodes) {
        MemorySegment all = h.arena.allocate(ValueLayout.ADDRESS, nodes);
        MemorySegment count = h.arena.allocateFrom(ValueLayout.JAVA_LONG, nodes);
        h.ok("cuGraphGetNodes", graph, all, count);
        assertEquals(nodes, count.get(ValueLayout.JAVA_LONG, 0));
        int[] codes = new int[nodes];
        for (int i = 0; i < nodes; i++) {
            codes[i] = h.call("cuGraphNodeGetDependencies", all.getAtIndex(ValueLayout.ADDRESS, i), MemorySegment.NULL, count);
        }
        return codes;
    }

    @Test
    void attributesThatADriverRefuses() {
        int clusters = 4;
        int ofStreamsOnly = 3;
        assertEquals(0, h.launchWith(PRIORITY, 1, stream, "selftest_forgets_turn", 1, 64, x), "says nothing of what is computed");
        assertEquals(Harness.NOT_SUPPORTED, h.launchWith(clusters, 2, stream, "selftest_forgets_turn", 1, 64, x));
        assertTrue(h.text(Harness.NOT_SUPPORTED).contains("launch attribute 4 is not emulated"), h.text(Harness.NOT_SUPPORTED));
        assertEquals(Harness.INVALID_VALUE, h.launchWith(ofStreamsOnly, 1, stream, "selftest_forgets_turn", 1, 64, x));
        assertEquals(Harness.INVALID_VALUE, h.launchWith(1000, 1, stream, "selftest_forgets_turn", 1, 64, x));
        assertTrue(h.text(Harness.INVALID_VALUE).contains("no attribute 1000"), h.text(Harness.INVALID_VALUE));
        assertEquals(Harness.INVALID_VALUE, h.launchWith(PROGRAMMATIC, 1, stream, "selftest_doubles_in_turn", 1, 65, x), "checked as any launch is");
        holds(2);
    }
}
