package sirocco.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import sirocco.sample.Profile;

class ComparisonTableTest {
    private static Profile.Row row(String kind, String algorithm, int nanos) {
        return new Profile.Row(kind, "[1,2,3,4]", algorithm, 1, nanos, 0, 0);
    }

    private static Comparison.OfBackend backend(String place, Profile.Row... rows) {
        return new Comparison.OfBackend(place, place, "f32", "a device", 1, 2, 3, new double[] {4, 4, 5}, List.of(rows));
    }

    /** Each backend's time has behind it what computed it; a backend that says nothing of that has no such column. */
    @Test
    void everyOpHasTheAlgorithmsOfEachBackend() {
        StringWriter text = new StringWriter();
        new ComparisonTable(List.of(backend("cuda", row("Silu", "", 1000), row("Conv2d", "v4_128x128", 7000), row("Conv2d", "v2", 500)),
                backend("tornado:1", row("Conv2d", "cuda v4_128x128", 9000), row("Silu", "", 2000)), backend("cpu", row("Conv2d", "", 90000), row("Silu", "", 3000))))
                .print(new PrintWriter(text));
        assertEquals("""
                op|shape|cuda, µs|algorithm|tornado:1, µs|algorithm|cpu, µs
                Conv2d|[1,2,3,4]|7.5|v4_128x128 + v2|9.0|cuda v4_128x128|90.0
                Silu|[1,2,3,4]|1.0|2.0|3.0
                """.strip(), String.join("\n", text.toString().lines().dropWhile(l -> !l.startsWith("op ")).map(l -> l.strip().replaceAll(" {2,}", "|")).toList()));
    }
}
