package sirocco.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import sirocco.api.Availability;
import sirocco.cuda.driver.DriverLibrary;
import sirocco.gpu.DeviceList;

/** Whether there is a GPU that this build's kernels run on. Asks the driver by java.lang.foreign, so that no class of JCuda is touched. */
final class Probe {
    /** The driver of CUDA 12.6, which JCuda's library is linked against. */
    static final int OLDEST_DRIVER = 12060;

    /** The first architecture that there are kernels for: Ampere, sm_80. */
    static final int OLDEST_ARCHITECTURE = 80;

    /** The first architecture for which there is no machine code: the driver compiles PTX. */
    static final int FIRST_ARCHITECTURE_AS_PTX = 100;

    private static final String UPDATE = "update the driver";
    private static final int SUCCESS = 0;
    private static final int NO_DEVICE = 100;
    private static final int COMPUTE_CAPABILITY_MAJOR = 75;
    private static final int COMPUTE_CAPABILITY_MINOR = 76;
    private static final int NAME_BYTES = 256;

    /**
     * A device that the driver knows.
     *
     * @param architecture ten times the compute capability, as in sm_90
     */
    record Gpu(String name, int architecture) {
        /** Whether the emulated driver made it up. */
        boolean emulated() {
            return name.toLowerCase(Locale.ROOT).contains("emulated");
        }

        @Override
        public String toString() {
            return emulated() ? name : name + " (sm_" + architecture + ")";
        }
    }

    /** What probing asks of a driver. */
    interface Query {
        /** The {@code CUresult} of cuInit. */
        int init();

        /** Newest CUDA version that it serves, as 1000·major + 10·minor. */
        int version();

        /** Asked only after {@link #init} has succeeded. */
        List<Gpu> devices();
    }

    /**
     * @param devices all there are, by ordinal; none where there is none to be used
     * @param each of the devices: whether it can be used
     */
    record Answer(Availability availability, List<Gpu> devices, List<Availability> each) {
        boolean emulated() {
            return !devices.isEmpty() && devices.getFirst().emulated();
        }
    }

    private static Answer answer;

    private Probe() { }

    /** Asked once; a driver does not come or go while the JVM runs. */
    static synchronized Answer answer() {
        if (answer == null) {
            try {
                answer = answer(DriverLibrary.open().map(Calls::new), Fatbin.toolkit());
            } catch (RuntimeException | LinkageError e) {
                answer = no("the CUDA driver cannot be used: " + e.getMessage(), "reinstall the NVIDIA driver");
            }
        }
        return answer;
    }

    /**
     * @param toolkit the CUDA version that this build's kernels were made by, in the driver's numbers; 0 if there are none
     */
    static Answer answer(Optional<? extends Query> driver, int toolkit) {
        boolean built = toolkit > 0;
        if (driver.isEmpty()) {
            return built ? no("there is no NVIDIA driver: " + DriverLibrary.fileName() + " was not found", "install one of CUDA "
                    + version(Math.max(OLDEST_DRIVER, toolkit)) + " or later") : no(Fatbin.MISSING + ", and there is no NVIDIA driver", Fatbin.REMEDY);
        }
        Query query = driver.get();
        if (query.version() < OLDEST_DRIVER) {
            return no(tooOld(query.version(), Math.max(OLDEST_DRIVER, sameMajor(toolkit))), UPDATE);
        }
        int code = query.init();
        List<Gpu> devices = code == SUCCESS ? query.devices() : List.of();
        if (code != SUCCESS && code != NO_DEVICE) {
            return no("the NVIDIA driver does not start: cuInit gives error " + code, "see what nvidia-smi says");
        }
        if (devices.isEmpty()) {
            return no("the NVIDIA driver sees no device", "see what nvidia-smi lists, and whether CUDA_VISIBLE_DEVICES hides it");
        }
        String all = DeviceList.numbered(devices);
        if (devices.getFirst().emulated()) {
            Availability yes = Availability.yes(all + ": kernels run on the CPU, to be tested; never taken by auto");
            return new Answer(yes, devices, devices.stream().map(_ -> yes).toList());
        }
        if (!built) {
            return no(Fatbin.MISSING + " (here: " + all + ")", Fatbin.REMEDY);
        }
        List<Availability> each = devices.stream().map(gpu -> runs(gpu, query.version(), toolkit)).toList();
        if (each.stream().anyMatch(Availability::available)) {
            return new Answer(Availability.yes(all + ", driver of CUDA " + version(query.version())), devices, each);
        }
        Gpu newest = devices.stream().max(Comparator.comparingInt(Gpu::architecture)).orElseThrow();
        Availability no = each.get(devices.indexOf(newest));
        return no(no.detail() + (devices.size() == 1 ? "" : " (here: " + all + ")"), no.remedy());
    }

