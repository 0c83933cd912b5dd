package sirocco.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sirocco.folder.ClassLabels;
import sirocco.folder.ModelFolder;
import sirocco.folder.WeightFiles;
import sirocco.io.Safetensors;
import sirocco.io.SafetensorsWriter;
import sirocco.nn.NonFiniteException;
import sirocco.nn.WeightArrays;
import sirocco.nn.Weights;
import sirocco.nn.unet.UNetConfig;

class DiffusionModelTest {
    private static final String SCHEDULER = "{\n  \"_class_name\" : \"DDPMScheduler\",\n  \"num_train_timesteps\" : 1000\n}\n";
    private static final UNetConfig CONFIG = UNetConfig.builder().size(8).channels(1).blockOutChannels(8, 16).normNumGroups(4)
            .attentionAt(1).layersPerBlock(1).numClassEmbeds(3).build();

    @TempDir Path temp;
    private Path folder;
    private Weights weights;

    /** A tensor to be put into a file in place of what belongs there. */
    private record Tensor(long[] shape, float[] data) { }

    @BeforeEach
    void someModel() {
        folder = temp.resolve("model");
        weights = WeightArrays.copyOf(Weights.initial(CONFIG, 1));
    }

    @Test
    void savesAndLoadsBitForBit() throws IOException {
        DiffusionModel saved = new DiffusionModel(weights, Optional.of(SCHEDULER), ClassLabels.of(List.of("cat", "dog, hound"), OptionalInt.of(2)));
        saved.save(folder);
        DiffusionModel loaded = DiffusionModel.load(folder);
        assertEquals(CONFIG, loaded.config());
        assertEquals(CONFIG, DiffusionModel.readConfig(ModelFolder.open(folder), Optional.empty()));
        assertEquals(Optional.of(SCHEDULER), loaded.schedulerJson());
        assertEquals(saved.labels(), loaded.labels());
        for (String name : weights.names()) {
            assertArrayEquals(weights.get(name), loaded.weights().get(name), name);
        }
        Path again = temp.resolve("again");
        loaded.save(again);
        for (String file : List.of(ModelFolder.INDEX, "unet/config.json", "scheduler/scheduler_config.json", "unet/diffusion_pytorch_model.safetensors")) {
            assertArrayEquals(Files.readAllBytes(folder.resolve(file)), Files.readAllBytes(again.resolve(file)), file);
        }
    }

    /** The keys that {@code DDPMPipeline.from_pretrained} reads. */
    @Test
    void theIndexNamesThePipelineAndItsComponents() throws IOException {
        new DiffusionModel(weights, Optional.of(SCHEDULER), ClassLabels.of(List.of("cat", "dog"), OptionalInt.of(2))).save(folder);
        JsonNode index = new ObjectMapper().readTree(folder.resolve(ModelFolder.INDEX).toFile());
        assertEquals("DDPMPipeline", index.get("_class_name").textValue());
        assertTrue(index.get("_diffusers_version").textValue().matches("\\d+\\.\\d+\\.\\d+"));
        assertEquals("[\"diffusers\",\"UNet2DModel\"]", index.get("unet").toString());
        assertEquals("[\"diffusers\",\"DDPMScheduler\"]", index.get("scheduler").toString());
        assertEquals("{\"0\":\"cat\",\"1\":\"dog\"}", index.get("id2label").toString());
        assertEquals(2, index.get("null_class").intValue());
        new DiffusionModel(weights, Optional.of(SCHEDULER.replace("DDPM", "DDIM")), ClassLabels.NONE).save(folder);
        index = new ObjectMapper().readTree(folder.resolve(ModelFolder.INDEX).toFile());
        assertEquals("DDIMPipeline", index.get("_class_name").textValue());
        assertFalse(index.has("id2label") || index.has("null_class"));
    }

    @Test
    void filesHavePyTorchsLayout() throws IOException {
        float[] ours = weights.get("down_blocks.0.resnets.0.conv1.weight");
        save();
        try (Safetensors file = Safetensors.open(folder.resolve("unet").resolve(WeightFiles.SINGLE))) {
            assertArrayEquals(new long[] {8, 8, 3, 3}, file.shape("down_blocks.0.resnets.0.conv1.weight"));
            assertArrayEquals(new long[] {16, 8, 1, 1}, file.shape("down_blocks.1.resnets.0.conv_shortcut.weight"));
            assertArrayEquals(new long[] {32, 8}, file.shape("time_embedding.linear_1.weight"));
            assertArrayEquals(new long[] {16, 16}, file.shape("mid_block.attentions.0.to_q.weight"));
            assertArrayEquals(new long[] {3, 32}, file.shape("class_embedding.weight"));
            assertArrayEquals(new long[] {1}, file.shape("conv_out.bias"));
            assertEquals("pt", file.metadata().get("format"));
            float[] theirs = file.floats("down_blocks.0.resnets.0.conv1.weight");
            // out 5, in 3, row 2, column 1
            assertEquals(ours[((5 * 3 + 2) * 3 + 1) * 8 + 3], theirs[((5 * 8 + 3) * 3 + 2) * 3 + 1]);
        }
    }

