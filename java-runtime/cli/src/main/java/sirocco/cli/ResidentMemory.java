package sirocco.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** How much of the machine's memory this process takes. */
final class ResidentMemory {
    private static final Path STATUS = Path.of("/proc/self/status");

    private ResidentMemory() { }

    /** Returns the most bytes that this process has had in memory so far; empty where the operating system does not say, which Linux does. */
    static OptionalLong peakBytes() {
        try {
            return Files.readAllLines(STATUS).stream().filter(line -> line.startsWith("VmHWM:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10).findFirst();
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }
}
