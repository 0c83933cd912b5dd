package sirocco.cuda.emulator;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Graphs that repeat a part of themselves, and the rules that a driver has for them. */
class ConditionalNodesTest {
    private static final int RELAXED = 2;
    private static final int ASSIGN_DEFAULT = 1;

    private Harness h;
    private MemorySegment stream;
    private MemorySegment graph;
    private MemorySegment context;

    @BeforeEach
    void open() {
        h = new Harness();
        stream = h.handle("cuStreamCreate", 1);
        graph = h.handle("cuGraphCreate", 0);
        context = h.handle("cuCtxGetCurrent");
    }

    @AfterEach
    void close() {
        if (h != null) {
            h.call("cuGraphDestroy", graph);
            h.call("cuStreamDestroy_v2", stream);
            h.close();
        }
    }

    private MemorySegment conditional(int launchValue, int flags) {
        return h.handle("cuGraphConditionalHandleCreate", graph, context, launchValue, flags);
    }

    private MemorySegment parameters(MemorySegment conditional) {
        MemorySegment p = h.arena.allocate(256, 8);
        p.set(JAVA_INT, 0, 13);
        p.set(ADDRESS, 16, conditional);
        p.set(JAVA_INT, 24, 1);
        p.set(JAVA_INT, 28, 1);
        p.set(ADDRESS, 40, context);
        return p;
    }

    private int add(MemorySegment parameters) {
        return h.call("cuGraphAddNode_v2", h.arena.allocate(ADDRESS), graph, MemorySegment.NULL, MemorySegment.NULL, 0L, parameters);
    }

    private MemorySegment body(MemorySegment conditional) {
        MemorySegment p = parameters(conditional);
        assertEquals(0, add(p));
        return p.get(ADDRESS, 32).reinterpret(8).get(ADDRESS, 0);
    }

    /** Captures: y += 1, and the count of what is left. */
    private void capture(MemorySegment body, MemorySegment conditional, long y, long left) {
        h.ok("cuStreamBeginCaptureToGraph", stream, body, MemorySegment.NULL, MemorySegment.NULL, 0L, RELAXED);
        int[] one = {1, 1, 1};
        assertEquals(0, h.launchOn(stream, "selftest_increment", one, 64, 0, y, 1f, 1));
        assertEquals(0, h.launchOn(stream, "loop_end", one, 1, 0, conditional.address(), left));
        assertEquals(body, h.captured(stream));
    }

    private MemorySegment executable() {
        return h.handle("cuGraphInstantiateWithFlags", graph, 0L);
    }

    @Test
    void theBodyIsRepeatedUntilItsKernelSaysEnough() {
        long y = h.upload(0f);
        long left = h.upload(5);
        MemorySegment conditional = conditional(1, ASSIGN_DEFAULT);
        capture(body(conditional), conditional, y, left);
        MemorySegment exec = executable();
        assertArrayEquals(new float[] {0}, h.floats(y, 1));
        h.ok("cuGraphLaunch", exec, stream);
        assertArrayEquals(new float[] {5}, h.floats(y, 1));
        assertArrayEquals(new int[] {0}, h.ints(left, 1));
        h.ok("cuGraphLaunch", exec, stream);
        assertArrayEquals(new float[] {6}, h.floats(y, 1), "the launch value lets it in once, and then there is nothing left");
        h.ok("cuMemsetD32Async", left, 3, 1L, stream);
        h.ok("cuGraphLaunch", exec, stream);
        assertArrayEquals(new float[] {9}, h.floats(y, 1));
        h.ok("cuGraphExecDestroy", exec);
    }

    @Test
    void aLaunchValueOf0PassesTheBodyBy() {
        long y = h.upload(0f);
        MemorySegment conditional = conditional(0, ASSIGN_DEFAULT);
        capture(body(conditional), conditional, y, h.upload(5));
        MemorySegment exec = executable();
        h.ok("cuGraphLaunch", exec, stream);
        assertArrayEquals(new float[] {0}, h.floats(y, 1));
        h.ok("cuGraphExecDestroy", exec);
    }

