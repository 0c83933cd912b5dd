package sirocco.cuda;

import java.util.Optional;
import java.util.function.Consumer;
import sirocco.cuda.driver.CudaException;
import sirocco.cuda.driver.DeviceMemory;
import sirocco.cuda.driver.ForeignDriver;
import sirocco.cuda.driver.KernelHandle;

/**
 * Whether a device walks loops by itself, by conditional nodes of a graph. Where it does not, everything works all the same, with a launch for
 * each run.
 */
final class LoopSupport {
    /** A system property: false to launch each run from the host. */
    static final String PROPERTY = "sirocco.cuda.loops";

    private KernelHandle end;
    private String missing;

    /**
     * The context must be current.
     *
     * @param kernels loop_end among them, in a module of its own, which only a driver with conditional graph nodes loads
     */
    LoopSupport(String what, ForeignDriver driver, Modules kernels) {
        if (!Boolean.parseBoolean(System.getProperty(PROPERTY, "true"))) {
            missing = "-D" + PROPERTY + "=false";
        } else if (!driver.hasConditionalNodes()) {
            missing = "the driver has no conditional graph nodes; CUDA 12.4 has them";
        } else {
            try {
                end = kernels.kernel(what, "loop_end", 0);
            } catch (CudaException e) {
                missing = e.getMessage();
            }
        }
    }

    /** Why there are none; empty where there are. */
    Optional<String> missing() {
        return Optional.ofNullable(missing);
    }

    /**
     * A {@linkplain Loop loop}; empty where there are none. If one cannot be made, no other is tried.
     *
     * @param body see {@link Loop}
     */
    Optional<Loop> loop(CudaDevice device, DeviceMemory counter, Consumer<Boolean> body) {
        if (missing == null) {
            try {
                return Optional.of(device.overlap().make(Overlap.Graph.LOOP, overlap -> new Loop(device, end, counter, overlap, body)));
            } catch (CudaException e) {
                missing = e.getMessage();
                System.getLogger(LoopSupport.class.getName()).log(System.Logger.Level.WARNING,
                        "cuda: a plan cannot be run as a loop; its steps are launched one by one: " + missing);
            }
        }
        return Optional.empty();
    }
}
