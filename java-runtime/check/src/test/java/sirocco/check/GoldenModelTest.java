package sirocco.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import sirocco.io.SafetensorsWriter;
import sirocco.nn.unet.UNetConfig;
import sirocco.testkit.GoldenFolder;

/** Which folders are golden cases, and why some are not supported. */
class GoldenModelTest {
    @TempDir Path temp;

    @BeforeEach
    void folders() throws IOException {
        model("nets/supported", "positional");
        model("nets/supported/unet", "positional"); // belongs to the case above
        model("nets/option", "fourier");
        model("nets/other-inputs", "positional", "forward.encoder_hidden_states");
        model("nets/kind", "positional");
        Files.writeString(temp.resolve("nets/kind/case.json"), "{\"kind\": \"dit\"}");
        model("nets/weightless", "positional");
        Files.delete(temp.resolve("nets/weightless/diffusion_pytorch_model.safetensors"));
        Files.createDirectories(temp.resolve("numbers"));
        Files.writeString(temp.resolve("numbers/index.json"), "[{\"kind\": \"b\", \"x\": NaN}, {\"kind\": \"a\"}]");
        Files.createDirectories(temp.resolve("chains"));
        Files.writeString(temp.resolve("chains/index.json"), "[]");
        Files.createFile(temp.resolve("chains/trajectories.safetensors"));
        Files.createDirectories(temp.resolve("empty"));
    }

    /** A model folder whose file of weights is empty, since these tests do not read it. */
    private void model(String name, String embedding, String... more) throws IOException {
        Path folder = Files.createDirectories(temp.resolve(name));
        Files.writeString(folder.resolve("config.json"), UNetConfig.small().toJson().replace("positional", embedding));
        Files.createFile(folder.resolve("diffusion_pytorch_model.safetensors"));
        SafetensorsWriter golden = new SafetensorsWriter().floats("forward.sample", new long[] {1, 3, 8, 16}, () -> new float[384]);
        for (String key : more) {
            golden.floats(key, new long[] {1}, () -> new float[1]);
        }
        golden.write(folder.resolve("golden.safetensors"));
    }

    @Test
    void unsupportedCasesAreNamedWithTheReason() throws IOException {
        List<GoldenModel> found = GoldenModel.find(GoldenFolder.find(temp));
        Map<String, String> reasons = found.stream().collect(Collectors.toMap(GoldenModel::name, m -> m.unsupported().orElse("")));
        assertEquals(List.of("nets/kind", "nets/option", "nets/other-inputs", "nets/supported", "nets/weightless", "numbers"), found.stream().map(GoldenModel::name).toList());
        assertEquals("kind dit", reasons.get("nets/kind"));
        assertTrue(reasons.get("nets/option").contains("time_embedding_type is \"fourier\""), reasons.get("nets/option"));
        assertTrue(reasons.get("nets/other-inputs").contains("forward.encoder_hidden_states"), reasons.get("nets/other-inputs"));
        assertTrue(reasons.get("nets/weightless").contains("diffusion_pytorch_model.safetensors: no such file"), reasons.get("nets/weightless"));
        assertEquals("", reasons.get("nets/supported"));
        assertEquals("kind a, b", reasons.get("numbers"));
    }

    @Test
    void aCaseItselfCanBeNamed() throws IOException {
        List<GoldenModel> found = GoldenModel.find(GoldenFolder.find(temp.resolve("nets/supported")));
        assertEquals(List.of("supported"), found.stream().map(GoldenModel::name).toList());
        assertEquals(Optional.empty(), found.getFirst().unsupported());
    }

    @Test
    void aFolderWithNothingSupportedIsRefused() throws IOException {
        assertThrows(NoSuchFileException.class, () -> GoldenFolder.find(temp.resolve("missing")));
        CheckPlan plan = new CheckPlan();
        new CommandLine(plan).parseArgs("--golden", temp.resolve("nets/kind").toString());
        String message = assertThrows(IllegalArgumentException.class, plan::goldenModels).getMessage();
        assertTrue(message.startsWith("--golden ") && message.contains("kind: kind dit"), message);
        new CommandLine(plan).parseArgs("--golden", temp.toString());
        assertEquals(6, plan.goldenModels().size());
    }
}
