package sirocco.cuda;

import java.util.List;
import java.util.function.Consumer;
import sirocco.cuda.driver.DeviceMemory;
import sirocco.cuda.driver.Driver;
import sirocco.cuda.driver.KernelHandle;
import sirocco.cuda.driver.LoopGraph;
import sirocco.cuda.kernel.Launch;
import sirocco.gpu.DeviceBuffer;

/** A plan's launches as a loop that the device walks by itself: how often is a number in its memory, which the last launch counts down. */
final class Loop implements AutoCloseable {
    private static final String WHAT = "run of a plan as a loop";

    private final CudaDevice device;
    private final DeviceMemory left;
    private final LoopGraph graph;

    /**
     * @param end the kernel loop_end
     * @param overlap whether the body's launches overlap
     * @param left an int of the device's memory, this loop's own
     * @param body puts the plan's launches on the device's stream
     */
    Loop(CudaDevice device, KernelHandle end, DeviceMemory left, boolean overlap, Consumer<Boolean> body) {
        this.device = device;
        this.left = left;
        graph = new LoopGraph(device.foreign(), device.stream(), conditional -> {
            body.accept(overlap);
            new BoundLaunch(device, WHAT, end, new Launch("loop_end", 1, 1, 1, 1, 0, List.of(conditional, left.address())),
                    device.operands().before(WHAT, List.of(new DeviceBuffer(left.address(), Integer.BYTES)))).run(overlap);
        });
    }

    /** @param times at least 1 */
    void run(int times) {
        Driver.fill(WHAT, left, times, 1, device.stream());
        graph.launch();
    }

    @Override
    public void close() {
        graph.close();
    }
}
