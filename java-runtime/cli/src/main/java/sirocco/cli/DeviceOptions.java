package sirocco.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
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
        return open(out, new Place(chosen(), device, precision), backend.equals("auto") ? " (auto)" : "");
    }

    /** What is chosen, and what is to be measured beside it. */
    List<Place> places(List<String> beside) {
        return Stream.concat(Stream.of(new Place(chosen(), device, precision)), beside.stream().map(text -> Place.parse(text, precision))).distinct().toList();
    }

    /**
     * The same of any backend's device, with as many threads.
     *
     * @throws IllegalArgumentException if it refuses
     */
    Device open(PrintWriter out, Place place) throws IOException {
        try {
            return open(out, place, "");
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(e.getMessage() + " (each of --beside can have a device and a precision of its own, as " + place.backend() + ":0:f32)", e);
        }
    }

    private Device open(PrintWriter out, Place place, String how) throws IOException {
        Backend of = Backends.choose(place.backend());
        Device opened = of.open(new Settings(threads, place.device(), place.precision(), tuning != null || of.kernelsProperty().isPresent() ? tuning() : Tuning.NONE));
        out.println("backend " + of.name() + how + ": " + opened.describe());
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
            throw new IllegalArgumentException("backend " + chosen.name() + " has no variants to try: " + chosen.whyNoChoice());
        }
        return all;
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
}
