package sirocco.cuda;

import java.util.List;
import java.util.function.Function;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import sirocco.api.Availability;
import sirocco.api.Value;
import sirocco.cuda.driver.DeviceMemory;
import sirocco.cuda.driver.Driver;
import sirocco.cuda.driver.DriverLibrary;
import sirocco.cuda.driver.ForeignDriver;
import sirocco.cuda.driver.Holdings;
import sirocco.cuda.driver.KernelArguments;
import sirocco.cuda.driver.KernelHandle;
import sirocco.cuda.driver.LaunchConfig;
import sirocco.cuda.driver.LaunchOperands;
import sirocco.cuda.driver.LaunchOperands.Operand;
import sirocco.cuda.kernel.Kernel;
import sirocco.cuda.kernel.Launch;
import sirocco.cuda.kernel.Storage;
import sirocco.cuda.kernel.Target;

/**
 * The kernels as guests of another framework in this process: in its context, on its stream, and on its memory, where values lie dense in NHWC
 * and float32. A guest's launches can be captured in a graph; making and binding it cannot.
 */
public final class GuestKernels implements AutoCloseable {
    /** What a value's address has to be a multiple of: vectors of 16 bytes. */
    public static final int ALIGNMENT = 16;

    private final String what;
    private final long context;
    private final long stream;
    private final DriverLibrary library = DriverLibrary.open().orElseThrow();
    private final ForeignDriver driver = new ForeignDriver(library);
    private final LaunchOperands operands = new LaunchOperands(library);
    private final Holdings held = new Holdings();
    private final Modules modules;

    /**
     * @param what whose guest it is, for errors
     * @param device the ordinal that the driver has for the context's device
     * @param context a CUcontext; it is made current on whatever thread uses this
     * @param stream a CUstream of the context
     */
    public GuestKernels(String what, int device, long context, long stream) {
        this.what = what;
        this.context = context;
        this.stream = stream;
        Driver.device(what, device);
        driver.use(what, context);
        modules = held.hold(new Modules(what, Probe.answer().devices().get(device)), Modules::close);
    }

    /** Whether there are kernels for a device of the driver. */
    public static Availability probe(int device) {
        Probe.Answer answer = Probe.answer();
        if (!answer.availability().available()) {
            return answer.availability();
        }
        if (device >= answer.devices().size()) {
            return Availability.no("the CUDA driver has no device " + device, "see what nvidia-smi lists");
        }
        return answer.each().get(device);
    }

    /** What kernels for float32 are chosen for, on a device that there are kernels for. */
    public static Target target(int device) {
        String what = "cuda device " + device;
        CUdevice gpu = Driver.device(what, device);
        return new Target(Probe.answer().devices().get(device).architecture(),
                Driver.attribute(what, gpu, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
                Driver.attribute(what, gpu, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN), Storage.F32, false);
    }

    /**
     * A step's launches, to be put on the stream in order by each run.
     *
     * @param step for errors
     * @param values device memory of each operand, at multiples of {@value #ALIGNMENT}
     * @param scratch {@link Kernel#scratchBytes} of working memory, as aligned
     * @param fault the address of 8 bytes, a multiple of 8: see {@link sirocco.cuda.kernel.Places#fault}
     * @param faultCode names the step there
     * @throws IllegalArgumentException for an operand that is not aligned
     */
    public Runnable bind(String step, Kernel kernel, Function<Value, Operand> values, Operand scratch, long fault, int faultCode) {
        driver.use(what, context);
        GuestPlaces places = new GuestPlaces(values, scratch, fault, faultCode, words -> table(step, words));
        List<Launch> launches = kernel.binding().bind(places);
        for (Operand o : places.asked()) {
            if (o.address() % (o.address() == fault ? Long.BYTES : ALIGNMENT) != 0) {
                throw new IllegalArgumentException("%s: an operand of %d bytes is at 0x%x, which is no multiple of %d".formatted(step, o.bytes(), o.address(),
                        ALIGNMENT));
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

    /** Gives memory and kernels back. No launch may be under way. */
    @Override
    public void close() {
        driver.use(what, context);
        held.close();
    }
}
