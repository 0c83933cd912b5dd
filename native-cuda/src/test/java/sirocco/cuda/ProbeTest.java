package sirocco.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import sirocco.api.Availability;

/** What the probe says to each kind of machine. */
class ProbeTest {
    private static final Probe.Gpu H100 = new Probe.Gpu("NVIDIA H100", 90);
    private static final Probe.Gpu V100 = new Probe.Gpu("Tesla V100", 70);
    private static final Probe.Gpu EMULATED = new Probe.Gpu("emulated device", 80);

    private static final Probe.Gpu B200 = new Probe.Gpu("NVIDIA B200", 100);

    /** Kernels built by the toolkit of CUDA 13.1. */
    private static final int BUILT = 13010;
    private static final int NOT_BUILT = 0;

    private record Driver(int init, int version, List<Probe.Gpu> devices) implements Probe.Query { }

    private static Probe.Answer answer(int init, int version, int toolkit, Probe.Gpu... devices) {
        return Probe.answer(Optional.of(new Driver(init, version, List.of(devices))), toolkit);
    }

    private static void no(Probe.Answer answer, String because, String remedy) {
        Availability a = answer.availability();
        assertFalse(a.available(), a::toString);
        assertTrue(a.detail().contains(because), a::toString);
        assertTrue(a.remedy().contains(remedy), a::toString);
    }

    @Test
    void noDriver() {
        no(Probe.answer(Optional.empty(), BUILT), "there is no NVIDIA driver", "CUDA 13.1 or later");
    }

    @Test
    void noDriverAndNoKernels() {
        no(Probe.answer(Optional.empty(), NOT_BUILT), "built without nvcc", "CUDA toolkit");
    }

    @Test
    void driverOlderThanTheBinding() {
        no(answer(0, 12040, NOT_BUILT, H100), "too old: it serves CUDA 12.4, needed is 12.6", "update");
    }

    @Test
    void driverOlderThanTheBindingAndTheKernels() {
        no(answer(0, 12040, BUILT, H100), "too old: it serves CUDA 12.4, needed is 13.0", "update");
    }

    @Test
    void driverOfAnOlderMajorVersionThanTheKernels() {
        no(answer(0, 12080, BUILT, H100), "too old: it serves CUDA 12.8, needed is 13.0", "update");
        no(answer(0, 12080, BUILT, V100, H100), "needed is 13.0 (here: device 0: Tesla V100 (sm_70), device 1: NVIDIA H100 (sm_90))", "update");
    }

    /** Minor version compatibility is machine code's; PTX is compiled by the driver. */
    @Test
    void driverOfAnOlderMinorVersionThanTheKernels() {
        assertTrue(answer(0, 13000, BUILT, H100).availability().available());
        no(answer(0, 13000, BUILT, B200), "needed is 13.1, to compile the kernels for NVIDIA B200 (sm_100)", "update");
        assertTrue(answer(0, 13010, BUILT, B200).availability().available());
        assertTrue(answer(0, 14000, BUILT, B200).availability().available());
    }

    /** Only some of the devices can be used. */
    @Test
    void eachDeviceForItself() {
        Probe.Answer a = answer(0, 13000, BUILT, V100, H100, B200);
        assertTrue(a.availability().available());
        assertEquals(List.of(false, true, false), a.each().stream().map(Availability::available).toList());
        assertTrue(a.each().getFirst().detail().contains("no kernel for the architecture of Tesla V100"), a.each()::toString);
    }

    @Test
    void aDriverNewerThanTheKernels() {
        assertTrue(answer(0, 12080, 12000, H100).availability().available());
        assertTrue(answer(0, 13000, 12080, B200).availability().available());
    }

    @Test
    void noDevice() {
        no(answer(100, 13000, BUILT), "no device", "nvidia-smi");
        no(answer(0, 13000, BUILT), "no device", "CUDA_VISIBLE_DEVICES");
    }

    @Test
    void driverThatDoesNotStart() {
        no(answer(999, 13000, BUILT), "error 999", "nvidia-smi");
    }

    @Test
    void builtWithoutNvcc() {
        no(answer(0, 13000, NOT_BUILT, H100), "built without nvcc", "CUDA toolkit");
    }

    @Test
    void noKernelForThisArchitecture() {
        no(answer(0, 13000, BUILT, V100), "no kernel for the architecture of Tesla V100 (sm_70), needed is sm_80", "Ampere");
    }

    @Test
    void aGpuThatWillDo() {
        Probe.Answer a = answer(0, 13000, BUILT, H100);
        assertTrue(a.availability().available());
        assertTrue(a.availability().detail().contains("NVIDIA H100 (sm_90)") && a.availability().detail().contains("13.0"), a.availability().detail());
        assertEquals(List.of(H100), a.devices());
        assertFalse(a.emulated());
    }

    /** Its kernels are built in, so it needs no fatbin. */
    @Test
    void anEmulatedDevice() {
        Probe.Answer a = answer(0, 13000, NOT_BUILT, EMULATED);
        assertTrue(a.availability().available() && a.emulated());
        assertTrue(a.availability().detail().contains("emulated"), a.availability().detail());
        assertTrue(Emulated.backend().priority() < 0, "auto must not take it");
    }
}
