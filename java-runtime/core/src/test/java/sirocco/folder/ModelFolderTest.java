package sirocco.folder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sirocco.io.MalformedFileException;
import sirocco.io.SafetensorsWriter;

class ModelFolderTest {
    private static final String PIPELINE = "{\"_class_name\": \"DDPMPipeline\", \"unet\": [\"diffusers\", \"UNet2DModel\"], \"scheduler\": [\"diffusers\", \"DDPMScheduler\"]}";
    private static final String CONFIG = "{\"_class_name\": \"UNet2DModel\"}";
    private static final String SCHEDULER = "{\"_class_name\": \"DDPMScheduler\"}";

    @TempDir Path folder;

    private Path write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    private void weights(String name, String tensor, float value) throws IOException {
        new SafetensorsWriter().floats(tensor, new long[] {1}, () -> new float[] {value}).write(folder.resolve(name));
    }

    private void pipeline() throws IOException {
        write("model_index.json", PIPELINE);
        write("unet/config.json", CONFIG);
        write("scheduler/scheduler_config.json", SCHEDULER);
    }

    private void refused(Path opened, String... mentions) {
        mentioned(assertThrows(MalformedFileException.class, () -> ModelFolder.open(opened)), mentions);
    }

    private static void mentioned(Exception error, String... mentions) {
        for (String m : mentions) {
            assertTrue(error.getMessage().contains(m), error.getMessage());
        }
    }

    private float read(Optional<String> variant) throws IOException {
        try (WeightFiles files = WeightFiles.open(ModelFolder.open(folder, variant).network())) {
            return files.floats(files.names().iterator().next())[0];
        }
    }

    @Test
    void aPipelinesComponentsAreInSubFolders() throws IOException {
        pipeline();
        for (Path opened : List.of(folder, folder.resolve("unet"))) {
            ModelFolder model = ModelFolder.open(opened);
            assertEquals("unet", model.network().name());
            assertEquals("UNet2DModel", model.network().className());
            assertTrue(Files.isSameFile(folder.resolve("unet/config.json"), model.network().config()));
            assertTrue(Files.isSameFile(folder.resolve("scheduler/scheduler_config.json"), model.scheduler().orElseThrow().config()));
            assertEquals(Optional.of(SCHEDULER), model.schedulerJson());
            assertEquals(Map.of(), model.others());
        }
    }

    /** As training scripts leave it: averaged weights beside the last ones. */
    @Test
    void averagedWeightsAreReadFromTheirOwnFolder() throws IOException {
        write("unet_ema/config.json", CONFIG);
        assertEquals("unet_ema", ModelFolder.open(folder).network().name());
        write("unet/config.json", CONFIG);
        write("scheduler/scheduler_config.json", SCHEDULER);
        weights("unet/diffusion_pytorch_model.safetensors", "t", 1);
        ModelFolder both = ModelFolder.open(folder);
        assertEquals("unet", both.network().name());
        assertTrue(both.notices().getFirst().contains("unet_ema/ is not"), both.notices().toString());
        for (boolean index : new boolean[] {false, true}) {
            if (index) {
                write("model_index.json", PIPELINE);
            }
            ModelFolder averaged = ModelFolder.open(folder.resolve("unet_ema"));
            assertEquals("unet_ema", averaged.network().name());
            assertEquals(Optional.of(SCHEDULER), averaged.schedulerJson());
            assertEquals(Map.of(), averaged.others(), "the component that it replaces is not another one");
        }
    }

    @Test
    void theIndexDecidesOfTheNetworksClass() throws IOException {
        pipeline();
        write("unet/config.json", "{\"_class_name\": \"AnOldName\"}");
        assertEquals("UNet2DModel", ModelFolder.open(folder).network().className());
        Files.delete(folder.resolve("model_index.json"));
        assertEquals("AnOldName", ModelFolder.open(folder).network().className());
    }