    /** One model in every layout. */
    @Test
    void everyLayoutIsTheSameModel() throws IOException {
        DiffusionModel model = new DiffusionModel(weights, Optional.of(SCHEDULER), ClassLabels.of(List.of("cat", "dog"), OptionalInt.of(2)));
        model.save(folder);
        Path flat = Files.createDirectory(temp.resolve("flat"));
        Path flatWithIndex = Files.createDirectory(temp.resolve("flat-with-index"));
        for (Path to : List.of(flat, flatWithIndex)) {
            Files.copy(folder.resolve("unet/config.json"), to.resolve("config.json"));
            Files.copy(folder.resolve("unet").resolve(WeightFiles.SINGLE), to.resolve(WeightFiles.SINGLE));
            Files.copy(folder.resolve("scheduler/scheduler_config.json"), to.resolve("scheduler_config.json"));
        }
        Files.copy(folder.resolve(ModelFolder.INDEX), flatWithIndex.resolve(ModelFolder.INDEX));
        for (Path from : List.of(folder, folder.resolve("unet"), flatWithIndex, flat)) {
            DiffusionModel loaded = DiffusionModel.load(from);
            assertEquals(CONFIG, loaded.config(), from.toString());
            assertEquals(Optional.of(SCHEDULER), loaded.schedulerJson(), from.toString());
            assertEquals(from.equals(flat) ? ClassLabels.NONE : model.labels(), loaded.labels(), from.toString());
            assertArrayEquals(weights.get("conv_in.weight"), loaded.weights().get("conv_in.weight"));
        }
        Files.delete(folder.resolve(ModelFolder.INDEX));
        assertEquals(Optional.of(SCHEDULER), DiffusionModel.load(folder).schedulerJson(), "without an index");
    }

    /** LatentDiffusion's U-Net is a UNet2DModel too, but what it makes are latents. */
    @Test
    void aPipelineWithComponentsThatAreNotSupportedIsRefused() throws IOException {
        save();
        index("{\"_class_name\": \"LDMPipeline\", \"unet\": [\"diffusers\", \"UNet2DModel\"], \"vqvae\": [\"diffusers\", \"VQModel\"], \"safety_checker\": [null, null]}");
        refused("vqvae", "VQModel", "UNet2DModel", "DDPMScheduler");
        index("{\"_class_name\": \"DiTPipeline\", \"transformer\": [\"diffusers\", \"DiTTransformer2DModel\"]}");
        Files.move(folder.resolve("unet"), folder.resolve("transformer"));
        refused("transformer", "DiTTransformer2DModel", "UNet2DModel");
        index("{\"_class_name\": \"DDPMPipeline\", \"transformer\": [\"diffusers\", \"UNet2DModel\"], \"skip_half\": true}");
        refused("skip_half");
        index("{\"_class_name\": \"DDPMPipeline\", \"transformer\": [\"diffusers\", \"UNet2DModel\"], \"id2label\": {\"3\": \"cat\"}}");
        refused("class 3", "0 to 2");
        index("{\"_class_name\": \"DDPMPipeline\", \"transformer\": [\"diffusers\", \"UNet2DModel\"], \"null_class\": -1}");
        refused("class -1");
    }

    private void index(String json) throws IOException {
        Files.writeString(folder.resolve(ModelFolder.INDEX), json);
    }

    private void refused(String... mentions) {
        String message = assertThrows(IllegalArgumentException.class, () -> DiffusionModel.load(folder)).getMessage();
        for (String m : mentions) {
            assertTrue(message.contains(m), message);
        }
    }

    @Test
    void acceptsTheOldNamesOfAttention() throws IOException {
        Map<String, Tensor> tensors = saved();
        for (String[] rename : new String[][] {{"to_q", "query"}, {"to_k", "key"}, {"to_v", "value"}, {"to_out.0", "proj_attn"}}) {
            for (String name : List.copyOf(tensors.keySet())) {
                if (name.contains("." + rename[0] + ".")) {
                    tensors.put(name.replace(rename[0], rename[1]), tensors.remove(name));
                }
            }
        }
        assertTrue(tensors.containsKey("mid_block.attentions.0.proj_attn.weight"));
        put(tensors);
        Weights loaded = DiffusionModel.load(folder).weights();
        for (String name : weights.names()) {
            assertArrayEquals(weights.get(name), loaded.get(name), name);
        }
    }

