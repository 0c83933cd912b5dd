package sirocco.tornado;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import sirocco.api.Availability;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Graph;
import sirocco.api.Lowering;
import sirocco.api.MemoryPlanner;
import sirocco.api.Plan;
import sirocco.api.Settings;
import sirocco.api.Step;
import sirocco.gpu.ElementCounts;
import sirocco.gpu.KernelSizes;
import sirocco.tornado.cuda.HandTuned;
import sirocco.tornado.kernel.Kernel;
import sirocco.tornado.kernel.KernelFactory;
import uk.ac.manchester.tornado.api.exceptions.TornadoOutOfMemoryException;

/** One of TornadoVM's devices. */
final class TornadoVmDevice implements Device {
    private static final double GIB = 1L << 30;

    private final Probe.Found found;
    private final int number;
    private final Choice choice;
    private final Settings.Precision precision;
    private final Optional<HandTuned> handTuned;
    /** Of kernels other than TornadoVM's. */
    private final String note;
    private boolean closed;

    TornadoVmDevice(Probe.Found found, Settings settings, Choice choice) {
        this.found = found;
        this.choice = choice;
        number = settings.device();
        precision = settings.precision();
        Availability cuda = found.isCuda() ? HandTuned.probe(found.ordinal()) : Availability.no("it is for NVIDIA devices", "");
        handTuned = cuda.available() ? Optional.of(new HandTuned(found.ordinal(), found.name(), settings)) : Optional.empty();
        note = cuda.available() ? ", with hand-tuned CUDA kernels" + choice.describe()
                : found.isCuda() ? ", without hand-tuned CUDA kernels, because " + cuda.detail() : "";
    }

    @Override
    public String describe() {
        return String.format(Locale.ROOT, "tornado device %d: %s, %d compute units, %.1f GiB, at most %.1f GiB in one piece%s", number, found,
                found.device().getPhysicalDevice().getDeviceMaxComputeUnits(), found.device().getMaxGlobalMemory() / GIB,
                found.device().getMaxAllocMemory() / GIB, note);
    }

    @Override
    public String hardware() {
        return handTuned.isPresent() ? found.name() : "";
    }

    /** TornadoVM does not tell what others have taken, so a fifth is left to them; and no array may be larger than one piece. */
    @Override
    public OptionalLong freeBytes() {
        return found.isGpu() ? OptionalLong.of(Math.min(found.device().getMaxAllocMemory(), found.device().getMaxGlobalMemory() / 5 * 4)) : OptionalLong.empty();
    }

    @Override
    public Plan plan(Graph recorded) {
        Graph graph = Lowering.lower(TornadoBackend.NAME, recorded, KernelFactory::supports);
        ElementCounts.check(TornadoBackend.NAME, graph, DeviceMemory.MOST_ELEMENTS, _ -> false);
        return plan(graph, kernels(graph));
    }

    /** @param kernels the steps' */
    static Plan plan(Graph graph, List<Kernel> kernels) {
        return MemoryPlanner.plan(graph, new KernelSizes(kernels, DeviceMemory::bytes, DeviceMemory.extraBytes(graph)));
    }

    private List<Kernel> kernels(Graph graph) {
        return graph.steps().stream().map(step -> handTuned.map(h -> choice.handTuned(step.op()) ? h.kernel(step) : own(step).named(Choice.TORNADO))
                .orElseGet(() -> own(step))).toList();
    }

    private Kernel own(Step step) {
        return KernelFactory.of(step.op(), precision);
    }

    @Override
    public Executable load(Plan plan) {
        if (closed) {
            throw new IllegalStateException("tornado: this device is closed");
        }
        DeviceMemory memory = new DeviceMemory(plan);
        memory.checkFits(found.device().getMaxAllocMemory(), found.device().getMaxGlobalMemory(), found.toString());
        try {
            return new TornadoExecutable(found.device(), plan, kernels(plan.graph()), memory);
        } catch (TornadoOutOfMemoryException e) {
            throw new IllegalStateException("tornado: there is no room for the plan (" + plan.summary() + ") on " + found + ": " + e.getMessage().strip()
                    + "; use a smaller batch, or end what else runs there", e);
        }
    }

    @Override
    public void close() {
        closed = true;
    }
}
