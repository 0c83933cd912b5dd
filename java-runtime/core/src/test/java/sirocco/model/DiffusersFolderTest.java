package sirocco.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sirocco.io.Safetensors;
import sirocco.io.SafetensorsWriter;

class DiffusersFolderTest {
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
        weights = Weights.initial(CONFIG, 1);
    }

    @Test
    void savesAndLoadsBitForBit() throws IOException {
        new DiffusersFolder(weights, Optional.of(SCHEDULER)).save(folder);
        DiffusersFolder loaded = DiffusersFolder.load(folder);
        assertEquals(CONFIG, loaded.config());
        assertEquals(CONFIG, DiffusersFolder.readConfig(folder));
        assertEquals(Optional.of(SCHEDULER), loaded.schedulerJson());
        assertFalse(Files.exists(folder.resolve(DiffusersFolder.INDEX)), "diffusers' pipeline gives no labels");
        for (String name : weights.names()) {
            assertArrayEquals(weights.get(name), loaded.weights().get(name), name);
        }
        Path again = temp.resolve("again");
        loaded.save(again);
        for (String file : List.of(DiffusersFolder.CONFIG, DiffusersFolder.SCHEDULER, DiffusersFolder.WEIGHTS)) {
            assertArrayEquals(Files.readAllBytes(folder.resolve(file)), Files.readAllBytes(again.resolve(file)), file);
        }
    }

    @Test
    void filesHavePyTorchsLayout() throws IOException {
        float[] ours = weights.get("down_blocks.0.resnets.0.conv1.weight");
        save();
        try (Safetensors file = Safetensors.open(folder.resolve(DiffusersFolder.WEIGHTS))) {
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

    @Test
    void readsAPipelinesFolderAndItsIndexIsWrittenForModelsWithoutClasses() throws IOException {
        Weights plain = Weights.initial(CONFIG.toBuilder().numClassEmbeds(0).build(), 2);
        new DiffusersFolder(plain, Optional.empty()).save(folder.resolve("unet"));
        Files.createDirectory(folder.resolve("scheduler"));
        Files.writeString(folder.resolve("scheduler/scheduler_config.json"), SCHEDULER);
        DiffusersFolder loaded = DiffusersFolder.load(folder);
        assertEquals(Optional.of(SCHEDULER), loaded.schedulerJson());
        assertArrayEquals(plain.get("conv_in.weight"), loaded.weights().get("conv_in.weight"));
        Path flat = temp.resolve("flat");
        loaded.save(flat);
        assertTrue(Files.readString(flat.resolve(DiffusersFolder.INDEX)).contains("DDPMPipeline"));
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
        Weights loaded = DiffusersFolder.load(folder).weights();
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
        String message = assertThrows(IOException.class, () -> DiffusersFolder.load(folder)).getMessage();
        assertTrue(message.contains("1 missing: conv_in.bias") && message.contains("1 not expected: conv_in.bais")
                && message.contains("1 misshapen: conv_out.weight [8, 1, 3, 3], expected [1, 8, 3, 3]")
                && message.contains(DiffusersFolder.WEIGHTS), message);
    }

    @Test
    void aLongListIsCutShort() throws IOException {
        save();
        put(new LinkedHashMap<>(Map.of("unrelated", new Tensor(new long[] {1}, new float[1]))));
        String message = assertThrows(IOException.class, () -> DiffusersFolder.load(folder)).getMessage();
        assertTrue(message.contains(weights.names().size() + " missing: conv_in.weight, conv_in.bias, ") && message.contains(", …;"), message);
        assertTrue(message.length() < 1000, message);
    }

    /** The configuration's word is not enough to allocate on: the file has to have the tensors. */
    @Test
    void anAbsurdConfigurationIsRefusedBeforeAnythingIsAllocated() throws IOException {
        save();
        Files.writeString(folder.resolve(DiffusersFolder.CONFIG), CONFIG.toBuilder().blockOutChannels(1 << 16, 1 << 16).build().toJson());
        String message = assertThrows(IOException.class, () -> DiffusersFolder.load(folder)).getMessage();
        assertTrue(message.contains("misshapen") && message.contains("65536"), message);
    }

    @Test
    void weightsThatAreNotFiniteAreNeitherReadNorWritten() throws IOException {
        Map<String, Tensor> tensors = saved();
        tensors.get("mid_block.resnets.1.conv2.weight").data[100] = Float.NEGATIVE_INFINITY;
        put(tensors);
        String message = assertThrows(NonFiniteException.class, () -> DiffusersFolder.load(folder)).getMessage();
        assertTrue(message.contains("mid_block.resnets.1.conv2.weight") && message.contains(DiffusersFolder.WEIGHTS), message);

        byte[] before = Files.readAllBytes(folder.resolve(DiffusersFolder.WEIGHTS));
        weights.get("conv_in.weight")[0] = Float.NaN;
        message = assertThrows(NonFiniteException.class, this::save).getMessage();
        assertTrue(message.contains("conv_in.weight"), message);
        assertArrayEquals(before, Files.readAllBytes(folder.resolve(DiffusersFolder.WEIGHTS)));
        try (var left = Files.list(temp)) {
            assertEquals(1, left.count(), "nothing half-written stays");
        }
    }

    @Test
    void saysWhatIsNotThere() throws IOException {
        assertTrue(assertThrows(IOException.class, () -> DiffusersFolder.load(temp.resolve("nowhere"))).getMessage().contains("no such folder"));
        assertTrue(assertThrows(IOException.class, () -> DiffusersFolder.load(temp)).getMessage().contains("not a model folder"));
        save();
        Files.delete(folder.resolve(DiffusersFolder.WEIGHTS));
        String message = assertThrows(IOException.class, () -> DiffusersFolder.load(folder)).getMessage();
        assertTrue(message.contains(DiffusersFolder.WEIGHTS) && message.contains("safe_serialization"), message);
    }

    @Test
    void doesNotReplaceAFolderOfOtherThings() throws IOException {
        Files.createDirectory(folder);
        Files.writeString(folder.resolve("thesis.txt"), "all of it");
        assertTrue(assertThrows(IOException.class, this::save).getMessage().contains("holds no model"));
        assertTrue(Files.exists(folder.resolve("thesis.txt")));
    }

    private void save() throws IOException {
        new DiffusersFolder(weights, Optional.empty()).save(folder);
    }

    private Map<String, Tensor> saved() throws IOException {
        save();
        Map<String, Tensor> all = new LinkedHashMap<>();
        try (Safetensors file = Safetensors.open(folder.resolve(DiffusersFolder.WEIGHTS))) {
            for (String name : file.names()) {
                all.put(name, new Tensor(file.shape(name), file.floats(name)));
            }
        }
        return all;
    }

    private void put(Map<String, Tensor> tensors) throws IOException {
        SafetensorsWriter writer = new SafetensorsWriter();
        tensors.forEach((name, t) -> writer.floats(name, t.shape, () -> t.data));
        writer.write(folder.resolve(DiffusersFolder.WEIGHTS));
    }
}
