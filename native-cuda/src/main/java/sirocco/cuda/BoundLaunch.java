package sirocco.cuda;

import java.util.List;
import sirocco.cuda.driver.Driver;
import sirocco.cuda.driver.KernelArguments;
import sirocco.cuda.driver.KernelHandle;
import sirocco.cuda.driver.LaunchConfig;
import sirocco.cuda.kernel.Launch;
import sirocco.cuda.kernel.TensorMap;

/** A launch on a device's stream, with its kernel found and its arguments laid out as the driver wants them. */
final class BoundLaunch {
    private final CudaDevice device;
    private final String what;
    private final KernelHandle function;
    private final Launch launch;
    private final KernelArguments arguments;
    private final Runnable before;
    /** Made when it is first wanted. */
    private LaunchConfig overlapping;

    /**
     * @param what the step, for errors
     * @param before see {@link sirocco.cuda.driver.LaunchOperands#before}
     */
    BoundLaunch(CudaDevice device, String what, KernelHandle function, Launch launch, Runnable before) {
        this.device = device;
        this.what = what;
        this.function = function;
        this.launch = launch;
        this.before = before;
        List<?> encoded = launch.arguments().stream()
                .map(a -> a instanceof TensorMap t ? device.tensorMaps().encode(what, t.address(), t.sizes(), t.strides(), t.box(), t.steps()) : a).toList();
        arguments = new KernelArguments(what, encoded);
    }

    /** @param overlaps whether it may begin before the launch before it has ended: another launch, and nothing else, captured in the same graph */
    void run(boolean overlaps) {
        before.run();
        if (overlaps) {
            if (overlapping == null) {
                overlapping = new LaunchConfig(launch.gridX(), launch.gridY(), launch.gridZ(), launch.block(), launch.sharedBytes(), device.stream(), true);
            }
            device.foreign().launch(what, function, overlapping, arguments);
        } else {
            Driver.launch(what, function, launch.gridX(), launch.gridY(), launch.gridZ(), launch.block(), launch.sharedBytes(), device.stream(), arguments);
        }
    }
}
