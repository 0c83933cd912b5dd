package sirocco.tornado;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import sirocco.api.Availability;
import sirocco.api.Backend;
import sirocco.api.Device;
import sirocco.api.KernelChoices;
import sirocco.api.Settings;
import sirocco.api.Tuning;
import sirocco.gpu.DeviceList;

/** Whatever TornadoVM drives: GPUs of AMD, Intel, Apple and NVIDIA, and CPUs through OpenCL. Its kernels are Java. */
public final class TornadoBackend implements Backend {
    static final String NAME = "tornado";

    private static final String CHOICE_NEEDS = "it has hand-tuned kernels to choose only on an NVIDIA device that TornadoVM's CUDA backend drives";

    @Override
    public String name() {
        return NAME;
    }

    /**
     * Above the CPU on a GPU, below the kernels made for one kind of GPU; never by itself on a CPU, where ours in plain Java are faster. The first
     * device decides, which is the one that {@code auto} opens.
     */
    @Override
    public int priority() {
        return Probe.answer().devices().stream().findFirst().filter(Probe.Found::isGpu).isPresent() ? 50 : -1;
    }

    @Override
    public Availability probe() {
        return Probe.answer().availability();
    }

    @Override
    public Optional<String> kernelsProperty() {
        return leavesChoice() ? Optional.of(Choice.PROPERTY) : Optional.empty();
    }

    @Override
    public String whyNoChoice() {
        return CHOICE_NEEDS + ", and " + DeviceList.thereAre(Probe.answer().devices()) + "; elsewhere its own kernels compute everything";
    }

    @Override
    public Map<String, List<String>> kernelVariants() {
        return leavesChoice() ? Choice.variants() : Map.of();
    }

    /** On NVIDIA devices that TornadoVM's CUDA backend drives; elsewhere its own kernels are all there is. */
    private static boolean leavesChoice() {
        return Probe.answer().devices().stream().anyMatch(Probe.Found::isCuda);
    }

    /**
     * @throws IllegalArgumentException for a device that there is not, or a precision or kernels that it lacks
     * @throws IllegalStateException where the probe says no
     */
    @Override
    public Device open(Settings settings) {
        Probe.Answer answer = Probe.answer();
        Probe.Found found = DeviceList.select(NAME, answer.availability(), answer.devices(), settings.device());
        checkPrecision(found, settings.precision());
        Choice choice = new Choice(KernelChoices.of(Choice.PROPERTY, System.getProperty(Choice.PROPERTY, ""), Choice.variants(), settings.tuning(),
                new Tuning.Key(name(), found.name(), settings.precision())), settings.precision());
        if (!found.isCuda() && choice.asksForHandTuned()) {
            throw new IllegalArgumentException("tornado: " + Choice.PROPERTY + "=" + System.getProperty(Choice.PROPERTY) + ": " + CHOICE_NEEDS + ", and device "
                    + settings.device() + " is " + found);
        }
        return new TornadoVmDevice(found, settings, choice);
    }

    private static void checkPrecision(Probe.Found found, Settings.Precision precision) {
        if (precision == Settings.Precision.TF32) {
            throw new IllegalArgumentException("tornado: precision TF32 is not there, TornadoVM has no product of such numbers; use F32, BF16 on an NVIDIA GPU, "
                    + "or --backend cuda");
        }
        if (precision == Settings.Precision.BF16 && !found.hasBf16()) {
            throw new IllegalArgumentException(("tornado: precision BF16 needs TornadoVM's CUDA backend and an NVIDIA GPU of compute capability 8.0 or higher; "
                    + "%s is %s; use F32").formatted(found, found.isCuda() ? "of " + found.computeCapability() / 10.0 : "driven by another backend"));
        }
    }
}
