package sirocco.gpu;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import sirocco.api.Availability;

/** The devices that a backend has found, by their numbers. */
public final class DeviceList {
    private DeviceList() { }

    /**
     * Returns the device with this number.
     *
     * @param backend the backend's name, for errors
     * @throws IllegalStateException if the backend is not available
     * @throws IllegalArgumentException if no device has the number
     */
    public static <D> D select(String backend, Availability availability, List<D> devices, int number) {
        if (!availability.available()) {
            throw new IllegalStateException(backend + ": " + availability);
        }
        if (number >= devices.size()) {
            throw new IllegalArgumentException(backend + ": device " + number + " is not there; " + thereAre(devices));
        }
        return devices.get(number);
    }

    /** Returns a clause that lists them: there is X, or there are device 0: X, device 1: Y. */
    public static String thereAre(List<?> devices) {
        return (devices.size() == 1 ? "there is " : "there are ") + numbered(devices);
    }

    /** Returns the devices, each with its number if there are several. */
    public static String numbered(List<?> devices) {
        return devices.size() == 1 ? devices.getFirst().toString()
                : IntStream.range(0, devices.size()).mapToObj(i -> "device " + i + ": " + devices.get(i)).collect(Collectors.joining(", "));
    }
}
