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

    /** Kernels built by a toolkit of CUDA 13. */
    private static final int BUILT = 13000;
    private static final int NOT_BUILT = 0;

    private record Driver(int init, int version, List<Probe.Gpu> devices) implements Probe.Query { }

    private static Probe.Answer answer(int init, int version, int kernels, Probe.Gpu... devices) {
        return Probe.answer(Optional.of(new Driver(init, version, List.of(devices))), kernels);
    }

    private static void no(Probe.Answer answer, String because, String remedy) {
        Availability a = answer.availability();
        assertFalse(a.available(), a::toString);
        assertTrue(a.detail().contains(because), a::toString);
        assertTrue(a.remedy().contains(remedy), a::toString);
    }

    @Test
    void noDriver() {
        no(Probe.answer(Optional.empty(), BUILT), "there is no NVIDIA driver", "CUDA 13.0 or later");
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
    void driverOlderThanTheKernels() {
        no(answer(0, 12080, BUILT, H100), "too old: it serves CUDA 12.8, needed is 13.0", "update");
        assertTrue(answer(0, 12080, 12000, H100).availability().available());
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
        no(answer(0, 13000, BUILT, V100), "no kernel for this architecture: Tesla V100 (sm_70)", "Ampere");
        assertTrue(answer(0, 13000, BUILT, V100, H100).availability().available(), "another device will do");
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
