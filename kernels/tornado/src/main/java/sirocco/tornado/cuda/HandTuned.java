package sirocco.tornado.cuda;

import java.util.List;
import sirocco.api.Availability;
import sirocco.api.KernelChoices;
import sirocco.api.Settings;
import sirocco.api.Step;
import sirocco.api.Tuning;
import sirocco.cuda.CudaBackend;
import sirocco.cuda.GuestKernels;
import sirocco.cuda.kernel.KernelFactory;
import sirocco.cuda.kernel.KernelRule;
import sirocco.cuda.kernel.Layout;
import sirocco.tornado.kernel.DeviceTask;
import sirocco.tornado.kernel.Kernel;
import sirocco.tornado.kernel.Launch;

/** The CUDA backend's kernels for steps of a plan that TornadoVM runs on an NVIDIA device: as library tasks, on the same two arrays and the same stream. */
public final class HandTuned {
    private final KernelFactory factory;

    /**
     * @param device the CUDA driver's ordinal
     * @param hardware its name
     * @param settings which variants of kernels were measured to be the fastest, for the CUDA backend on this hardware
     */
    public HandTuned(int device, String hardware, Settings settings) {
        CudaBackend cuda = new CudaBackend();
        Tuning.Key key = new Tuning.Key(cuda.name(), hardware, Settings.Precision.F32); // whatever others compute in: see Layout below
        factory = new KernelFactory(GuestKernels.target(device), new KernelRule(KernelChoices.of(cuda, settings.tuning(), key)), Layout.float32());
    }

    /** Whether there are kernels for a device of the CUDA driver. */
    public static Availability probe(int device) {
        return GuestKernels.probe(device);
    }

    public Kernel kernel(Step step) {
        sirocco.cuda.kernel.Kernel kernel = factory.of(step);
        String name = "cuda" + step.op().kind();
        return Kernel.of(places -> {
            HandTunedStep task = new HandTunedStep(step, kernel, places);
            return List.of(Launch.library(name, new DeviceTask.Library(task::bind, task)));
        }).withScratch((kernel.scratchBytes() + Float.BYTES - 1) / Float.BYTES).withAlgorithm(kernel.algorithm()).named("cuda").withFault(kernel.fault());
    }
}
