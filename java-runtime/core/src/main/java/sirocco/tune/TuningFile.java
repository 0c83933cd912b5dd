package sirocco.tune;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import sirocco.api.Settings.Precision;
import sirocco.api.Tuning;
import sirocco.io.AtomicFiles;
import sirocco.io.JsonErrors;

/** {@link Tuning} as a JSON file, with the times that led to it. One file holds all devices that were measured. */
public final class TuningFile {
    private static final String FORMAT = "sirocco tuning 1";
    private static final long MAX_BYTES = 16 << 20;
    private static final JsonMapper JSON = JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS, DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES,
                    DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .defaultSetterInfo(JsonSetter.Value.forContentNulls(Nulls.FAIL)).enable(SerializationFeature.INDENT_OUTPUT).propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();

    /**
     * A variant that is faster than what the backend takes by itself.
     *
     * @param op {@link sirocco.api.Op#signature}
     * @param variant as the backend's property calls it
     * @param micros that it took
     * @param rule the backend's own choice, as plans note it
     * @param ruleMicros that this one took
     */
    public record Entry(String op, String variant, double micros, String rule, double ruleMicros) { }

    private record Contents(String format, List<OfDevice> devices) { }

    private record OfDevice(String backend, String hardware, String precision, List<Entry> ops) {
        Tuning.Key key(Path file) throws IOException {
            try {
                return new Tuning.Key(backend, hardware, Precision.valueOf(precision.toUpperCase(Locale.ROOT)));
            } catch (IllegalArgumentException e) {
                throw new IOException(file + ": precision \"" + precision + "\" of " + hardware + ", expected f32, tf32 or bf16", e);
            }
        }
    }

    private TuningFile() { }

    /** {@code tuning.json} where a user's programs keep what can be made again: in {@code $XDG_CACHE_HOME/sirocco}, or {@code ~/.cache/sirocco}. */
    public static Path standard() {
        String caches = System.getenv("XDG_CACHE_HOME");
        Path folder = caches == null || caches.isBlank() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(caches);
        return folder.resolve("sirocco").resolve("tuning.json");
    }

    /** @throws IOException if there is no such file, or it is not a tuning */
    public static Tuning read(Path file) throws IOException {
        Map<Tuning.Key, Map<String, String>> variants = new HashMap<>();
        entries(file).forEach((key, ops) -> {
            Map<String, String> chosen = new HashMap<>();
            ops.values().forEach(e -> chosen.put(e.op, e.variant));
            variants.put(key, chosen);
        });
        return new Tuning(variants);
    }

    /**
     * Takes new measurements of one device into a file, which need not be there yet. What it says of other devices and ops stays.
     *
     * @param measured the signatures of all ops that were measured: what was said of them before is forgotten
     * @param faster those of them for which a variant is faster than the backend's own choice
     */
    public static void update(Path file, Tuning.Key key, List<String> measured, List<Entry> faster) throws IOException {
        Map<Tuning.Key, Map<String, Entry>> all = Files.exists(file) ? entries(file) : new HashMap<>();
        Map<String, Entry> ops = all.computeIfAbsent(key, _ -> new HashMap<>());
        measured.forEach(ops::remove);
        faster.forEach(e -> ops.put(e.op, e));
        List<OfDevice> devices = new ArrayList<>();
        all.forEach((k, entries) -> devices.add(new OfDevice(k.backend(), k.hardware(), k.precision().name().toLowerCase(Locale.ROOT),
                entries.values().stream().sorted(Comparator.comparing(Entry::op)).toList())));
        devices.sort(Comparator.comparing(OfDevice::backend).thenComparing(OfDevice::hardware).thenComparing(OfDevice::precision));
        AtomicFiles.writeText(file, JSON.writeValueAsString(new Contents(FORMAT, devices)) + "\n");
    }

    private static Map<Tuning.Key, Map<String, Entry>> entries(Path file) throws IOException {
        long bytes = Files.size(file);
        if (bytes > MAX_BYTES) {
            throw new IOException(file + ": a tuning of " + bytes + " bytes; at most " + MAX_BYTES + " are read");
        }
        Contents contents;
        try {
            contents = JSON.readValue(Files.readAllBytes(file), Contents.class);
        } catch (JacksonException e) {
            throw new IOException(file + ": not a tuning: " + JsonErrors.describe(e) + "; sirocco tune makes one, --tuning none does without", e);
        }
        if (contents == null || !FORMAT.equals(contents.format)) {
            throw new IOException(file + ": format \"" + (contents == null ? null : contents.format) + "\", expected \"" + FORMAT + "\"; sirocco tune makes one");
        }
        Map<Tuning.Key, Map<String, Entry>> all = new HashMap<>();
        for (OfDevice device : contents.devices) {
            Map<String, Entry> ops = all.computeIfAbsent(device.key(file), _ -> new HashMap<>());
            device.ops.forEach(e -> ops.put(e.op, e));
        }
        return all;
    }
}
