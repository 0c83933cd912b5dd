package sirocco.train;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import sirocco.io.AtomicFiles;
import sirocco.io.JsonErrors;

/** {@code metrics.jsonl}: a line of JSON every so many steps. */
public final class Metrics {
    private static final JsonMapper JSON = new JsonMapper();

    /**
     * One line.
     *
     * @param step steps done
     * @param loss mean since the line before
     * @param parts means of the named parts of the loss since the line before; absent from the file if the objective has none
     * @param gradNorm of the last step, before clipping
     * @param learningRate of the last step
     * @param imagesPerSecond since the line before
     * @param seconds of training since the run or its last resumption began
     */
    public record Line(long step, double loss, @JsonInclude(JsonInclude.Include.NON_EMPTY) Map<String, Double> parts, double gradNorm, double learningRate,
                       double imagesPerSecond, double seconds) {
        public Line {
            parts = parts == null ? Map.of() : Collections.unmodifiableMap(new LinkedHashMap<>(parts));
        }
    }

    private final Path file;

    public Metrics(Path run) {
        file = run.resolve("metrics.jsonl");
    }

    /** All lines; an incomplete last one, left by a killed process, is passed over. */
    public List<Line> read() throws IOException {
        List<Line> lines = new ArrayList<>();
        if (Files.exists(file)) {
            List<String> text = Files.readAllLines(file, StandardCharsets.UTF_8);
            for (int i = 0; i < text.size(); i++) {
                try {
                    lines.add(JSON.readValue(text.get(i), Line.class));
                } catch (JsonProcessingException e) {
                    if (i < text.size() - 1) {
                        throw new IOException(file + " line " + (i + 1) + ": not a line of metrics: " + JsonErrors.describe(e), e);
                    }
                }
            }
        }
        return lines;
    }

    void append(Line line) throws IOException {
        try {
            Files.writeString(file, text(line), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new IOException("cannot write " + file + ": " + e.getMessage() + "; the checkpoints are whole, go on from the last with --resume", e);
        }
    }

    /** Drops the lines after {@code step}: a resumed run writes them again. */
    void rewindTo(long step) throws IOException {
        StringBuilder kept = new StringBuilder();
        for (Line line : read()) {
            if (line.step() <= step) {
                kept.append(text(line));
            }
        }
        if (Files.exists(file)) {
            AtomicFiles.writeText(file, kept.toString());
        }
    }

    private static String text(Line line) throws IOException {
        return JSON.writeValueAsString(line) + "\n";
    }
}