    @Test
    void shardsAreOneSetOfTensors() throws IOException {
        write("config.json", CONFIG);
        weights("diffusion_pytorch_model-00001-of-00002.safetensors", "a", 1);
        weights("diffusion_pytorch_model-00002-of-00002.safetensors", "b", 2);
        Path index = write("diffusion_pytorch_model.safetensors.index.json", """
                {"metadata": {"total_size": 8}, "weight_map": {"a": "diffusion_pytorch_model-00001-of-00002.safetensors",
                 "b": "diffusion_pytorch_model-00002-of-00002.safetensors"}}""");
        ComponentFolder network = ModelFolder.open(folder).network();
        try (WeightFiles files = WeightFiles.open(network)) {
            assertEquals(index, files.file());
            assertEquals(Set.of("a", "b"), files.names());
            assertArrayEquals(new float[] {2}, files.floats("b"));
            assertEquals("diffusion_pytorch_model-00002-of-00002.safetensors", files.file("b").getFileName().toString());
        }
        weights("diffusion_pytorch_model-00002-of-00002.safetensors", "c", 2);
        mentioned(assertThrows(MalformedFileException.class, () -> WeightFiles.open(network)), "does not agree", "not in it: b", "only in it: c");
        weights("diffusion_pytorch_model-00002-of-00002.safetensors", "a", 2);
        mentioned(assertThrows(MalformedFileException.class, () -> WeightFiles.open(network)), "tensor \"a\" is in two shards");
        Files.delete(folder.resolve("diffusion_pytorch_model-00002-of-00002.safetensors"));
        mentioned(assertThrows(MalformedFileException.class, () -> WeightFiles.open(network)), "1 of 2 shards are missing", "00002-of-00002");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{} | weight_map is missing", "{\"weight_map\": []} | weight_map is missing", "{\"weight_map\": {}} | weight_map is missing",
        "{\"weight_map\": {\"a\": 1}} | expected the name", "{\"weight_map\": {\"a\": \"/etc/passwd\"}} | expected the name",
        "{\"weight_map\": {\"a\": \"../other/x.safetensors\"}} | expected the name", "{\"weight_map\": {\"a\": \"..\\\\x.safetensors\"}} | expected the name",
        "{\"weight_map\": {\"a\": \"x.bin\"}} | expected the name", "{\"weight_map\": {\"a\": \"x.safetensors\", \"a\": \"x.safetensors\"}} | JSON",
        "[ | JSON", "{\"weight_map\": {\"a\": \"x.safetensors\"}} | 1 of 1 shards are missing"})
    void aLyingIndexOfShardsIsRefused(String json, String mention) throws IOException {
        write("config.json", CONFIG);
        write("diffusion_pytorch_model.safetensors.index.json", json);
        ComponentFolder network = ModelFolder.open(folder).network();
        mentioned(assertThrows(MalformedFileException.class, () -> WeightFiles.open(network)), mention, "index.json");
    }

    @Test
    void variantsAreChosenByName() throws IOException {
        write("config.json", CONFIG);
        weights("diffusion_pytorch_model.fp16.safetensors", "t", 16);
        assertEquals(16, read(Optional.empty()), "the only one");
        assertTrue(ModelFolder.open(folder).notices().getFirst().contains("variant fp16"));
        assertEquals(List.of(), ModelFolder.open(folder, Optional.of("fp16")).notices());
        weights("diffusion_pytorch_model.ema-00001-of-00001.safetensors", "t", 9);
        write("diffusion_pytorch_model.safetensors.index.ema.json", "{\"weight_map\": {\"t\": \"diffusion_pytorch_model.ema-00001-of-00001.safetensors\"}}");
        mentioned(assertThrows(MalformedFileException.class, () -> read(Optional.empty())), "several variants", "ema, fp16");
        assertEquals(9, read(Optional.of("ema")));
        Files.move(folder.resolve("diffusion_pytorch_model.safetensors.index.ema.json"), folder.resolve("diffusion_pytorch_model.safetensors.ema.index.json"));
        assertEquals(9, read(Optional.of("ema")), "the name of old releases");
        mentioned(assertThrows(MalformedFileException.class, () -> read(Optional.of("bf16"))), "bf16", "ema, fp16");
        weights("diffusion_pytorch_model.safetensors", "t", 32);
        assertEquals(32, read(Optional.empty()), "those without a variant come first");
        assertEquals(16, read(Optional.of("fp16")));
        assertEquals(List.of(), ModelFolder.open(folder).notices());
    }

    @Test
    void picklesAreNotReadAndTheMessageSaysHowToConvertThem() throws IOException {
        write("config.json", CONFIG);
        write("diffusion_pytorch_model.bin", "PK");
        mentioned(assertThrows(MalformedFileException.class, () -> read(Optional.empty())), "diffusion_pytorch_model.bin", "run code",
                "UNet2DModel.from_pretrained", "safe_serialization=True");
    }