    @Test
    void listsAllThatIsMissingNotExpectedAndMisshapenAtOnce() throws IOException {
        Map<String, Tensor> tensors = saved();
        tensors.remove("conv_in.bias");
        tensors.put("conv_in.bais", new Tensor(new long[] {8}, new float[8]));
        tensors.put("conv_out.weight", new Tensor(new long[] {8, 1, 3, 3}, new float[72]));
        put(tensors);
        String message = assertThrows(IOException.class, () -> DiffusionModel.load(folder)).getMessage();
        assertTrue(message.contains("1 missing: conv_in.bias") && message.contains("1 not expected: conv_in.bais")
                && message.contains("1 misshapen: conv_out.weight [8, 1, 3, 3], expected [1, 8, 3, 3]")
                && message.contains(WeightFiles.SINGLE), message);
    }

    @Test
    void aLongListIsCutShort() throws IOException {
        save();
        put(new LinkedHashMap<>(Map.of("unrelated", new Tensor(new long[] {1}, new float[1]))));
        String message = assertThrows(IOException.class, () -> DiffusionModel.load(folder)).getMessage();
        assertTrue(message.contains(weights.names().size() + " missing: conv_in.weight, conv_in.bias, ") && message.contains(", …;"), message);
        assertTrue(message.length() < 1000, message);
    }

    /** The configuration's word is not enough to allocate on: the file has to have the tensors. */
    @Test
    void anAbsurdConfigurationIsRefusedBeforeAnythingIsAllocated() throws IOException {
        save();
        Files.writeString(folder.resolve("unet/config.json"), CONFIG.toBuilder().blockOutChannels(1 << 16, 1 << 16).build().toJson());
        String message = assertThrows(IOException.class, () -> DiffusionModel.load(folder)).getMessage();
        assertTrue(message.contains("misshapen") && message.contains("65536"), message);
    }

    @Test
    void weightsThatAreNotFiniteAreNeitherReadNorWritten() throws IOException {
        Map<String, Tensor> tensors = saved();
        tensors.get("mid_block.resnets.1.conv2.weight").data[100] = Float.NEGATIVE_INFINITY;
        put(tensors);
        String message = assertThrows(NonFiniteException.class, () -> DiffusionModel.load(folder)).getMessage();
        assertTrue(message.contains("mid_block.resnets.1.conv2.weight") && message.contains(WeightFiles.SINGLE), message);

        byte[] before = Files.readAllBytes(folder.resolve("unet").resolve(WeightFiles.SINGLE));
        weights.get("conv_in.weight")[0] = Float.NaN;
        message = assertThrows(NonFiniteException.class, this::save).getMessage();
        assertTrue(message.contains("conv_in.weight"), message);
        assertArrayEquals(before, Files.readAllBytes(folder.resolve("unet").resolve(WeightFiles.SINGLE)));
        try (var left = Files.list(temp)) {
            assertEquals(1, left.count(), "nothing half-written stays");
        }
    }

    @Test
    void saysWhatIsNotThere() throws IOException {
        assertTrue(assertThrows(IOException.class, () -> DiffusionModel.load(temp.resolve("nowhere"))).getMessage().contains("no such folder"));
        assertTrue(assertThrows(IOException.class, () -> DiffusionModel.load(temp)).getMessage().contains("not a model folder"));
        save();
        Files.delete(folder.resolve("unet").resolve(WeightFiles.SINGLE));
        String message = assertThrows(IOException.class, () -> DiffusionModel.load(folder)).getMessage();
        assertTrue(message.contains(WeightFiles.SINGLE) && message.contains("safe_serialization"), message);
    }

    @Test
    void doesNotReplaceAFolderOfOtherThings() throws IOException {
        Files.createDirectory(folder);
        Files.writeString(folder.resolve("thesis.txt"), "all of it");
        assertTrue(assertThrows(IOException.class, this::save).getMessage().contains("holds no model"));
        assertTrue(Files.exists(folder.resolve("thesis.txt")));
    }

    private void save() throws IOException {
        new DiffusionModel(weights, Optional.empty(), ClassLabels.NONE).save(folder);
    }

    private Map<String, Tensor> saved() throws IOException {
        save();
        Map<String, Tensor> all = new LinkedHashMap<>();
        try (Safetensors file = Safetensors.open(folder.resolve("unet").resolve(WeightFiles.SINGLE))) {
            for (String name : file.names()) {
                all.put(name, new Tensor(file.shape(name), file.floats(name)));
            }
        }
        return all;
    }

    private void put(Map<String, Tensor> tensors) throws IOException {
        SafetensorsWriter writer = new SafetensorsWriter();
        tensors.forEach((name, t) -> writer.floats(name, t.shape, () -> t.data));
        writer.write(folder.resolve("unet").resolve(WeightFiles.SINGLE));
    }
}
