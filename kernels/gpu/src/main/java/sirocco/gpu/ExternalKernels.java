package sirocco.gpu;

import java.util.Optional;
import java.util.ServiceLoader;
import java.util.function.Function;
import sirocco.api.Availability;
import sirocco.api.Settings;
import sirocco.api.Step;

/**
 * Kernels of a backend for use by another framework in this process: in that framework's context, on its stream and on its memory. A service; providers
 * are named in {@code META-INF/services/sirocco.gpu.ExternalKernels}. Backends use each other's kernels by this interface only.
 */
public interface ExternalKernels {
    /** Returns the name of the backend whose kernels these are. */
    String backend();

    /**
     * Returns whether there are kernels for a device.
     *
     * @param device the driver's ordinal
     */
    Availability probe(int device);

    /**
     * Returns a function that chooses the kernel of a step, for values in float32. There is one for every op.
     *
     * @param device the driver's ordinal; {@link #probe} has returned that it is available
     * @param hardware the device's name in the tuning file
     * @param settings have the measurements by which variants are chosen
     */
    Function<Step, PlannedKernel> planner(int device, String hardware, Settings settings);

    /**
     * Prepares a stream for launches.
     *
     * @param what the framework, for errors
     * @param device the driver's ordinal of the context's device; {@link #probe} has returned that it is available
     * @param context the native handle; it is made current on every thread that uses the result
     * @param stream the native handle of a stream of this context
     */
    ExternalStream attach(String what, int device, long context, long stream);

    /** Returns the service of a backend, or empty if the class path does not have it. */
    static Optional<ExternalKernels> of(String backend) {
        return ServiceLoader.load(ExternalKernels.class, ExternalKernels.class.getClassLoader()).stream().map(ServiceLoader.Provider::get)
                .filter(kernels -> kernels.backend().equals(backend)).findFirst();
    }
}
