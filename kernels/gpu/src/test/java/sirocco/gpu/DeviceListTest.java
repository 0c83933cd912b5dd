package sirocco.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import sirocco.api.Availability;

class DeviceListTest {
    private static final Availability YES = Availability.yes("");

    @Test
    void aNumberSelects() {
        assertEquals("B", DeviceList.select("x", YES, List.of("A", "B"), 1));
    }

    @Test
    void anErrorListsTheDevices() {
        assertEquals("x: device 2 is not there; there are device 0: A, device 1: B",
                assertThrows(IllegalArgumentException.class, () -> DeviceList.select("x", YES, List.of("A", "B"), 2)).getMessage());
        assertEquals("x: device 1 is not there; there is A",
                assertThrows(IllegalArgumentException.class, () -> DeviceList.select("x", YES, List.of("A"), 1)).getMessage());
        Availability no = Availability.no("it has no driver", "install one");
        assertEquals("x: unavailable, because it has no driver; install one",
                assertThrows(IllegalStateException.class, () -> DeviceList.select("x", no, List.of(), 0)).getMessage());
    }
}
