package sirocco.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sirocco.bench.Alternating.Outcome;
import sirocco.bench.Alternating.Verdict;
import sirocco.bench.ort.OnnxRuntime;

class ReportTest {
    @TempDir
    Path folder;

    @Test
    void isReadBackAsItWasWritten() throws IOException {
        Report report = report(line("a/1", 2e-3, 4e-3, "abc"), alone("b/1"));
        Path file = folder.resolve("sub/report.json");
        report.write(file);
        assertEquals(report, Report.read(file));
    }

    @Test
    void rowsThatWereNotMeasuredAgainStay() {
        Report old = report(line("a/1", 2e-3, 4e-3, "abc"), line("a/2", 2e-3, 4e-3, "abc"));
        Report merged = report(line("a/2", 1e-3, 4e-3, "def"), line("a/3", 1e-3, 4e-3, "def")).over(old);
        assertEquals(List.of("a/1", "a/2", "a/3"), merged.rows().stream().map(Report.Line::name).toList());
        assertEquals(1.0, merged.rows().get(1).ours().median());
        assertEquals(List.of("abc", "def"), merged.commits());
    }

    @Test
    void theTableStandsBetweenTheMarkers() {
        String readme = "# Title\n" + ReadmeTable.BEGIN + "\nold\n" + ReadmeTable.END + "\nrest\n";
        String out = ReadmeTable.insert(readme, List.of(report(line("a/1", 2e-3, 4.2e-3, "abc"), alone("b/1"))));
        assertTrue(out.startsWith("# Title\n" + ReadmeTable.BEGIN + "\n") && out.endsWith("\n" + ReadmeTable.END + "\nrest\n"), out);
        assertTrue(!out.contains("old"), out);
        assertTrue(out.contains("| label of a/1 | 2.00 ms, 500 images/s | 87 % | 4.20 ms, 238 images/s, NCHW | – | **2.10 ×** (2.10–2.10) | 1e-06 | 64 |"),
                out);
        assertTrue(out.contains("| label of b/1 | 2.00 ms, 500 images/s | – | – | – | – | – | 64 |"), out);
        assertEquals(out, ReadmeTable.insert(out, List.of(report(line("a/1", 2e-3, 4.2e-3, "abc"), alone("b/1")))));
    }

    @Test
    void bothPeersStandInTheTableAndTheRatioIsAgainstTheFaster() {
        Row row = new Row("a/1", "both", Row.Unit.IMAGES, 1, Row.Check.relative(1e-4), () -> null, Map.of());
        Map<String, Spread> peers = new LinkedHashMap<>(Map.of("NCHW", Spread.of(5e-3), "channels_last", Spread.of(4.5e-3), OnnxRuntime.NAME, Spread.of(4e-3)));
        Report.Line line = Report.Line.of(new Outcome(row, Spread.of(2e-3), peers, OnnxRuntime.NAME, Spread.of(2), 1e-6, Verdict.RIGHT, null, null, 0, 0), "abc");
        String table = ReadmeTable.table(report(line));
        assertTrue(table.contains("| both | 2.00 ms, 500 images/s | – | 4.50 ms, 222 images/s, channels_last | 4.00 ms, 250 images/s | **2.00 ×** (2.00–2.00) | 1e-06 | 0 |"),
                table);
        assertTrue(table.contains("LibTorch 2.10.0, ONNX Runtime 1.23.2"), table);
    }

    @Test
    void aReportFromBeforeAPeerWasAddedIsRead() throws IOException {
        Path file = folder.resolve("old.json");
        report(line("a/1", 2e-3, 4e-3, "abc")).write(file);
        Files.writeString(file, Files.readString(file).replaceFirst("(?m)^ *\"onnxRuntime\".*\\R", ""));
        assertNull(Report.read(file).onnxRuntime());
        assertTrue(ReadmeTable.table(Report.read(file)).contains("ONNX Runtime not measured"));
    }

    @Test
    void aReadmeWithoutMarkersIsRefused() {
        var e = assertThrows(IllegalArgumentException.class, () -> ReadmeTable.insert("text", List.of(report(alone("b/1")))));
        assertTrue(e.getMessage().contains(ReadmeTable.BEGIN), e.getMessage());
    }

    private static Report report(Report.Line... lines) {
        Machine machine = new Machine("a cpu", 2, 16_000_000_000L, 512, "Linux amd64", "25", List.of("-Xmx1g"), Map.of("OMP_X", "1"));
        return new Report("2026-01-01", "build-scripts/bench", "float32", 2, "2.10.0", "1.23.2", machine,
                new Alternating.Protocol(11, 0.1, 2, 0.01), List.of(lines));
    }

    private static Report.Line line(String name, double ours, double peer, String commit) {
        Row row = new Row(name, "label of " + name, Row.Unit.IMAGES, 1, Row.Check.relative(1e-4), () -> null, Map.of());
        return Report.Line.of(new Outcome(row, Spread.of(ours), Map.of("NCHW", Spread.of(peer)), "NCHW", Spread.of(peer / ours), 1e-6,
                Verdict.RIGHT, Spread.of(400), Spread.of(0.87), 64, 0), commit);
    }

    private static Report.Line alone(String name) {
        Row row = new Row(name, "label of " + name, Row.Unit.IMAGES, 1, Row.Check.relative(1e-4), () -> null, Map.of());
        return Report.Line.of(new Outcome(row, Spread.of(2e-3), Map.of(), "", Spread.of(1), Double.NaN, Verdict.UNCHECKED, null, null, 64, 0), "abc");
    }
}
