package sirocco.tornado.cuda;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import sirocco.api.Availability;
import sirocco.api.Settings;
import sirocco.api.Step;
import sirocco.gpu.ExternalKernels;
import sirocco.gpu.PlannedKernel;
import sirocco.tornado.kernel.DeviceTask;
import sirocco.tornado.kernel.Kernel;
import sirocco.tornado.kernel.Launch;

/** The CUDA backend's kernels for steps of a plan that TornadoVM runs on an NVIDIA device: as library tasks, on the same two arrays and the same stream. */
public final class HandTuned {
    private static final String BACKEND = "cuda";

    private final Function<Step, PlannedKernel> planner;

    /**
     * @param device the CUDA driver's ordinal
     * @param hardware the device's name
     * @param settings have the measurements by which the CUDA backend chooses among its variants on this hardware
     */
    public HandTuned(int device, String hardware, Settings settings) {
        planner = kernels().planner(device, hardware, settings);
    }

    /** Returns whether there are kernels for a device of the CUDA driver. */
    public static Availability probe(int device) {
        return probe(ExternalKernels.of(BACKEND), device);
    }

    static Availability probe(Optional<ExternalKernels> kernels, int device) {
        return kernels.map(k -> k.probe(device))
                .orElseGet(() -> Availability.no("the class path does not have the CUDA backend", "add the module native-cuda to it"));
    }

    static ExternalKernels kernels() {
        return ExternalKernels.of(BACKEND).orElseThrow(() -> new IllegalStateException("tornado: " + probe(Optional.empty(), 0)));
    }

    public Kernel kernel(Step step) {
        PlannedKernel kernel = planner.apply(step);
        return Kernel.of(places -> {
            HandTunedStep task = new HandTunedStep(step, kernel, places);
            return List.of(Launch.library(BACKEND + step.op().kind(), new DeviceTask.Library(task::bind, task)));
        }).withScratch(Launch.ceilDiv(kernel.scratchBytes(), Float.BYTES)).withAlgorithm(kernel.algorithm()).named(BACKEND).withFault(kernel.fault());
    }
}
