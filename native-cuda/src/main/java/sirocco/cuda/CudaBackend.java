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
import sirocco.gpu.DeviceList;

/** NVIDIA GPUs, by hand-written kernels. */
public final class CudaBackend implements Backend {
    static final String NAME = "cuda";

    @Override
    public String name() {
        return NAME;
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
        Probe.Gpu gpu = DeviceList.select(name(), answer.availability(), answer.devices(), settings.device());
        Availability usable = answer.each().get(settings.device());
        if (!usable.available()) {
            throw new IllegalArgumentException("cuda: device " + settings.device() + " is " + usable);
        }
        Tuning.Key key = new Tuning.Key(name(), gpu.name(), settings.precision());
        return new CudaDevice(gpu, settings, KernelChoices.of(this, settings.tuning(), key));
    }
}
