package sirocco.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;
import sirocco.api.Availability;
import sirocco.api.Settings;

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
    void aDeviceThatThereIsNotListsThose() {
        assumeTrue(answer.available(), answer::toString);
        String message = assertThrows(IllegalArgumentException.class, () -> backend.open(new Settings(0, 999, Settings.Precision.F32))).getMessage();
        assertTrue(message.contains("999") && message.contains(Probe.answer().devices().getFirst().toString()), message);
    }

    @Test
    void aPrecisionThatItLacksIsRefused() {
        assumeTrue(answer.available(), answer::toString);
        for (Settings.Precision p : new Settings.Precision[] {Settings.Precision.BF16, Settings.Precision.TF32}) {
            String message = assertThrows(IllegalArgumentException.class, () -> backend.open(new Settings(0, 0, p))).getMessage();
            assertTrue(message.contains(p.name()) && message.contains("F32"), message);
        }
    }

    /** By itself it is for GPUs only: on a CPU the plain Java backend is faster. */
    @Test
    void autoTakesItOnGpusOnly() {
        assertEquals(Probe.answer().devices().stream().anyMatch(Probe.Found::isGpu), backend.priority() >= 0);
    }
}
