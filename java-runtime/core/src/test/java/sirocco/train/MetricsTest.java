package sirocco.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsTest {
    @TempDir
    Path run;

    private static Metrics.Line line(long step) {
        return new Metrics.Line(step, 0.5 / step, Map.of(), 1, 2e-4, 100, step);
    }

    @Test
    void linesAreReadBackAndRewound() throws IOException {
        Metrics metrics = new Metrics(run);
        assertEquals(List.of(), metrics.read());
        for (int i = 1; i <= 4; i++) {
            metrics.append(line(i));
        }
        metrics.rewindTo(2);
        metrics.append(line(3));
        assertEquals(List.of(line(1), line(2), line(3)), metrics.read());
    }

    /** Files of objectives without parts are as they were before there were parts. */
    @Test
    void linesHavePartsOnlyIfTheLossHas() throws IOException {
        Path file = run.resolve("metrics.jsonl");
        String before = "{\"step\":1,\"loss\":0.5,\"gradNorm\":1.0,\"learningRate\":2.0E-4,\"imagesPerSecond\":100.0,\"seconds\":1.0}\n";
        Files.writeString(file, before);
        Metrics metrics = new Metrics(run);
        assertEquals(List.of(line(1)), metrics.read());
        Files.writeString(file, "");
        metrics.append(line(1));
        assertEquals(before, Files.readString(file));
        Metrics.Line parts = new Metrics.Line(2, 0.5, new LinkedHashMap<>(Map.of("vlb", 3.25)), 1, 2e-4, 100, 2);
        metrics.append(parts);
        assertEquals(List.of(line(1), parts), metrics.read());
        assertTrue(Files.readString(file).contains("\"loss\":0.5,\"parts\":{\"vlb\":3.25},"), Files.readString(file));
    }

    @Test
    void aLineCutOffByAKillIsPassedOverAndOneInTheMiddleIsNot() throws IOException {
        Metrics metrics = new Metrics(run);
        metrics.append(line(1));
        Path file = run.resolve("metrics.jsonl");
        Files.writeString(file, "{\"step\":2,\"lo", StandardOpenOption.APPEND);
        assertEquals(List.of(line(1)), metrics.read());
        metrics.rewindTo(1);
        metrics.append(line(2));
        assertEquals(List.of(line(1), line(2)), metrics.read());
        Files.writeString(file, "rubbish\n{}\n");
        assertThrows(IOException.class, metrics::read);
    }
}
