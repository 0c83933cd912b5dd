package sirocco.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import sirocco.api.Availability;
import sirocco.api.Settings;
import uk.ac.manchester.tornado.api.TornadoTargetDevice;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;

/** What the backend says of itself, with TornadoVM and without. */
class ProbeTest {
    private final TornadoBackend backend = new TornadoBackend();
    private final Availability answer = backend.probe();

    @Test
    void withoutTornadoVmItSaysWhyAndWhatToDo() {
        assumeFalse(answer.available(), "TornadoVM is here");
        assertFalse(answer.detail().isBlank());
        assertTrue(answer.remedy().contains("TORNADOVM_HOME"), answer::toString);
        assertTrue(backend.priority() < 0);
        assertTrue(assertThrows(IllegalStateException.class, () -> backend.open(Settings.DEFAULT)).getMessage().contains(answer.detail()));
    }

    @Test
    void anotherVersionThanTheBuildsIsNotUsed() throws IOException {
        assertEquals(Optional.empty(), Probe.otherVersion(Optional.of("5.2.0-jdk25"), "5.2.0-jdk25"));
        assertEquals(Optional.empty(), Probe.otherVersion(Optional.empty(), "5.2.0-jdk25"));
        Availability no = Probe.otherVersion(Optional.of("5.3.0-jdk25"), "5.2.0-jdk25").orElseThrow();
        assertFalse(no.available());
        assertTrue(no.detail().contains("has TornadoVM 5.3.0-jdk25, and this build is for 5.2.0-jdk25") && no.remedy().contains("-Dtornado.version=5.3.0-jdk25"), no::toString);
        assertTrue(Probe.versionBuiltFor().matches("\\d+\\.\\d+.*"), "written by Maven: " + Probe.versionBuiltFor());
    }

    @Test
    void aDeviceThatThereIsNotListsThose() {
        assumeTrue(answer.available(), answer::toString);
        String message = assertThrows(IllegalArgumentException.class, () -> backend.open(new Settings(0, 999, Settings.Precision.F32))).getMessage();
        assertTrue(message.contains("999") && message.contains(Probe.answer().devices().getFirst().toString()), message);
    }

    @Test
    void aPrecisionThatItLacksIsRefused() {
        assumeTrue(answer.available(), answer::toString);
        String message = assertThrows(IllegalArgumentException.class, () -> backend.open(new Settings(0, 0, Settings.Precision.TF32))).getMessage();
        assertTrue(message.contains("TF32") && message.contains("use F32"), message);
    }

    @Test
    void bf16IsRefusedWhereThereAreNoTensorCores() {
        assumeTrue(answer.available(), answer::toString);
        int device = IntStream.range(0, Probe.answer().devices().size()).filter(i -> !Probe.answer().devices().get(i).hasBf16()).findFirst().orElse(-1);
        assumeTrue(device >= 0, () -> "every device has them: " + answer);
        String message = assertThrows(IllegalArgumentException.class, () -> backend.open(new Settings(0, device, Settings.Precision.BF16))).getMessage();
        for (String part : List.of("BF16", "compute capability 8.0", Probe.answer().devices().get(device).toString(), "use F32")) {
            assertTrue(message.contains(part), message);
        }
    }

    @Test
    void handTunedKernelsAreRefusedWhereThereAreNone() {
        assumeTrue(answer.available(), answer::toString);
        assumeTrue(Probe.answer().devices().stream().noneMatch(Probe.Found::isCuda), () -> "TornadoVM's CUDA backend is here: " + answer);
        assertTrue(backend.kernelsProperty().isEmpty());
        String why = "only on an NVIDIA device that TornadoVM's CUDA backend drives";
        assertTrue(backend.whyNoChoice().contains(why), backend.whyNoChoice());
        System.setProperty(Choice.PROPERTY, "silu=cuda");
        try {
            String message = assertThrows(IllegalArgumentException.class, () -> backend.open(Settings.DEFAULT)).getMessage();
            assertTrue(message.contains(why) && message.contains(Probe.answer().devices().getFirst().toString()), message);
            System.setProperty(Choice.PROPERTY, "*=tornado");
            backend.open(Settings.DEFAULT).close();
        } finally {
            System.clearProperty(Choice.PROPERTY);
        }
    }

    @Test
    void computeCapabilityIsReadFromWhatTornadoVmTells() {
        assertEquals(90, Probe.Found.computeCapability("Device vendor    : NVIDIA\nDevice version   : CUDA 9.0\nDriver version   : 13.0\n"));
        assertEquals(75, Probe.Found.computeCapability("Device version   : CUDA 7.5\n"));
        assertEquals(120, Probe.Found.computeCapability("Device version   : CUDA 12.0\n"));
        assertEquals(0, Probe.Found.computeCapability("Device version   : OpenCL 3.0 PoCL\n"));
    }

    /** By itself it is for GPUs only: on a CPU the plain Java backend is faster. */
    @Test
    void autoTakesItOnGpusOnly() {
        assertEquals(Probe.answer().devices().stream().anyMatch(Probe.Found::isGpu), backend.priority() >= 0);
    }

    /** As PoCL, an NVIDIA GPU by OpenCL and by CUDA, an AMD GPU, and a second of NVIDIA's would be found. */
    @Test
    void theFirstDeviceIsTheBestOne() {
        List<Probe.Found> found = List.of(fake("OPENCL", 0, TornadoDeviceType.CPU), fake("OPENCL", 1, TornadoDeviceType.GPU), fake("OPENCL", 2, TornadoDeviceType.GPU),
                fake("CUDA", 0, TornadoDeviceType.GPU), fake("CUDA", 1, TornadoDeviceType.GPU));
        assertEquals(List.of("CUDA 0 GPU (CUDA)", "CUDA 1 GPU (CUDA)", "OPENCL 1 GPU (OPENCL)", "OPENCL 2 GPU (OPENCL)", "OPENCL 0 CPU (OPENCL)"),
                Probe.ordered(found).stream().map(Probe.Found::toString).toList());
    }

    private static Probe.Found fake(String driver, int ordinal, TornadoDeviceType type) {
        TornadoTargetDevice physical = proxy(TornadoTargetDevice.class, Map.of("getDeviceName", driver + " " + ordinal + " " + type));
        return new Probe.Found(driver, ordinal, proxy(TornadoDevice.class, Map.of("getDeviceType", type, "getPhysicalDevice", physical)));
    }

    private static <T> T proxy(Class<T> type, Map<String, Object> answers) {
        return type.cast(Proxy.newProxyInstance(ProbeTest.class.getClassLoader(), new Class<?>[] {type}, (_, method, _) -> answers.get(method.getName())));
    }
}
