package sirocco.tornado;

import java.util.List;
import java.util.Locale;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Graph;
import sirocco.api.MemoryPlanner;
import sirocco.api.Plan;
import sirocco.api.Value;
import sirocco.tornado.kernel.Kernel;
import sirocco.tornado.kernel.KernelFactory;

/** One of TornadoVM's devices. */
final class TornadoVmDevice implements Device {
    private static final double GIB = 1L << 30;

    private final Probe.Found found;
    private final int number;
    private boolean closed;

    TornadoVmDevice(Probe.Found found, int number) {
        this.found = found;
        this.number = number;
    }

    @Override
    public String describe() {
        return String.format(Locale.ROOT, "tornado device %d: %s, %d compute units, %.1f GiB, at most %.1f GiB in one piece", number, found,
                found.device().getPhysicalDevice().getDeviceMaxComputeUnits(), found.device().getMaxGlobalMemory() / GIB,
                found.device().getMaxAllocMemory() / GIB);
    }

    @Override
    public Plan plan(Graph graph) {
        DeviceMemory.checkCounts(graph);
        List<Kernel> kernels = kernels(graph);
        return MemoryPlanner.plan(graph, new MemoryPlanner.Sizes() {
            @Override
            public long bytes(Value v) {
                return DeviceMemory.bytes(v);
            }

            @Override
            public long scratchBytes(int step) {
                return kernels.get(step).scratchFloats() * Float.BYTES;
            }

            @Override
            public long extraBytes() {
                return DeviceMemory.extraBytes(graph);
            }

            @Override
            public String note(int step) {
                return kernels.get(step).algorithm();
            }
        });
    }

    private static List<Kernel> kernels(Graph graph) {
        return graph.steps().stream().map(step -> KernelFactory.of(step.op())).toList();
    }

    @Override
    public Executable load(Plan plan) {
        if (closed) {
            throw new IllegalStateException("tornado: this device is closed");
        }
        long most = Math.min(found.device().getMaxAllocMemory(), Float.BYTES * (long) (Integer.MAX_VALUE - MemoryPlanner.ALIGNMENT));
        if (plan.totalBytes() > most) {
            throw new IllegalArgumentException(String.format(Locale.ROOT,
                    "tornado: the plan needs %.2f GiB in one piece (%s), and %s gives at most %.2f GiB; use a smaller batch", plan.totalBytes() / GIB,
                    plan.summary(), found, most / GIB));
        }
        return new TornadoExecutable(found.device(), plan, kernels(plan.graph()), TaskGraphs.TASKS);
    }

    @Override
    public void close() {
        closed = true;
    }
}
