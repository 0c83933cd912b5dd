package sirocco.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsTest {
    @TempDir
    Path run;

    private static Metrics.Line line(long step) {
        return new Metrics.Line(step, 0.5 / step, 1, 2e-4, 100, step);
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
