package sirocco.cuda.driver;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A GPU's sensors, by NVML (libnvidia-ml.so.1, part of the driver) through java.lang.foreign. What a GPU does not measure is left out, and so is
 * everything where there is no such library.
 */
public final class Nvml {
    private static final String LIBRARY = "libnvidia-ml.so.1";
    private static final int SUCCESS = 0;
    private static final int BUS_ID_BYTES = 32;

    /** nvmlClockType_t, nvmlTemperatureSensors_t */
    private static final int SM_CLOCK = 1;
    private static final int MEMORY_CLOCK = 2;
    private static final int GPU_SENSOR = 0;
    private static final double WATTS_PER_UNIT = 1e-3;

    private final SymbolLookup symbols;
    private final MemorySegment device;

    private Nvml(SymbolLookup symbols, MemorySegment device) {
        this.symbols = symbols;
        this.device = device;
    }

    /**
     * Opens the sensors of a device.
     *
     * @param driver whose devices are counted
     * @param ordinal of the device; NVML counts devices that CUDA_VISIBLE_DEVICES hides too, so it is found by its place on the bus
     */
    public static Optional<Nvml> open(DriverLibrary driver, int ordinal) {
        // A driver that was named brings its own.
        String named = System.getProperty(DriverLibrary.PATH_PROPERTY, "");
        try (Arena arena = Arena.ofConfined()) {
            SymbolLookup symbols = SymbolLookup.libraryLookup(named.isEmpty() ? LIBRARY : named, Arena.global());
            MemorySegment id = arena.allocate(BUS_ID_BYTES);
            MemorySegment handle = arena.allocate(ADDRESS);
            Optional<MethodHandle> busId = driver.find("cuDeviceGetPCIBusId", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
            Optional<MethodHandle> init = find(symbols, "nvmlInit_v2", FunctionDescriptor.of(JAVA_INT));
            Optional<MethodHandle> find = find(symbols, "nvmlDeviceGetHandleByPciBusId_v2", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
            if (busId.isEmpty() || init.isEmpty() || find.isEmpty() || (int) busId.get().invokeExact(id, BUS_ID_BYTES, ordinal) != SUCCESS
                    || (int) init.get().invokeExact() != SUCCESS || (int) find.get().invokeExact(id, handle) != SUCCESS) {
                return Optional.empty();
            }
            return Optional.of(new Nvml(symbols, handle.get(ADDRESS, 0)));
        } catch (IllegalArgumentException e) { // no such library
            return Optional.empty();
        } catch (Throwable e) {
            throw new IllegalStateException("NVML: " + e, e); // what invokeExact declares: these functions throw nothing
        }
    }

    private static Optional<MethodHandle> find(SymbolLookup symbols, String name, FunctionDescriptor type) {
        return symbols.find(name).map(at -> Linker.nativeLinker().downcallHandle(at, type));
    }

    /** Reads the clocks in MHz, the temperature in °C and the power in W. */
    public Map<String, Double> read() {
        Map<String, Double> readings = new LinkedHashMap<>();
        read("sm_mhz", "nvmlDeviceGetClockInfo", SM_CLOCK, readings);
        read("memory_mhz", "nvmlDeviceGetClockInfo", MEMORY_CLOCK, readings);
        read("celsius", "nvmlDeviceGetTemperature", GPU_SENSOR, readings);
        power(readings);
        return readings;
    }

    private void read(String name, String function, int which, Map<String, Double> readings) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(JAVA_INT);
            Optional<MethodHandle> f = find(symbols, function, FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS));
            if (f.isPresent() && (int) f.get().invokeExact(device, which, value) == SUCCESS) {
                readings.put(name, (double) value.get(JAVA_INT, 0));
            }
        } catch (Throwable e) {
            throw new IllegalStateException("NVML: " + e, e);
        }
    }

    private void power(Map<String, Double> readings) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(JAVA_INT);
            Optional<MethodHandle> f = find(symbols, "nvmlDeviceGetPowerUsage", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
            if (f.isPresent() && (int) f.get().invokeExact(device, value) == SUCCESS) {
                readings.put("watts", WATTS_PER_UNIT * value.get(JAVA_INT, 0));
            }
        } catch (Throwable e) {
            throw new IllegalStateException("NVML: " + e, e);
        }
    }
}