    /**
     * Whether a driver runs the kernels on a device. Machine code needs a driver of the toolkit's major version, be it of a lower minor one
     * (minor version compatibility). PTX needs one that is as new as the toolkit: its compiler reads no later version of PTX than its own.
     * Source: NVIDIA, CUDA Compatibility, "Minor Version Compatibility".
     *
     * @param toolkit the CUDA version that the kernels were made by
     */
    private static Availability runs(Gpu gpu, int driver, int toolkit) {
        if (gpu.architecture() < OLDEST_ARCHITECTURE) {
            return Availability.no("there is no kernel for the architecture of " + gpu + ", needed is sm_" + OLDEST_ARCHITECTURE + " or later",
                    "use a GPU of the Ampere generation or later");
        }
        boolean machineCode = gpu.architecture() < FIRST_ARCHITECTURE_AS_PTX;
        int oldest = machineCode ? sameMajor(toolkit) : toolkit;
        return driver >= oldest ? Availability.yes(gpu.toString())
                : Availability.no(tooOld(driver, oldest) + (machineCode ? "" : ", to compile the kernels for " + gpu), UPDATE);
    }

    /** The oldest driver of a toolkit's major version. */
    private static int sameMajor(int toolkit) {
        return toolkit / 1000 * 1000;
    }

    private static String tooOld(int driver, int oldest) {
        return "the NVIDIA driver is too old: it serves CUDA " + version(driver) + ", needed is " + version(oldest);
    }

    private static Answer no(String because, String remedy) {
        return new Answer(Availability.no(because, remedy), List.of(), List.of());
    }

    private static String version(int number) {
        return number / 1000 + "." + number % 1000 / 10;
    }

    /** The driver that is loaded. */
    private record Calls(DriverLibrary library) implements Query {
        @Override
        public int init() {
            return call("cuInit", 0);
        }

        @Override
        public int version() {
            return integer("cuDriverGetVersion");
        }

        @Override
        public List<Gpu> devices() {
            List<Gpu> devices = new ArrayList<>();
            for (int i = 0, n = integer("cuDeviceGetCount"); i < n; i++) {
                devices.add(new Gpu(name(i), 10 * attribute(i, COMPUTE_CAPABILITY_MAJOR) + attribute(i, COMPUTE_CAPABILITY_MINOR)));
            }
            return devices;
        }

        private int call(String name, int argument) {
            try {
                return (int) library.function(name, FunctionDescriptor.of(JAVA_INT, JAVA_INT)).invokeExact(argument);
            } catch (Throwable e) {
                throw failed(name, e);
            }
        }

        private int integer(String name) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment value = arena.allocate(JAVA_INT);
                MethodHandle function = library.function(name, FunctionDescriptor.of(JAVA_INT, ADDRESS));
                check(name, (int) function.invokeExact(value));
                return value.get(JAVA_INT, 0);
            } catch (Throwable e) {
                throw failed(name, e);
            }
        }

        private int attribute(int device, int attribute) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment value = arena.allocate(JAVA_INT);
                MethodHandle function = library.function("cuDeviceGetAttribute", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
                check("cuDeviceGetAttribute", (int) function.invokeExact(value, attribute, device));
                return value.get(JAVA_INT, 0);
            } catch (Throwable e) {
                throw failed("cuDeviceGetAttribute", e);
            }
        }

        private String name(int device) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment text = arena.allocate(NAME_BYTES);
                MethodHandle function = library.function("cuDeviceGetName", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
                check("cuDeviceGetName", (int) function.invokeExact(text, NAME_BYTES, device));
                return text.getString(0);
            } catch (Throwable e) {
                throw failed("cuDeviceGetName", e);
            }
        }

        private static void check(String call, int code) {
            if (code != SUCCESS) {
                throw new IllegalStateException(call + " gives error " + code);
            }
        }

        private static RuntimeException failed(String call, Throwable e) {
            if (e instanceof Error error) {
                throw error;
            }
            return e instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(call, e);
        }
    }
}