    @Test
    void saysWhatIsMissing() throws IOException {
        refused(folder.resolve("nowhere"), "no such folder");
        refused(folder, "not a model folder", "model_index.json");
        pipeline();
        mentioned(assertThrows(MalformedFileException.class, () -> read(Optional.empty())), "no such file", "safetensors only");
        Files.delete(folder.resolve("scheduler/scheduler_config.json"));
        refused(folder, "component scheduler (DDPMScheduler) is missing");
        Files.delete(folder.resolve("unet/config.json"));
        refused(folder, "component unet (UNet2DModel) is missing", "config.json");
        Files.delete(folder.resolve("unet"));
        refused(folder, "component unet (UNet2DModel) is missing");
    }

    @Test
    void aSchedulerOfAnotherClassThanTheIndexSaysIsRefused() throws IOException {
        pipeline();
        for (String wrong : List.of("{\"_class_name\": \"DDIMScheduler\"}", "{\"_class_name\": \"KarrasVeScheduler\"}")) {
            write("scheduler/scheduler_config.json", wrong);
            refused(folder, "scheduler_config.json", "expected DDPMScheduler");
        }
        write("scheduler/scheduler_config.json", "{\"lambda_min_clipped\": -Infinity}");
        assertEquals("DDPMScheduler", ModelFolder.open(folder).scheduler().orElseThrow().className(), "the default, and Python's infinity");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "[] | expected a JSON object", "{ | not valid JSON", "{\"unet\": [\"diffusers\"]} | expected [library, class]", "{\"unet\": [1, 2]} | expected [library, class]",
        "{\"../x\": [\"diffusers\", \"UNet2DModel\"]} | not that of a sub-folder", "{\"a/b\": [\"diffusers\", \"UNet2DModel\"]} | not that of a sub-folder",
        "{\"vae\": [\"diffusers\", \"AutoencoderKL\"]} | no network that denoises", "{\"unet\": [null, null]} | no network that denoises",
        "{\"unet\": [\"diffusers\", \"UNet2DModel\"], \"unet\": 1} | Duplicate"})
    void anIndexThatIsNoneIsRefused(String json, String mention) throws IOException {
        write("unet/config.json", CONFIG);
        write("model_index.json", json);
        refused(folder, "model_index.json", mention);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"[\"cat\"]", "{\"cat\": 0}", "{\"0\": 1}", "{\"-1\": \"cat\"}", "{\"0\": \"cat\", \"00\": \"dog\"}", "{\"99999999999\": \"cat\"}", "\"cat\""})
    void classNamesThatAreNoneAreRefused(String names) throws IOException {
        write("unet/config.json", CONFIG);
        write("model_index.json", "{\"unet\": [\"diffusers\", \"UNet2DModel\"], \"id2label\": " + names + "}");
        mentioned(assertThrows(IllegalArgumentException.class, () -> ModelFolder.open(folder)), "model_index.json", "id2label", "from class numbers to names");
    }

    @Test
    void enormousFilesAreNotRead() throws IOException {
        pipeline();
        write("model_index.json", " ".repeat(1 << 20) + PIPELINE);
        refused(folder, "file is too large", "1048576");
        write("model_index.json", PIPELINE);
        write("scheduler/scheduler_config.json", "[".repeat(1 << 20));
        refused(folder, "scheduler_config.json", "JSON");
        write("scheduler/scheduler_config.json", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 300\n");
        refused(folder, "scheduler_config.json", "Git LFS pointer");
    }

    /** A download cache keeps files elsewhere and links to them. */
    @Test
    void linksAreFollowedAndLoopsAreTold() throws IOException {
        pipeline();
        weights("blob", "t", 3);
        Path weights = Files.createSymbolicLink(folder.resolve("unet/diffusion_pytorch_model.safetensors"), Path.of("../blob"));
        assertEquals(3, read(Optional.empty()));
        Files.delete(weights);
        Files.createSymbolicLink(weights, weights.getFileName());
        mentioned(assertThrows(MalformedFileException.class, () -> read(Optional.empty())), "diffusion_pytorch_model.safetensors", "symbolic link without a target");
        Files.delete(folder.resolve("model_index.json"));
        Files.createSymbolicLink(folder.resolve("model_index.json"), Path.of("gone.json"));
        refused(folder, "symbolic link without a target", "gone.json");
        Path loop = Files.createSymbolicLink(folder.resolve("loop"), Path.of("loop"));
        refused(loop, "symbolic link without a target");
        Files.delete(folder.resolve("model_index.json"));
        Files.createDirectory(folder.resolve("model_index.json"));
        refused(folder, "expected a file");
    }
}
