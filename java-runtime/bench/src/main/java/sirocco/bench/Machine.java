package sirocco.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import jdk.incubator.vector.FloatVector;

/**
 * Where and with what a measurement was made.
 *
 * @param cpu model name
 * @param processors that the virtual machine sees
 * @param memory bytes of the machine
 * @param vectorBits of the widest vectors that Java uses
 * @param flags of the virtual machine
 * @param environment the variables that steer LibTorch's threads and kernels
 */
public record Machine(
        String cpu, int processors, long memory, int vectorBits, String os, String jdk, List<String> flags,
        Map<String, String> environment) {

    public static Machine here() {
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        Map<String, String> environment = new TreeMap<>();
        System.getenv().forEach((name, value) -> {
            if (name.startsWith("OMP_") || name.startsWith("GOMP_") || name.startsWith("KMP_") || name.startsWith("OPENBLAS_")
                    || name.startsWith("ONEDNN_")) {
                environment.put(name, value);
            }
        });
        return new Machine(
                cpuName(),
                Runtime.getRuntime().availableProcessors(),
                system.getTotalMemorySize(),
                FloatVector.SPECIES_PREFERRED.vectorBitSize(),
                System.getProperty("os.name") + " " + System.getProperty("os.arch"),
                System.getProperty("java.vendor") + " " + System.getProperty("java.runtime.version"),
                ManagementFactory.getRuntimeMXBean().getInputArguments().stream().filter(Machine::matters).toList(),
                environment);
    }

    /** Flags that name folders of this machine say nothing to others. */
    private static boolean matters(String flag) {
        return !flag.contains("/") && !flag.contains("\\");
    }

    /** A file name for this machine: its processor and their number. */
    public String slug() {
        return (cpu + " " + processors + " cores").toLowerCase(Locale.ROOT).replaceAll("\\([^)]*\\)", "").replaceAll("[^a-z0-9]+", "-");
    }

    private static String cpuName() {
        String name = null;
        try {
            name = lineOf(Files.readString(Path.of("/proc/cpuinfo")), "model name");
        } catch (IOException e) {
            try {
                Process sysctl = new ProcessBuilder("sysctl", "-n", "machdep.cpu.brand_string").start();
                name = new String(sysctl.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            } catch (IOException none) {
                name = System.getenv("PROCESSOR_IDENTIFIER");
            }
        }
        return name == null || name.isEmpty() ? "unknown " + System.getProperty("os.arch") + " processor" : name;
    }

    private static String lineOf(String cpuinfo, String key) {
        return cpuinfo.lines().filter(l -> l.startsWith(key)).map(l -> l.substring(l.indexOf(':') + 1).strip()).findFirst().orElse(null);
    }
}
