package sirocco.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import sirocco.check.Outcome.Verdict;
import sirocco.cli.Main;

/** The command as it is called, on the CPU. */
class CheckCommandTest {
    @TempDir Path temp;

    private final StringWriter said = new StringWriter();

    private int run(String... args) {
        CommandLine line = Main.commandLine();
        line.setOut(new PrintWriter(said, true)).setErr(new PrintWriter(said, true));
        return line.execute(args);
    }

    @Test
    void smallCasesAndTrainingPassOnTheCpu() throws IOException {
        Path json = temp.resolve("check.json");
        assertEquals(0, run("check", "--backend", "cpu", "--threads", "2", "--small", "--cases", "silu|groupnorm", "--steps", "4", "--json", json.toString()),
                said::toString);
        JsonNode report = new JsonMapper().readTree(json.toFile());
        assertTrue(report.get("passed").asInt() > 10, report::toPrettyString);
        assertEquals(0, report.get("failed").asInt());
        assertEquals(2, report.findValuesAsText("group").stream().filter("chains"::equals).count());
        assertTrue(said.toString().contains("all is well"), said::toString);
    }

    @Test
    void whatCannotBeMeantIsRefused() {
        assertEquals(2, run("check", "--backend", "cpu", "--cases", "("));
        assertEquals(2, run("check", "--backend", "cpu", "--cases", "no such case", "--steps", "0", "--chain", "0"));
        assertEquals(2, run("check", "--backend", "cpu", "--golden", temp.toString()));
        assertEquals(2, run("check", "--backend", "cpu", "--steps=-1"));
        assertEquals(2, run("check", "--backend", "cpu", "--chain=-1"));
        assertEquals(2, run("check", "--backend", "cpu", "--all-variants"));
        assertTrue(said.toString().contains("backend cpu has no variants to try: it has one kernel"), said::toString);
    }

    @Test
    void anOutcomeTellsFailuresFromWhatIsMissing() {
        assertEquals(Verdict.SKIPPED, Outcome.of("ops", "x", () -> { throw new UnsupportedOperationException("no such op"); }).verdict());
        assertEquals(Verdict.FAILED, Outcome.of("ops", "x", () -> { throw new IllegalStateException("lost device"); }).verdict());
        Outcome nan = Outcome.of("ops", "x", () -> {
            Deviations d = new Deviations();
            d.add("y", Double.NaN, 1);
            d.add("z", 0.5, 1);
            return d;
        });
        assertEquals(Verdict.FAILED, nan.verdict());
        assertEquals(List.of("y is NaN, expected at most 1.00"), nan.problems());
    }
}
