package sirocco.tune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sirocco.api.Settings.Precision;
import sirocco.api.Tuning;

class TuningFileTest {
    private static final Tuning.Key ONE = new Tuning.Key("cuda", "one GPU", Precision.BF16);
    private static final Tuning.Key OTHER = new Tuning.Key("cuda", "one GPU", Precision.F32);

    @TempDir
    Path folder;

    private static TuningFile.Entry entry(String op, String variant) {
        return new TuningFile.Entry(op, variant, 12.5, "v4 64x64 bf16", 20);
    }

    @Test
    void keepsDevicesAndOpsApart() throws IOException {
        Path file = folder.resolve("new/folder/tuning.json");
        TuningFile.update(file, ONE, List.of("a", "b"), List.of(entry("a", "v5"), entry("b", "v1")));
        TuningFile.update(file, OTHER, List.of("a"), List.of(entry("a", "v2")));
        assertEquals(new Tuning(Map.of(ONE, Map.of("a", "v5", "b", "v1"), OTHER, Map.of("a", "v2"))), TuningFile.read(file));
        // Measured anew: no variant is faster than the rule any more for a, another one is for b.
        TuningFile.update(file, ONE, List.of("a", "b"), List.of(entry("b", "v3")));
        assertEquals(new Tuning(Map.of(ONE, Map.of("b", "v3"), OTHER, Map.of("a", "v2"))), TuningFile.read(file));
        try (Stream<Path> files = Files.list(file.getParent())) {
            assertEquals(1, files.count(), "nothing else is left in the folder");
        }
    }

    @Test
    void refusesWhatIsNoTuningAndLeavesItAsItIs() throws IOException {
        Map<String, String> hostile = Map.of(
                "", "not a tuning",
                "[1]", "not a tuning",
                "{\"format\": \"sirocco tuning 9\", \"devices\": []}", "sirocco tuning 9",
                "{\"format\": \"sirocco tuning 1\"}", "devices",
                "{\"format\": \"sirocco tuning 1\", \"devices\": [null]}", "not a tuning",
                "{\"format\": \"sirocco tuning 1\", \"devices\": [{\"backend\": \"cuda\", \"hardware\": \"x\", \"precision\": \"f8\", \"ops\": []}]}", "f8",
                "{\"format\": \"sirocco tuning 1\", \"devices\": [{\"backend\": \"cuda\", \"hardware\": \"x\", \"precision\": \"f32\", \"ops\": [{}]}]}", "op");
        for (Map.Entry<String, String> one : hostile.entrySet()) {
            Path file = folder.resolve("hostile.json");
            Files.writeString(file, one.getKey());
            for (IOException e : List.of(assertThrows(IOException.class, () -> TuningFile.read(file), one.getKey()),
                    assertThrows(IOException.class, () -> TuningFile.update(file, ONE, List.of(), List.of()), one.getKey()))) {
                assertTrue(e.getMessage().contains(file.toString()) && e.getMessage().contains(one.getValue()), e.getMessage());
            }
            assertEquals(one.getKey(), Files.readString(file));
        }
        assertThrows(IOException.class, () -> TuningFile.read(folder.resolve("absent.json")));
    }
}
