package sirocco.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;
import sirocco.api.Backend;
import sirocco.api.Backends;
import sirocco.api.Device;
import sirocco.api.Settings;
import sirocco.api.Tuning;
import sirocco.tune.TuningFile;

/** Where to compute. */
public final class DeviceOptions {
    /** As in training. */
    private static final int LARGEST_BATCH = 1 << 16;
    private static final Path NO_TUNING = Path.of("none");

    @Option(names = "--backend", defaultValue = "auto", paramLabel = "NAME",
            description = "auto, or a backend by name (sirocco info lists them); default: ${DEFAULT-VALUE}")
    String backend;

    @Option(names = "--device", defaultValue = "0", paramLabel = "N", description = "which of the backend's devices; default: ${DEFAULT-VALUE}")
    int device;

    @Option(names = "--threads", defaultValue = "0", paramLabel = "N", description = "CPU threads; 0, the default: one per processor")
    int threads;

    @Option(names = "--precision", defaultValue = "f32", paramLabel = "TYPE", description = "${COMPLETION-CANDIDATES}; default: ${DEFAULT-VALUE}")
    Settings.Precision precision;

    @Option(names = "--tuning", paramLabel = "FILE",
            description = "which kernels are the fastest here, as sirocco tune has found; none: take no notice; default: the file that tune writes, if it is there")
    Path tuning;

    /** @throws IllegalArgumentException for a batch that no one means */
    static void checkBatch(int batch) {
        if (batch < 1 || batch > LARGEST_BATCH) {
            throw new IllegalArgumentException("batch: expected 1 to " + LARGEST_BATCH + ", got " + batch);
        }
    }

    /** As it was asked for: a name, or auto. */
    public String backend() {
        return backend;
    }

    /** The backend that is taken, by name. */
    String chosen() {
        return Backends.choose(backend).name();
    }

    public Settings.Precision precision() {
        return precision;
    }

    /** Opens the device and says which in one line. */
    public Device open(PrintWriter out) throws IOException {
        Backend chosen = Backends.choose(backend);
        Device opened = chosen.open(new Settings(threads, device, precision, tuning != null || chosen.kernelsProperty().isPresent() ? tuning() : Tuning.NONE));
        out.println("backend " + chosen.name() + (backend.equals("auto") ? " (auto)" : "") + ": " + opened.describe());
        out.flush();
        return opened;
    }

    private Tuning tuning() throws IOException {
        if (tuning != null) {
            return tuning.equals(NO_TUNING) ? Tuning.NONE : TuningFile.read(tuning);
        }
        Path standard = TuningFile.standard();
        return Files.exists(standard) ? TuningFile.read(standard) : Tuning.NONE;
    }

    /**
     * Every variant of a kernel that the backend can be asked for, as op=variant.
     *
     * @throws IllegalArgumentException if it leaves no choice
     */
    public List<String> variants() {
        Backend chosen = Backends.choose(backend);
        List<String> all = chosen.kernelVariants().entrySet().stream().sorted(Map.Entry.comparingByKey())
                .flatMap(e -> e.getValue().stream().map(v -> e.getKey() + "=" + v)).toList();
        if (all.isEmpty()) {
            throw new IllegalArgumentException("backend " + chosen.name() + " has one kernel for each op and shape, so there are no variants to try; choose a "
                    + "--backend with variants, as cuda");
        }
        return all;
    }

    /** Opens another backend's device, with as many threads and the same precision. */
    Device openOther(String name) {
        return Backends.choose(name).open(new Settings(threads, device, precision));
    }

    /**
     * Opens the device with one of {@link #variants} taken wherever it fits, and no tuning.
     *
     * @param variant empty for the backend's own choice
     */
    public Device open(String variant) {
        Backend chosen = Backends.choose(backend);
        String property = chosen.kernelsProperty().orElseThrow();
        String before = System.getProperty(property);
        System.setProperty(property, variant);
        try {
            return chosen.open(new Settings(threads, device, precision));
        } finally {
            if (before == null) {
                System.clearProperty(property);
            } else {
                System.setProperty(property, before);
            }
        }
    }

    /**
     * The same with kernels by choice.
     *
     * @param variants op=variant each
     * @throws IllegalArgumentException if the backend leaves no choice, or has no such variant
     */
    Device open(PrintWriter out, List<String> variants) throws IOException {
        if (!variants.isEmpty()) {
            Backend chosen = Backends.choose(backend);
            String property = chosen.kernelsProperty().orElseThrow(() -> new IllegalArgumentException("--kernel: backend " + chosen.name()
                    + " has one kernel for each op and shape, got " + variants + "; leave it out, or choose a --backend with variants, as cuda"));
            System.setProperty(property, String.join(",", variants));
        }
        return open(out);
    }
}
