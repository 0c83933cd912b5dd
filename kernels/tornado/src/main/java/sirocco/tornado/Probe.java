package sirocco.tornado;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import sirocco.api.Availability;
import sirocco.gpu.DeviceList;
import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** Whether TornadoVM is here, and what it drives. */
final class Probe {
    private static final String LAUNCH = "start with TORNADOVM_HOME set, so that the launcher gives Java TornadoVM's argfile; see docs/tornado.md";

    /** By default a kernel that does not compile runs as sequential Java, and nobody is told. */
    private static final String NO_FALLBACK = "tornado.recover.bailout";

    /** By default every array of the host's that has a counterpart on a CUDA device is page-locked; those of the device's whole memory travel never. */
    private static final String PINNING = "tornado.cuda.host.pinning";

    /** By default what a graph may take is too little for one worth launching. */
    private static final String BYTECODE = "tornado.tvm.maxbytecodesize";

    /** In what TornadoVM's CUDA backend tells of a device. */
    private static final Pattern DEVICE_VERSION = Pattern.compile("Device version\\s*: CUDA (\\d+)\\.(\\d+)");

    /**
     * A device, by TornadoVM's backend that drives it.
     *
     * @param ordinal among that backend's devices
     */
    record Found(String driver, int ordinal, TornadoDevice device) {
        boolean isCuda() {
            return driver.equals(TornadoVMBackendType.CUDA.name());
        }

        String name() {
            return device.getPhysicalDevice().getDeviceName().strip();
        }

        /** As in 90 for 9.0; 0 where TornadoVM's CUDA backend drives no such device. */
        int computeCapability() {
            return isCuda() ? computeCapability(device.getPhysicalDevice().getDeviceInfo()) : 0;
        }

        /** 0 where it does not say. */
        static int computeCapability(String deviceInfo) {
            Matcher version = DEVICE_VERSION.matcher(deviceInfo);
            return version.find() ? 10 * Integer.parseInt(version.group(1)) + Integer.parseInt(version.group(2)) : 0;
        }

        /** Whether TornadoVM offers products of bf16 on it. */
        boolean hasBf16() {
            return computeCapability() >= 80;
        }

        boolean isGpu() {
            return device.getDeviceType() == TornadoDeviceType.GPU;
        }

        /** As {@code auto} would have it, the lower the better: among GPUs first where hand-tuned kernels may be. */
        private int rank() {
            return isCuda() ? 0 : isGpu() ? 1 : 2;
        }

        @Override
        public String toString() {
            return name() + " (" + driver + ")";
        }
    }

    /** @param devices all there are, by the numbers that {@code --device} takes: see {@link #ordered} */
    record Answer(Availability availability, List<Found> devices) { }

    private static Answer answer;

    private Probe() { }

    /** Asked once: after a failure TornadoVM's classes cannot be asked again. */
    static synchronized Answer answer() {
        if (answer == null) {
            try {
                answer = ask();
            } catch (Throwable e) { // it throws errors of several kinds where its modules, or a driver, are missing
                answer = no(because(e), LAUNCH);
            }
        }
        return answer;
    }

    private static Answer ask() throws IOException {
        Optional<Availability> other = otherVersion(versionHere(), versionBuiltFor());
        if (other.isPresent()) {
            return new Answer(other.get(), List.of());
        }
        System.setProperty(NO_FALLBACK, "False");
        System.setProperty(PINNING, "False");
        System.setProperty(BYTECODE, Integer.toString(TaskGraphs.BYTECODE_BYTES));
        List<Found> devices = new ArrayList<>();
        for (TornadoBackend backend : TornadoExecutionPlan.getTornadoDeviceMap().getAllBackends()) {
            for (int i = 0; i < backend.getNumDevices(); i++) {
                devices.add(new Found(backend.getBackendType().name(), i, backend.getDevice(i)));
            }
        }
        if (devices.isEmpty()) {
            return no("TornadoVM sees no device", "install the OpenCL or CUDA driver of the device");
        }
        List<Found> numbered = ordered(devices);
        return new Answer(Availability.yes(DeviceList.numbered(numbered)), numbered);
    }

    /**
     * Those of TornadoVM's CUDA backend, other GPUs, the rest; among themselves as TornadoVM has them. So the first, which is taken where none is named, is a
     * GPU if there is one, and an NVIDIA GPU that OpenCL drives too is CUDA's.
     */
    static List<Found> ordered(List<Found> devices) {
        return devices.stream().sorted(Comparator.comparingInt(Found::rank)).toList();
    }

    /** Empty where TornadoVM is on the class path, so that its modules' versions are not known. */
    private static Optional<String> versionHere() {
        return Optional.ofNullable(TornadoExecutionPlan.class.getModule().getDescriptor()).flatMap(ModuleDescriptor::rawVersion);
    }

    /** Maven writes it. */
    static String versionBuiltFor() throws IOException {
        Properties built = new Properties();
        try (InputStream in = Probe.class.getResourceAsStream("built-for.properties")) {
            built.load(in);
        }
        return built.getProperty("version");
    }

    /** Of another version than that it was compiled against, classes and methods may be missing, which would show only when they are called. */
    static Optional<Availability> otherVersion(Optional<String> here, String builtFor) {
        return here.filter(version -> !version.equals(builtFor)).map(version -> Availability.no("TORNADOVM_HOME has TornadoVM " + version + ", and this build is for "
                + builtFor, "install " + builtFor + ", or build for the other: mvn -Dtornado.version=" + version + ", which build-scripts/sirocco does by itself"));
    }

    private static String because(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        if (root instanceof ClassNotFoundException || root instanceof NoClassDefFoundError) {
            return "TornadoVM is not on the class path or module path";
        }
        return "TornadoVM does not start: " + root.getClass().getSimpleName() + (root.getMessage() == null ? "" : ", " + root.getMessage());
    }

    private static Answer no(String because, String remedy) {
        return new Answer(Availability.no(because, remedy), List.of());
    }
}
