package sirocco.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import sirocco.cuda.driver.DriverLibrary;
import sirocco.cuda.driver.Nvml;

/** A GPU's sensors by java.lang.foreign, on the emulated driver, which answers for NVML. */
class ReadingsTest {
    @Test
    void readsWhatTheDeviceMeasures() {
        try (CudaDevice device = Emulated.device()) {
            assertEquals(Map.of("sm_mhz", 1001.0, "memory_mhz", 2001.0, "celsius", 40.0), device.readings(), "it has no sensor for its power");
        }
    }

    @Test
    void anUnknownDeviceHasNoSensors() {
        Emulated.backend();
        assertTrue(Nvml.open(DriverLibrary.open().orElseThrow(), 7).isEmpty());
    }
}
