package sirocco.cuda;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import sirocco.api.Availability;
import sirocco.api.Backend;
import sirocco.api.Device;
import sirocco.api.KernelChoices;
import sirocco.api.Settings;
import sirocco.api.Tuning;
import sirocco.cuda.kernel.KernelFactory;
import sirocco.cuda.kernel.KernelRule;

/** NVIDIA GPUs, by hand-written kernels. */
public final class CudaBackend implements Backend {
    @Override
    public String name() {
        return "cuda";
    }

    /** Above the CPU; an emulated device is for tests and never taken by itself. */
    @Override
    public int priority() {
        return Probe.answer().emulated() ? -1 : 100;
    }

    @Override
    public Availability probe() {
        return Probe.answer().availability();
    }

    @Override
    public Optional<String> kernelsProperty() {
        return Optional.of(KernelRule.PROPERTY);
    }

    @Override
    public Map<String, List<String>> kernelVariants() {
        return KernelFactory.variants();
    }

    /**
     * @throws IllegalArgumentException for a device that there is not, or that the kernels do not run on
     * @throws IllegalStateException where the probe says no
     */
    @Override
    public Device open(Settings settings) {
        Probe.Answer answer = Probe.answer();
        if (!answer.availability().available()) {
            throw new IllegalStateException("cuda: " + answer.availability());
        }
        List<Probe.Gpu> devices = answer.devices();
        if (settings.device() >= devices.size()) {
            throw new IllegalArgumentException("cuda: device " + settings.device() + " is not there; there " + (devices.size() == 1 ? "is " : "are ")
                    + Probe.numbered(devices));
        }
        Availability usable = answer.each().get(settings.device());
        if (!usable.available()) {
            throw new IllegalArgumentException("cuda: device " + settings.device() + " is " + usable);
        }
        Probe.Gpu gpu = devices.get(settings.device());
        Tuning.Key key = new Tuning.Key(name(), gpu.name(), settings.precision());
        return new CudaDevice(gpu, settings, KernelChoices.of(this, settings.tuning(), key));
    }
}
