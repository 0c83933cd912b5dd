package sirocco.cuda;

import java.util.List;
import jcuda.driver.CUdevice;
import jcuda.driver.CUgraph;
import sirocco.cuda.driver.Driver;
import sirocco.cuda.driver.DriverLibrary;
import sirocco.cuda.driver.ForeignDriver;
import sirocco.cuda.driver.GraphHandle;
import sirocco.cuda.driver.Holdings;
import sirocco.cuda.driver.KernelArguments;
import sirocco.cuda.driver.KernelHandle;
import sirocco.cuda.driver.LaunchConfig;
import sirocco.cuda.driver.StreamHandle;

/**
 * What launching costs the host, by JCuda and by java.lang.foreign: of a kernel that does nothing, and of a graph with such a kernel. For
 * benchmarks. Launches pile up on a stream until {@link #await}; for use by the thread that made it.
 */
public final class LaunchCosts implements AutoCloseable {
    private static final String WHAT = "empty launch";
    private static final KernelArguments NO_ARGUMENTS = new KernelArguments(WHAT, List.of());

    private final Probe.Gpu gpu;
    private final Holdings held = new Holdings();
    private final ForeignDriver foreign;
    private final KernelHandle kernel;
    private final GraphHandle graph;
    private final StreamHandle stream;
    private final LaunchConfig config;

    /**
     * On the first device.
     *
     * @throws IllegalStateException where the probe says no
     */
    public LaunchCosts() {
        Probe.Answer answer = Probe.answer();
        if (!answer.availability().available()) {
            throw new IllegalStateException("cuda: " + answer.availability());
        }
        gpu = answer.devices().getFirst();
        foreign = new ForeignDriver(DriverLibrary.open().orElseThrow());
        CUdevice device = Driver.device(WHAT, 0);
        held.hold(Driver.retainContext(WHAT, device), _ -> Driver.releaseContext(WHAT, device));
        try {
            kernel = held.hold(new Modules(WHAT, gpu), Modules::close).kernel(WHAT, "nothing", 0);
            stream = held.hold(Driver.stream(WHAT), s -> Driver.destroy(WHAT, s));
            config = new LaunchConfig(1, 1, 1, 1, 0, stream, gpu.architecture() >= Overlap.ARCHITECTURE);
            CUgraph captured = held.hold(Driver.capture(WHAT, stream, this::kernelByJCuda), g -> Driver.destroy(WHAT, g));
            graph = held.hold(Driver.instantiate(WHAT, captured), g -> Driver.destroy(WHAT, g));
        } catch (RuntimeException | Error e) {
            held.close(e);
            throw e;
        }
    }

    /** What it runs on. */
    public String device() {
        return gpu.toString();
    }

    public void kernelByJCuda() {
        Driver.launch(WHAT, kernel, 1, 1, 1, 1, 0, stream, NO_ARGUMENTS);
    }

    public void kernelByForeign() {
        foreign.launch(WHAT, kernel, 1, 1, stream, NO_ARGUMENTS);
    }

    /** By cuLaunchKernelEx, which JCuda does not have; as kernels that overlap are launched, where the device has that. */
    public void kernelWithAttributeByForeign() {
        foreign.launch(WHAT, kernel, config, NO_ARGUMENTS);
    }

    public void graphByJCuda() {
        Driver.launch(WHAT, graph, stream);
    }

    public void graphByForeign() {
        foreign.launch(WHAT, graph.address(), stream);
    }

    /** Waits until all that was launched is done. */
    public void await() {
        Driver.synchronize(WHAT, stream);
    }

    @Override
    public void close() {
        await();
        held.close();
    }
}
