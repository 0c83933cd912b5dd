package sirocco.cuda;

import java.util.function.Function;
import sirocco.api.Availability;
import sirocco.api.KernelChoices;
import sirocco.api.Settings;
import sirocco.api.Step;
import sirocco.api.Tuning;
import sirocco.cuda.driver.Driver;
import sirocco.cuda.kernel.KernelFactory;
import sirocco.cuda.kernel.KernelRule;
import sirocco.cuda.kernel.Layout;
import sirocco.cuda.kernel.Target;
import sirocco.gpu.ExternalKernels;
import sirocco.gpu.ExternalStream;
import sirocco.gpu.PlannedKernel;

/** The hand-written CUDA kernels as a service. Found by {@link java.util.ServiceLoader}, so no class of JCuda is loaded before a device is probed. */
public final class CudaExternalKernels implements ExternalKernels {
    @Override
    public String backend() {
        return CudaBackend.NAME;
    }

    @Override
    public Availability probe(int device) {
        Probe.Answer answer = Probe.answer();
        if (!answer.availability().available()) {
            return answer.availability();
        }
        if (device >= answer.devices().size()) {
            return Availability.no("the CUDA driver has no device " + device, "see what nvidia-smi lists");
        }
        return answer.each().get(device);
    }

    /** Variants are chosen as on the CUDA backend, by its property and its measurements in float32. */
    @Override
    public Function<Step, PlannedKernel> planner(int device, String hardware, Settings settings) {
        String what = "cuda device " + device;
        Target target = CudaDevice.target(what, Driver.device(what, device), Probe.answer().devices().get(device), Settings.Precision.F32);
        Tuning.Key key = new Tuning.Key(backend(), hardware, Settings.Precision.F32); // whatever the framework's precision: values are float32
        return new KernelFactory(target, new KernelRule(KernelChoices.of(new CudaBackend(), settings.tuning(), key)), Layout.float32())::of;
    }

    @Override
    public ExternalStream attach(String what, int device, long context, long stream) {
        return new CudaExternalStream(what, device, context, stream);
    }
}