    /** The default is set at a launch only if that was asked for. */
    @Test
    void withoutTheFlagTheLastValueStays() {
        long y = h.upload(0f);
        MemorySegment conditional = conditional(1, 0);
        capture(body(conditional), conditional, y, h.upload(5));
        MemorySegment exec = executable();
        h.ok("cuGraphLaunch", exec, stream);
        assertArrayEquals(new float[] {0}, h.floats(y, 1));
        h.ok("cuGraphExecDestroy", exec);
    }

    @Test
    void aLoopWithoutAnEndIsFound() {
        MemorySegment conditional = conditional(1, ASSIGN_DEFAULT);
        body(conditional);
        MemorySegment exec = executable();
        assertEquals(Harness.LAUNCH_TIMEOUT, h.call("cuGraphLaunch", exec, stream));
        assertTrue(h.text(Harness.LAUNCH_TIMEOUT).contains("would go on"));
        h.ok("cuGraphExecDestroy", exec);
    }

    @Test
    void onlyWhatADeviceDoesByItselfMayBeInTheBody() {
        MemorySegment conditional = conditional(1, ASSIGN_DEFAULT);
        MemorySegment body = body(conditional);
        h.ok("cuStreamBeginCaptureToGraph", stream, body, MemorySegment.NULL, MemorySegment.NULL, 0L, RELAXED);
        h.ok("cuEventRecordWithFlags", h.handle("cuEventCreate", 0), stream, 1);
        h.captured(stream);
        assertEquals(Harness.INVALID_VALUE, h.call("cuGraphInstantiateWithFlags", h.arena.allocate(ADDRESS), graph, 0L));
        assertTrue(h.text(Harness.INVALID_VALUE).contains("type 7"), h.text(Harness.INVALID_VALUE));
    }

    @Test
    void whatADriverRefusesIsRefused() {
        assertEquals(Harness.INVALID_VALUE,
                h.call("cuGraphConditionalHandleCreate", h.arena.allocate(JAVA_LONG), graph, context, 1, 2), "a flag that there is not");
        MemorySegment conditional = conditional(1, ASSIGN_DEFAULT);
        assertEquals(Harness.INVALID_VALUE, h.call("cuGraphInstantiateWithFlags", h.arena.allocate(ADDRESS), graph, 0L), "a handle without a node");
        MemorySegment untidy = parameters(conditional);
        untidy.set(JAVA_LONG, 248, 1);
        assertEquals(Harness.INVALID_VALUE, add(untidy), "bytes that have no meaning must be 0");
        MemorySegment body = body(conditional);
        assertEquals(Harness.INVALID_VALUE, add(parameters(conditional)), "a second node for one handle");
        assertEquals(Harness.INVALID_VALUE, h.call("cuGraphDestroy", body), "the body goes with its node");
        assertEquals(Harness.NOT_SUPPORTED, h.call("cuGraphClone", h.arena.allocate(ADDRESS), graph));
        MemorySegment around = h.handle("cuGraphCreate", 0);
        assertEquals(Harness.NOT_SUPPORTED,
                h.call("cuGraphAddChildGraphNode", h.arena.allocate(ADDRESS), around, MemorySegment.NULL, 0L, graph), "a child graph");
        MemorySegment exec = executable();
        assertEquals(Harness.INVALID_VALUE, h.call("cuGraphInstantiateWithFlags", h.arena.allocate(ADDRESS), graph, 0L), "twice at a time");
        h.ok("cuGraphExecDestroy", exec);
        h.ok("cuGraphExecDestroy", executable());
    }

    @Test
    void aKernelThatSetsWhatIsNoHandleFails() {
        assertEquals(Harness.INVALID_VALUE, h.launch("loop_end", 1, 1, 0, 64L, h.upload(5)));
    }
}
