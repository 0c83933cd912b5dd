package sirocco.cpu;

import sirocco.api.Availability;
import sirocco.api.Backend;
import sirocco.api.Device;
import sirocco.api.Settings;

/** The default backend: pure Java, on the JDK's vectors and a team of threads. */
public final class CpuBackend implements Backend {
    private static final String MODULE = "jdk.incubator.vector";

    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public int priority() {
        return 0;
    }

    @Override
    public Availability probe() {
        if (ModuleLayer.boot().findModule(MODULE).isEmpty()) {
            return Availability.no("the JVM was started without the module " + MODULE, "start it with --add-modules=" + MODULE);
        }
        return Availability.yes(CpuDevice.vectors() + ", " + Runtime.getRuntime().availableProcessors() + " processors");
    }

    /** @throws IllegalArgumentException for a precision other than F32, or a device other than 0 */
    @Override
    public Device open(Settings settings) {
        if (settings.precision() != Settings.Precision.F32) {
            throw new IllegalArgumentException("cpu: precision " + settings.precision() + " is not supported, only F32 is");
        }
        if (settings.device() != 0) {
            throw new IllegalArgumentException("cpu: there is device 0 only, asked for " + settings.device());
        }
        return new CpuDevice(settings.threads() == 0 ? Runtime.getRuntime().availableProcessors() : settings.threads());
    }
}
