package sirocco.cuda;

import java.util.List;
import sirocco.cuda.driver.DeviceMemory;
import sirocco.cuda.driver.Driver;
import sirocco.cuda.driver.DriverLibrary;
import sirocco.cuda.driver.ForeignDriver;
import sirocco.cuda.driver.Holdings;
import sirocco.cuda.driver.KernelArguments;
import sirocco.cuda.driver.KernelHandle;
import sirocco.cuda.driver.LaunchConfig;
import sirocco.cuda.driver.LaunchOperands;
import sirocco.cuda.kernel.Kernel;
import sirocco.cuda.kernel.Launch;
import sirocco.gpu.DeviceBuffer;
import sirocco.gpu.ExternalStream;
import sirocco.gpu.PlannedKernel;
import sirocco.gpu.StepBuffers;

/** A CUstream of another framework, with the kernels that have been loaded into its CUcontext. */
final class CudaExternalStream implements ExternalStream {
    private final String what;
    private final long context;
    private final long stream;
    private final DriverLibrary library = DriverLibrary.open().orElseThrow();
    private final ForeignDriver driver = new ForeignDriver(library);
    private final LaunchOperands operands = new LaunchOperands(library);
    private final Holdings held = new Holdings();
    private final Modules modules;

    /** See {@link CudaExternalKernels#attach}. */
    CudaExternalStream(String what, int device, long context, long stream) {
        this.what = what;
        this.context = context;
        this.stream = stream;
        Driver.device(what, device);
        driver.use(what, context);
        modules = held.hold(new Modules(what, Probe.answer().devices().get(device)), Modules::close);
    }

    @Override
    public Runnable bind(String step, PlannedKernel planned, StepBuffers buffers) {
        if (!(planned instanceof Kernel kernel)) {
            throw new IllegalArgumentException("%s: the kernel is of another service (expected one of cuda's planner, got %s)".formatted(step,
                    planned.getClass().getName()));
        }
        driver.use(what, context);
        ExternalPlaces places = new ExternalPlaces(buffers, words -> table(step, words));
        List<Launch> launches = kernel.binding().bind(places);
        for (DeviceBuffer b : places.asked()) {
            int alignment = b.address() == buffers.fault() ? Long.BYTES : ALIGNMENT;
            if (b.address() % alignment != 0) {
                throw new IllegalArgumentException("%s: an operand of %d bytes is not aligned (expected a multiple of %d, got address 0x%x)".formatted(step,
                        b.bytes(), alignment, b.address()));
            }
        }
        Runnable before = operands.before(step, places.asked());
        List<Runnable> bound = launches.stream().map(l -> bind(step, l, before)).toList();
        return () -> {
            driver.use(what, context);
            bound.forEach(Runnable::run);
        };
    }

    private Runnable bind(String step, Launch launch, Runnable before) {
        KernelHandle kernel = modules.kernel(step, launch.kernel(), launch.sharedBytes());
        LaunchConfig config = new LaunchConfig(launch.gridX(), launch.gridY(), launch.gridZ(), launch.block(), launch.sharedBytes(), stream, false);
        KernelArguments arguments = new KernelArguments(step, launch.arguments());
        return () -> {
            before.run();
            driver.launch(step, kernel, config, arguments);
        };
    }

    private long table(String step, long[] words) {
        DeviceMemory memory = held.hold(Driver.allocate(step, (long) words.length * Long.BYTES), m -> Driver.free(what, m));
        driver.upload(step, memory.address(), words, stream);
        return memory.address();
    }

    @Override
    public void close() {
        driver.use(what, context);
        held.close();
    }
}
