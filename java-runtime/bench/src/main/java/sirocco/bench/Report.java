package sirocco.bench;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A measurement as it is kept in the repository.
 *
 * @param date of the run, ISO 8601; of the last one, where rows were repeated singly
 * @param command that repeats it
 * @param precision of storage and arithmetic, both sides
 * @param threads of each side
 * @param peer release of LibTorch, or why it is missing
 * @param onnxRuntime release of ONNX Runtime, or why it is missing; null in files that are older than this peer
 */
public record Report(
        String date, String command, String precision, int threads, String peer, String onnxRuntime, Machine machine,
        Alternating.Protocol protocol, List<Line> rows) {
    private static final ObjectMapper JSON = new ObjectMapper()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    /**
     * One side's milliseconds a run and its rate at the median.
     *
     * @param rate in the row's unit
     */
    public record Time(double median, double min, double max, double rate) {
        static Time of(Spread seconds, Row row) {
            return new Time(round(seconds.median() * 1e3), round(seconds.min() * 1e3), round(seconds.max() * 1e3),
                    round(row.unit().rate(row.amount(), seconds.median())));
        }
    }

    /** Sirocco's speed over the peer's: the median over rounds, its quartiles and extremes. */
    public record Ratio(double median, double lowerQuartile, double upperQuartile, double min, double max) {
        static Ratio of(Spread s) {
            return new Ratio(round(s.median()), round(s.lowerQuartile()), round(s.upperQuartile()), round(s.min()), round(s.max()));
        }
    }

    /**
     * The share of the machine's limit that Sirocco reaches: of register-only multiply-adds for operations (more than 1 where an algorithm
     * needs fewer operations than the definition), of a copy in memory for bytes.
     *
     * @param rate of the limit at its median, in the row's unit
     */
    public record Share(double median, double lowerQuartile, double upperQuartile, double rate) {
        static Share of(Spread share, Spread limit) {
            return share == null ? null : new Share(round(share.median()), round(share.lowerQuartile()), round(share.upperQuartile()),
                    round(limit.median()));
        }
    }

    /**
     * One row.
     *
     * @param unit of the rates
     * @param ours Sirocco
     * @param peers LibTorch by memory format, and ONNX Runtime by its name
     * @param peerFormat the best of these, which {@code ratio} and {@code error} are against; null without a peer
     * @param ratio null without a peer
     * @param error ‖ours − peer‖₂ / ‖peer‖₂ or as the row defines it; null without a peer
     * @param share of the machine's limit; null if the row has none
     * @param heapBytesPerRun allocated on the Java heap by one of our runs
     * @param collections of garbage during our timed runs
     * @param commit that this row was measured at
     */
    public record Line(
            String name, String label, String unit, Time ours, Map<String, Time> peers, String peerFormat, Ratio ratio, Double error,
            double tolerance, Alternating.Verdict verdict, Share share, double heapBytesPerRun, long collections,
            String commit) {
        static Line of(Alternating.Outcome o, String commit) {
            Map<String, Time> peers = new LinkedHashMap<>();
            o.peers().forEach((format, spread) -> peers.put(format, Time.of(spread, o.row())));
            boolean alone = peers.isEmpty();
            return new Line(o.row().name(), o.row().label(), o.row().unit().text(), Time.of(o.ours(), o.row()), peers,
                    alone ? null : o.peer(), alone ? null : Ratio.of(o.ratios()), alone ? null : round(o.error()),
                    o.row().check().tolerance(), o.verdict(), Share.of(o.share(), o.limit()), round(o.heapBytes()), o.collections(), commit);
        }
    }

    /** Four significant digits: more would be noise. */
    private static double round(double v) {
        return Double.isFinite(v) ? Double.parseDouble(String.format(Locale.ROOT, "%.3e", v)) : v;
    }

    /** The same report with the lines of {@code old} that this one did not measure anew, so that rows can be repeated singly. */
    public Report over(Report old) {
        Map<String, Line> lines = new LinkedHashMap<>();
        old.rows.forEach(l -> lines.put(l.name(), l));
        rows.forEach(l -> lines.put(l.name(), l));
        return new Report(date, command, precision, threads, peer, onnxRuntime, machine, protocol, new ArrayList<>(lines.values()));
    }

    /** The commits that the rows were measured at. */
    public List<String> commits() {
        return rows.stream().map(Line::commit).distinct().toList();
    }

    /** Writes the file whole or not at all. */
    public void write(Path file) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        Files.createDirectories(folder);
        Path fresh = Files.createTempFile(folder, file.getFileName().toString(), ".new");
        Files.writeString(fresh, JSON.writeValueAsString(this) + "\n");
        Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING);
    }

    public static Report read(Path file) throws IOException {
        return JSON.readValue(Files.readString(file), Report.class);
    }
}
