package sirocco.nn.classifier;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sirocco.api.DType;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.folder.ClassLabels;
import sirocco.nn.ImageSize;
import sirocco.nn.Weights;
import sirocco.nn.unet.UNetConfig;
import sirocco.pipeline.Components;
import sirocco.pipeline.DiffusionModel;

class NoisyClassifierTest {
    private static final NoisyClassifierConfig CONFIG = new NoisyClassifierConfig(
            UNetConfig.builder().size(8, 6).channels(3).blockOutChannels(8, 16).layersPerBlock(1).attentionAt(1).attentionHeadDim(4).normNumGroups(4).build(), 5);

    @TempDir
    Path folder;

    @Test
    void itsConfigurationAndWeightsComeBackFromAFolder() throws IOException {
        Weights weights = Weights.initial(CONFIG, 3);
        new DiffusionModel(weights, Optional.empty(), ClassLabels.of(List.of("a", "b", "c", "d", "e"), OptionalInt.empty())).save(folder.resolve("model"));
        assertTrue(Files.exists(folder.resolve("model/classifier/config.json")));
        DiffusionModel loaded = DiffusionModel.load(folder.resolve("model"));
        assertEquals(CONFIG, loaded.config());
        assertEquals("b", loaded.labels().names().get(1));
        for (String name : weights.names()) {
            assertEquals(0, Arrays.compare(weights.get(name), loaded.weights().get(name)), name);
        }
    }

    @Test
    void itsLogitsHaveOneNumberForEachClassAndItFitsOtherImages() {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", new Shape(2, 12, 4, 3), DType.F32);
        Value y = CONFIG.network().apply(g, x, g.input("t", Shape.features(2, 1), DType.F32), Map.of(), Optional.empty());
        assertEquals(new Shape(2, 1, 1, 5), y.shape());
        NoisyClassifierConfig fitted = CONFIG.fitted(new ImageSize(16, 16), 1, 3, true);
        assertEquals(3, fitted.outChannels());
        assertEquals(1, fitted.inChannels());
        assertEquals(OptionalInt.of(3), fitted.classes());
    }

    @Test
    void whatCannotBeIsRefused() throws IOException {
        Path file = folder.resolve("config.json");
        Files.writeString(file, CONFIG.toJson().replace("\"num_classes\" : 5", "\"num_classes\" : 1"));
        String message = assertThrows(IllegalArgumentException.class, () -> Components.readNetwork(file, Optional.empty())).getMessage();
        assertTrue(message.contains("config.json") && message.contains("num_classes") && message.contains("at least 2"), message);
        Files.writeString(file, CONFIG.toJson().replace("\"dropout\"", "\"drop_out\""));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Components.readNetwork(file, Optional.empty())).getMessage().contains("drop_out"));
        assertThrows(IllegalArgumentException.class, () -> CONFIG.fitted(new ImageSize(8, 8), 3, 0, false));
    }
}
