package sirocco.tornado;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import sirocco.api.DType;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.GraphBuilder;
import sirocco.api.Settings;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.api.Window;

class TaskGraphsTest {
    /** They are the tasks with the most arguments, and a graph's bytecode has a size. */
    @Test
    void aGraphMayBeFullOfConvolutions() {
        TornadoBackend backend = new TornadoBackend();
        assumeTrue(backend.probe().available(), () -> "tornado " + backend.probe());
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", Shape.vector(1), DType.F32);
        Value w = g.parameter("w", Shape.vector(1));
        Value y = x;
        for (int i = 0; i < TaskGraphs.TASKS; i++) {
            Value from = y;
            y = g.in("conv" + i, () -> g.conv2d(from, w, Optional.empty(), Optional.empty(), Optional.empty(), Window.same(1)));
        }
        Value last = g.output(y);
        try (Device device = backend.open(new Settings(1, 0, Settings.Precision.F32)); Executable e = device.load(device.plan(g.build()))) {
            e.write(x, new float[] {0.75f});
            e.write(w, new float[] {-2});
            e.run();
            float[] read = new float[1];
            e.read(last, read);
            assertArrayEquals(new float[] {(float) (0.75 * Math.pow(-2, TaskGraphs.TASKS))}, read);
        }
    }
}
