package sirocco.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import sirocco.testkit.OpCase;
import sirocco.testkit.OpCases;

/** Kernels that fault or never end, on the emulated driver: all other checks are made, and all that was found is in the file. */
@Execution(ExecutionMode.CONCURRENT)
class FaultsTest {
    private static final int PATIENCE_SECONDS = 120;

    @TempDir
    Path folder;

    @BeforeAll
    static void thereIsADriver() {
        assumeTrue(Files.isRegularFile(Path.of(System.getProperty("sirocco.cuda.driver", ""))), "the emulated CUDA driver has not been built: it needs g++ and make");
    }

    /** What the command left, run in a process of its own: the driver reads its environment. */
    private JsonNode check(Map<String, String> environment, String... more) throws IOException, InterruptedException {
        Path json = folder.resolve("check.json");
        Path log = folder.resolve("log.txt");
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1", "-Dsirocco.cuda.driver=" + System.getProperty("sirocco.cuda.driver"), "-cp",
                System.getProperty("java.class.path"), "sirocco.cli.Main", "check", "--backend", "cuda", "--small", "--steps", "0", "--chain", "0", "--json", json.toString()));
        command.addAll(List.of(more));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().putAll(environment);
        builder.environment().put("LC_ALL", "C"); // names have characters that it has not
        Process process = builder.start();
        try {
            assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "did not end");
        } finally {
            process.destroyForcibly();
        }
        String said = Files.readString(log);
        assertEquals(1, process.exitValue(), said);
        JsonNode report = new JsonMapper().readTree(json.toFile());
        assertTrue(report.get("complete").asBoolean(), said);
        assertTrue(said.contains("FAILED"), said);
        assertFalse(report.toString().contains("?"), said);
        return report;
    }

    private static List<String> of(JsonNode report, String group, String verdict) {
        List<String> names = new ArrayList<>();
        report.get("checks").forEach(c -> {
            if (c.get("group").asText().equals(group) && c.get("verdict").asText().equals(verdict)) {
                names.add(c.get("case").asText());
            }
        });
        return names;
    }

    private static List<String> cases(String kind) {
        return OpCases.all().stream().map(OpCase::name).filter(n -> n.startsWith(kind + " ")).toList();
    }

    /** The fault comes in each process that launches the kernel; what other kernels compute passes, before it and after it. */
    @Test
    void aKernelThatFaultsIsGivenUpAndTheOthersAreChecked() throws Exception {
        JsonNode report = check(Map.of("SIROCCO_EMULATED_FAULT", "group_norm_v1_f32"), "--cases", "^GroupNorm ", "--all-variants");
        for (JsonNode c : report.get("checks")) {
            if (c.get("verdict").asText().equals("failed")) {
                assertTrue(c.get("problems").get(0).asText().contains("illegal memory access") && c.get("problems").get(1).asText().contains("does not work any more"),
                        c::toString);
            }
        }
        for (String group : List.of("ops", "variants")) {
            assertEquals(2, of(report, group, "failed").size(), report::toPrettyString);
        }
        assertTrue(of(report, "ops", "passed").size() >= 10, report::toPrettyString);
        assertEquals(cases("GroupNorm").size(), report.findValuesAsText("group").stream().filter("ops"::equals).count());
        assertTrue(of(report, "variants", "failed").stream().allMatch(n -> n.startsWith("group_norm=v1, ")), report::toPrettyString);
        assertTrue(of(report, "variants", "passed").stream().filter(n -> n.startsWith("group_norm=v2, ")).count() >= 10, report::toPrettyString);
    }

    /** A case launches its kernel twice in each of three runs, so the 120th launch is in the 20th case, and the process that goes on has fewer left. */
    @Test
    void aKernelThatNeverEndsIsGivenUp() throws Exception {
        JsonNode report = check(Map.of("SIROCCO_EMULATED_HANG", "concat:120"), "--cases", "^Concat \\[", "--patience", "12");
        // Along channels, as the backend has a kernel for.
        List<String> expected = new ArrayList<>(cases("Concat").stream().filter(n -> n.startsWith("Concat [")).toList());
        assertEquals(List.of(expected.remove(19)), of(report, "ops", "failed"));
        assertEquals(expected, of(report, "ops", "passed"));
        assertTrue(report.toString().contains("was ended after 12 s without an answer"), report::toPrettyString);
    }
}
