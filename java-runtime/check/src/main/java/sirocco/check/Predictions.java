package sirocco.check;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/** What was predicted of the kernels before a GPU had run them (predictions.json), beside what was measured. */
final class Predictions {
    private static final String FILE = "predictions.json";
    private static final String PRECISION = "bf16";

    /**
     * One prediction.
     *
     * @param name of what it is about
     * @param unit "of limit", "of copy" or "ms"
     * @param low least of what is expected
     * @param high most of what is expected
     * @param measured in the same unit; null if it was not measured
     * @param note what stands behind the measured value
     * @param source of the prediction
     */
    record Row(String name, String unit, double low, double high, Double measured, String note, String source) {
        String verdict() {
            boolean less = measured != null && measured < low;
            return measured == null ? "not measured" : measured >= low && measured <= high ? "as predicted" : less == unit.equals("ms") ? "better" : "**worse**";
        }

        String range() {
            return low == high ? text(low) : text(low) + " – " + text(high);
        }

        String text(double value) {
            return unit.equals("ms") ? String.format(Locale.ROOT, "%.1f ms", value) : String.format(Locale.ROOT, "%.0f %%", 100 * value);
        }
    }

    private Predictions() { }

    /** Every prediction, in the order of the file; one row for each set of kernels that a step was timed with. */
    static List<Row> of(GpuFindings found) {
        List<Row> rows = new ArrayList<>();
        GpuFindings.elements(file().path("predictions")).forEach(p -> {
            List<JsonNode> benches = found.steps(p.path("what").asText(), p.path("batch").asInt(), PRECISION).toList();
            int before = rows.size();
            benches.forEach(b -> row(found, p, b, rows));
            if (rows.size() == before) {
                rows.add(new Row(p.path("name").asText(), p.path("unit").asText(), p.path("low").asDouble(), p.path("high").asDouble(), null, "",
                        p.path("source").asText()));
            }
        });
        return rows;
    }

    private static void row(GpuFindings found, JsonNode p, JsonNode bench, List<Row> rows) {
        String unit = p.path("unit").asText();
        Double measured = null;
        String note = GpuFindings.differences(bench).replaceFirst("^, ", "");
        if (unit.equals("ms")) {
            measured = bench.path("median_ms").asDouble();
        } else {
            double limit = 0;
            double nanos = 0;
            int shapes = 0;
            for (JsonNode r : bench.path("kernels")) {
                OptionalDouble least = found.limit(bench, r);
                if (r.path("kind").asText().matches(p.path("kinds").asText()) && r.path("algorithm").asText().matches(p.path("algorithms").asText()) && least.isPresent()) {
                    limit += least.getAsDouble();
                    nanos += r.path("nanos").asDouble();
                    shapes++;
                }
            }
            if (shapes == 0) {
                return;
            }
            measured = limit / nanos;
            note = shapes + (shapes == 1 ? " shape, " : " shapes, ") + String.format(Locale.ROOT, "%.2f ms of the step", nanos * 1e-6) + (note.isEmpty() ? "" : ", " + note);
        }
        rows.add(new Row(p.path("name").asText(), unit, p.path("low").asDouble(), p.path("high").asDouble(), measured, note, p.path("source").asText()));
    }

    private static JsonNode file() {
        try (InputStream in = Predictions.class.getResourceAsStream(FILE)) {
            return new JsonMapper().readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
