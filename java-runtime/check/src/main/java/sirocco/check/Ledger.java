package sirocco.check;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What gpu-check knows of its stages: {@code stages.json} in the work folder, how each one ended, and {@code durations.json}, how long each took on each
 * kind of hardware. The second outlives a run that begins anew.
 */
final class Ledger {
    static final String STAGES = "stages.json";
    static final String DURATIONS = "durations.json";
    private static final JsonMapper JSON = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

    /** How a stage ended. */
    enum State { DONE, FAILED, CUT_OFF, UNAVAILABLE, NOT_STARTED }

    /**
     * One stage.
     *
     * @param seconds that it took; a stage that resumes counts all of its calls
     * @param limit in seconds, of the last call in which it ran; 0 if it did not
     * @param exit status of the first of its commands that failed; 0 if none did
     * @param call the number of the call in which it ran last, from 1
     * @param progress whether the last call added to what was there
     * @param note what it lacks, or the last line of its log
     */
    record Entry(State state, double seconds, int limit, int exit, int call, boolean progress, String note) { }

    /** As in the file. */
    record Run(int calls, String hardware, Map<String, Entry> stages, Map<String, Integer> files) { }

    private final Path folder;
    private int calls;
    private String hardware = "";
    private final Map<String, Entry> stages = new LinkedHashMap<>();
    private final Map<String, Integer> files = new TreeMap<>();
    private final Map<String, Map<String, Double>> durations = new TreeMap<>();

    private Ledger(Path folder) {
        this.folder = folder;
    }

    /** Reads what a folder has; files that are missing or cut off count as empty. */
    static Ledger read(Path folder) throws IOException {
        Ledger ledger = new Ledger(folder);
        Run run = read(folder.resolve(STAGES), Run.class);
        if (run != null) {
            ledger.calls = run.calls;
            ledger.hardware = run.hardware == null ? "" : run.hardware;
            if (run.stages != null) {
                ledger.stages.putAll(run.stages);
            }
            if (run.files != null) {
                ledger.files.putAll(run.files);
            }
        }
        Durations known = read(folder.resolve(DURATIONS), Durations.class);
        if (known != null && known.seconds != null) {
            known.seconds.forEach((on, of) -> ledger.durations.put(on, new TreeMap<>(of)));
        }
        return ledger;
    }

    private record Durations(Map<String, Map<String, Double>> seconds) { }

    private static <T> T read(Path file, Class<T> type) throws IOException {
        try {
            return Files.exists(file) ? JSON.readValue(file.toFile(), type) : null;
        } catch (JacksonException e) {
            return null;
        }
    }

    /** Begins another call. */
    void begin() {
        calls++;
    }

    /** Which hardware this is, as durations are remembered by. */
    void on(String hardware) {
        this.hardware = hardware;
    }

    int calls() {
        return calls;
    }

    /** Stages that ended, whether well or not. */
    long ended() {
        return stages.values().stream().filter(e -> e.state != State.NOT_STARTED && e.state != State.CUT_OFF).count();
    }

    Map<String, Entry> stages() {
        return stages;
    }

    /** The entry of a stage; one that says nothing if there is none. */
    Entry of(String stage) {
        return stages.getOrDefault(stage, new Entry(State.NOT_STARTED, 0, 0, 0, 0, false, ""));
    }

    /** Seconds that the stage took on this hardware, or NaN if no run is remembered. */
    double remembered(String stage) {
        return durations.getOrDefault(hardware, Map.of()).getOrDefault(stage, Double.NaN);
    }

    /** The number of the call that wrote a file; 0 if no stage did. */
    int callOf(String file) {
        return files.getOrDefault(file, 0);
    }

    /** The same as {@link #note(String, Entry)}, with the files that the stage wrote. */
    void note(String stage, Entry entry, List<String> written) throws IOException {
        written.forEach(f -> files.put(f, entry.call));
        note(stage, entry);
    }

    /** Takes note of how a stage ended, and writes both files. */
    void note(String stage, Entry entry) throws IOException {
        stages.put(stage, entry);
        switch (entry.state) {
            case DONE, FAILED -> durations.computeIfAbsent(hardware, _ -> new TreeMap<>()).put(stage, entry.seconds);
            // It takes longer than this: how much is not known.
            case CUT_OFF -> durations.computeIfAbsent(hardware, _ -> new TreeMap<>()).merge(stage, 1.5 * entry.limit, Math::max);
            case UNAVAILABLE, NOT_STARTED -> { }
        }
        save();
    }

    void save() throws IOException {
        Files.writeString(folder.resolve(STAGES), JSON.writeValueAsString(new Run(calls, hardware, stages, files)) + "\n");
        Files.writeString(folder.resolve(DURATIONS), JSON.writeValueAsString(new Durations(durations)) + "\n");
    }
}
