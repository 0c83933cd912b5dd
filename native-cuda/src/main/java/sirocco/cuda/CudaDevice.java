package sirocco.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import sirocco.api.DType;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Graph;
import sirocco.api.KernelChoices;
import sirocco.api.Lowering;
import sirocco.api.MemoryPlanner;
import sirocco.api.Plan;
import sirocco.api.Settings;
import sirocco.api.Step;
import sirocco.api.Value;
import sirocco.cuda.driver.Driver;
import sirocco.cuda.driver.DriverLibrary;
import sirocco.cuda.driver.ForeignDriver;
import sirocco.cuda.driver.Holdings;
import sirocco.cuda.driver.KernelHandle;
import sirocco.cuda.driver.LaunchOperands;
import sirocco.cuda.driver.Nvml;
import sirocco.cuda.driver.StreamHandle;
import sirocco.cuda.driver.TensorMaps;
import sirocco.cuda.kernel.Kernel;
import sirocco.cuda.kernel.KernelFactory;
import sirocco.cuda.kernel.KernelRule;
import sirocco.cuda.kernel.Launch;
import sirocco.cuda.kernel.Layout;
import sirocco.cuda.kernel.Storage;
import sirocco.cuda.kernel.Target;
import sirocco.cuda.kernel.WeightCopies;
import sirocco.gpu.ElementCounts;
import sirocco.gpu.KernelSizes;

/** One GPU: its context, the kernels, and a stream that all executables share. */
public final class CudaDevice implements Device {
    private final String what;
    private final Probe.Gpu gpu;
    private final Target target;
    private final KernelChoices choices;
    private final Holdings held = new Holdings();
    private final DriverLibrary library;
    private final LaunchOperands operands;
    private final TensorMaps tensorMaps;
    private final CUcontext context;
    private final Modules modules;
    private final ForeignDriver foreign;
    private final Overlap overlap;
    private final StreamHandle stream;
    private final LoopSupport loops;
    private final Optional<Nvml> sensors;
    private boolean closed;

    CudaDevice(Probe.Gpu gpu, Settings settings, KernelChoices choices) {
        this.gpu = gpu;
        this.choices = choices;
        what = "cuda device " + settings.device();
        library = DriverLibrary.open().orElseThrow();
        operands = new LaunchOperands(library);
        tensorMaps = new TensorMaps(library);
        foreign = new ForeignDriver(library);
        overlap = new Overlap(foreign, gpu.architecture());
        sensors = Nvml.open(library, settings.device());
        CUdevice device = Driver.device(what, settings.device());
        target = target(what, device, gpu, settings.precision());
        context = held.hold(Driver.retainContext(what, device), _ -> Driver.releaseContext(what, device));
        try {
            modules = held.hold(new Modules(what, gpu), Modules::close);
            loops = new LoopSupport(what, foreign, modules);
            stream = held.hold(Driver.stream(what), s -> Driver.destroy(what, s));
        } catch (RuntimeException | Error e) {
            held.close(e);
            throw e;
        }
    }

    static Target target(String what, CUdevice device, Probe.Gpu gpu, Settings.Precision precision) {
        return new Target(gpu.architecture(), Driver.attribute(what, device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
                Driver.attribute(what, device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN),
                precision == Settings.Precision.BF16 ? Storage.BF16 : Storage.F32, precision == Settings.Precision.TF32);
    }

    @Override
    public String describe() {
        use();
        return String.format(Locale.ROOT, "%s: %s, %d multiprocessors, %s free of %s, activations in %s%s%s%s%s", what, gpu, target.multiprocessors(),
                OutOfMemory.bytes(Driver.memory(what)[0]), OutOfMemory.bytes(Driver.memory(what)[1]), target.activations(),
                target.tf32() ? ", products in TF32" : "", loops.missing().map(why -> ", steps launched one by one (" + why + ")").orElse(""),
                overlap.describe(), choices.describe());
    }

    @Override
    public String hardware() {
        return gpu.name();
    }

    /** Clocks, temperature and power, by NVML. */
    @Override
    public Map<String, Double> readings() {
        return sensors.map(Nvml::read).orElse(Map.of());
    }

    /** Less a reserve for what lies there beside a plan. */
    @Override
    public OptionalLong freeBytes() {
        use();
        return OptionalLong.of(Math.max(0, Driver.memory(what)[0] - OutOfMemory.RESERVE));
    }

    @Override
    public Plan plan(Graph graph) {
        return plan(graph, true);
    }

    /** @param share false gives every temporary memory of its own, to test against */
    Plan plan(Graph recorded, boolean share) {
        Graph graph = Lowering.lower(CudaBackend.NAME, recorded, KernelFactory::supports);
        ElementCounts.check(CudaBackend.NAME, graph, Integer.MAX_VALUE, v -> v.role() == Value.Role.INPUT && v.dtype() == DType.U8);
        Layout layout = layout(graph);
        List<Kernel> kernels = kernels(graph, layout);
        WeightCopies copies = new WeightCopies(graph, kernels);
        return MemoryPlanner.plan(graph, new KernelSizes(kernels, layout::bytes, DeviceImage.extraBytes(graph, kernels, copies)), share);
    }

    private Layout layout(Graph graph) {
        return new Layout(graph, target.activations());
    }

    private List<Kernel> kernels(Graph graph, Layout layout) {
        KernelFactory factory = new KernelFactory(target, new KernelRule(choices), layout);
        List<Kernel> kernels = new ArrayList<>();
        for (Step step : graph.steps()) {
            kernels.add(factory.of(step));
        }
        return kernels;
    }

    @Override
    public Executable load(Plan plan) {
        if (closed) {
            throw new IllegalStateException(CudaBackend.NAME + ": this device is closed");
        }
        use();
        Layout layout = layout(plan.graph());
        return new CudaExecutable(this, plan, kernels(plan.graph(), layout), layout);
    }

    // ---- what executables share ------------------------------------------------------------------------------------------------

    /** Makes the context current on the calling thread. */
    void use() {
        Driver.use(what, context);
    }

    String what() {
        return what + " (" + gpu.name() + ")";
    }

    DriverLibrary library() {
        return library;
    }

    LaunchOperands operands() {
        return operands;
    }

    TensorMaps tensorMaps() {
        return tensorMaps;
    }

    ForeignDriver foreign() {
        return foreign;
    }

    StreamHandle stream() {
        return stream;
    }

    Overlap overlap() {
        return overlap;
    }

    LoopSupport loops() {
        return loops;
    }

    /** @param what the step, for errors */
    KernelHandle function(String what, Launch launch) {
        return modules.kernel(what, launch.kernel(), launch.sharedBytes());
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            use();
            held.close();
        }
    }
}
