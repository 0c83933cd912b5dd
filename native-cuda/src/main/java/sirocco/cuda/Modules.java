package sirocco.cuda;

import java.util.HashMap;
import java.util.Map;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import sirocco.cuda.driver.Driver;
import sirocco.cuda.driver.Holdings;
import sirocco.cuda.driver.KernelHandle;

/** The kernels of a device. A module is loaded when its first kernel is asked for, into the context that is current then. */
final class Modules {
    /** Any image will do where the kernels are part of the driver, as in the emulated one. */
    private static final byte[] NO_IMAGE = {0};

    private final String what;
    private final boolean emulated;
    private final Map<String, CUmodule> modules = new HashMap<>();
    private final Map<String, KernelHandle> kernels = new HashMap<>();
    private final Holdings held = new Holdings();

    /** @param what whose they are, for errors */
    Modules(String what, Probe.Gpu gpu) {
        this.what = what;
        emulated = gpu.emulated();
    }

    /**
     * A kernel, which may have so much shared memory from now on.
     *
     * @param what who asks, for errors
     * @param sharedBytes dynamic shared memory that launches will ask for
     * @throws IllegalStateException if there is no kernel of this name
     */
    KernelHandle kernel(String what, String name, int sharedBytes) {
        return kernels.computeIfAbsent(name + "/" + sharedBytes, _ -> Driver.function(what, module(name), name, sharedBytes));
    }

    private CUmodule module(String kernel) {
        String name = emulated ? "the emulated driver" : Fatbin.modules().get(kernel);
        if (name == null) {
            throw new IllegalStateException("cuda: this build has no kernel " + kernel + "; build again with build-scripts/cuda");
        }
        return modules.computeIfAbsent(name, this::load);
    }

    private CUmodule load(String name) {
        byte[] image = emulated ? NO_IMAGE : Fatbin.image(name);
        return held.hold(Driver.load(what + ", kernels of " + name, image), m -> Driver.unload(what, m));
    }

    /** Unloads them all. The context must be current. */
    void close() {
        held.close();
    }
}
