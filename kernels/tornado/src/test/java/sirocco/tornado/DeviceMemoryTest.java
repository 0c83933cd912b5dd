package sirocco.tornado;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import sirocco.api.DType;
import sirocco.api.GraphBuilder;
import sirocco.api.Plan;
import sirocco.api.Settings;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.tornado.kernel.KernelFactory;

/** What is too large is refused before anything is allocated, and says what the limit is. */
class DeviceMemoryTest {
    private static final String GPU = "some GPU (OPENCL)";

    /** y = silu(x), twice this many floats. */
    private static Plan silu(Shape shape) {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", shape, DType.F32);
        g.output(g.in("silu", () -> g.silu(x)));
        var graph = g.build();
        return TornadoVmDevice.plan(graph, graph.steps().stream().map(step -> KernelFactory.of(step.op(), Settings.Precision.F32)).toList());
    }

    @Test
    void whatCannotBeCountedInAnIntIsRefused() {
        Plan plan = silu(new Shape(1, 32768, 1 << 14, 3)); // 6 GiB, and so much again
        mentions(assertThrows(IllegalArgumentException.class, () -> new DeviceMemory(plan)), List.of("12.00 GiB", "8.00 GiB", "use a smaller batch"));
    }

    @Test
    void whatTheDeviceHasNoRoomForIsRefused() {
        Plan plan = silu(new Shape(1, 1024, 1024, 256)); // 1 GiB, and so much again
        DeviceMemory memory = new DeviceMemory(plan);
        assertEquals(1 << 29, memory.floats(), 1024);
        assertDoesNotThrow(() -> memory.checkFits(3L << 30, 3L << 30, GPU));
        mentions(assertThrows(IllegalArgumentException.class, () -> memory.checkFits(1L << 30, 3L << 30, GPU)),
                List.of("2.00 GiB", GPU, "1.00 GiB in one piece", "use a smaller batch"));
        mentions(assertThrows(IllegalArgumentException.class, () -> memory.checkFits(3L << 30, 3L << 29, GPU)), List.of("2.00 GiB", GPU + " has 1.50 GiB"));
    }

    private static void mentions(Exception e, List<String> parts) {
        parts.forEach(part -> assertTrue(e.getMessage().contains(part), e::getMessage));
    }
}
