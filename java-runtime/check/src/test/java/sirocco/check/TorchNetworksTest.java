package sirocco.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import sirocco.check.Stage.Unavailable;

/** The networks that PyTorch runs beside Sirocco. What a program computes is tested in java-runtime/bench. */
class TorchNetworksTest {
    @TempDir
    Path temp;

    private static List<String> calls(JsonNode program) {
        List<String> calls = new ArrayList<>();
        program.get("lines").forEach(l -> calls.add(l.get("call").get("call").asText()));
        return calls;
    }

    @Test
    void aStageHasItsNetworksBesideIt() throws Exception {
        Path scripts = Files.createDirectory(temp.resolve("torch-peer"));
        StageCommands commands = new StageCommands(1, Optional.empty(), Optional.of(scripts), List.of());
        List<String> command;
        try {
            command = commands.torchSteps(temp, "torch-steps-bf16", "bf16", "train:4,sample:2,train:4", "eager");
        } catch (Unavailable e) {
            Assumptions.abort(e.getMessage());
            return;
        }
        assertEquals(List.of(scripts.toString(), "steps", "--networks", "networks.json", "--precision", "bf16", "--steps", "train:4,sample:2,train:4", "--modes", "eager",
                "--out", "torch-steps-bf16.json", "--device", "cuda:1"), command.subList(2, command.size()));
        JsonNode programs = new ObjectMapper().readTree(temp.resolve("networks.json").toFile());
        assertEquals(List.of("train:4", "sample:2"), programs.propertyStream().map(Map.Entry::getKey).toList());
        for (JsonNode program : programs) {
            long weights = 0;
            for (JsonNode p : program.get("parameters")) {
                long size = 1;
                for (JsonNode extent : p.get("shape")) {
                    size *= extent.asLong();
                }
                weights += size;
            }
            assertEquals(35_746_307, weights);
            assertEquals(2, program.get("inputs").size());
        }
        assertEquals(4, programs.get("train:4").get("inputs").get(0).get("shape").get(0).asInt());
        // A residual block has one dropout, in training only.
        assertEquals(22, calls(programs.get("train:4")).stream().filter("Dropout"::equals).count());
        assertTrue(!calls(programs.get("sample:2")).contains("Dropout"));
    }

    @Test
    void theCommandWritesThemToo() throws Exception {
        Path file = temp.resolve("small.json");
        assertEquals(0, new CommandLine(new TorchNetworksCommand()).execute("--preset", "small", "--what", "sample:1", "--out", file.toString()));
        assertEquals(1, new ObjectMapper().readTree(file.toFile()).size());
        var e = assertThrows(IllegalArgumentException.class, () -> StepBatch.parse("--what", List.of("sample:0")));
        assertEquals("--what: expected train:BATCH or sample:BATCH, got sample:0", e.getMessage());
    }
}
