package sirocco.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sirocco.api.Device;
import sirocco.diffusion.BetaSchedule;
import sirocco.diffusion.DiscreteProcess;
import sirocco.diffusion.Prediction;
import sirocco.folder.ClassLabels;
import sirocco.folder.ModelFolder;
import sirocco.io.Safetensors;
import sirocco.nn.Weights;
import sirocco.nn.unet.UNetConfig;
import sirocco.pipeline.DiffusionModel;

class FineTuningTest {
    private static final String TABLE = "class_embedding.weight";

    @TempDir
    static Path shared;

    @TempDir
    Path folder;

    /** A model of 8×8 pixels and eight classes, trained for two steps. */
    private static Path model;

    @BeforeAll
    static void train() throws IOException {
        Tiny.train(shared, Tiny.config(c -> c.withRun(r -> r.withSteps(2)).withProcess(p -> p.withSchedule("cosine"))
                .withObjective(o -> o.withPrediction("v_prediction"))), 1);
        model = Tiny.checkpoint(shared, 2);
    }

    /** @param changes more settings, with commas between */
    private static TrainConfig from(Path model, String changes) {
        TrainConfig base = TrainConfig.parse("""
                {"data": "shapes8", "steps": 4, "batch": 3, "warmup": 0, "saveEvery": 2, "logEvery": 1, "seed": 9, "from": %s}"""
                .formatted(quoted(model)), TrainConfig.DEFAULT, "test");
        return TrainConfig.parse("{" + changes + "}", base, "test");
    }

    private static final String WEIGHTS = "unet/diffusion_pytorch_model.safetensors";
    private static final String SCHEDULER = "scheduler/scheduler_config.json";

    private static UNetConfig config(Path folder) throws IOException {
        return (UNetConfig) DiffusionModel.readConfig(ModelFolder.open(folder), Optional.empty());
    }

    private static String quoted(Object text) {
        return new JsonMapper().valueToTree(text.toString()).toString();
    }

    @Test
    void theFolderSuppliesNetworkScheduleAndPrediction() throws IOException {
        try (TrainSetup setup = TrainSetup.of(from(model, ""))) {
            assertEquals(config(model), setup.model().config());
            DiscreteProcess process = (DiscreteProcess) setup.process();
            assertEquals(Optional.of(BetaSchedule.COSINE), process.schedule().kind());
            assertEquals(50, process.schedule().T());
            assertEquals(Prediction.V_PREDICTION, process.output());
            assertTrue(setup.config().network().fromHash().matches("[0-9a-f]{64}"), setup.config().network().fromHash());
        }
        String same = "\"schedule\": \"cosine\", \"timesteps\": 50, \"prediction\": \"v\", \"dropout\": 0.25, \"data\": \"shapes16\", \"imageSize\": 16";
        try (TrainSetup setup = TrainSetup.of(from(model, same))) {
            assertEquals(0.25, ((UNetConfig) setup.model().config()).dropout());
            assertEquals(16, setup.model().config().size().height(), "no weight depends on the size");
        }
    }

    /** At a learning rate that changes nothing, the parameters after a step are those at the start. */
    @Test
    void parametersAndMovingAverageStartFromTheFoldersWeights() throws IOException {
        Weights expected = DiffusionModel.load(model).weights();
        Path run = folder.resolve("run");
        try (Device device = Tiny.device(1); TrainSetup setup = TrainSetup.of(from(model, "\"learningRate\": 1e-30, \"steps\": 1"));
                Trainer trainer = new Trainer(setup, device)) {
            trainer.start();
            Weights average = trainer.averageModel().weights();
            for (String name : expected.names()) {
                assertArrayEquals(expected.get(name), average.get(name), name);
            }
            trainer.train(run, new TrainListener() { }, () -> false);
        }
        try (Safetensors state = Safetensors.open(Tiny.checkpoint(run, 1).resolve("trainer.safetensors"))) {
            for (String name : expected.names()) {
                assertArrayEquals(expected.get(name), state.floats("parameter." + name), name);
            }
        }
    }

    @Test
    void aResumedRunHasTheBitsOfOneThatWasNotInterrupted() throws IOException {
        Tiny.train(folder.resolve("whole"), from(model, ""), 2);
        Tiny.train(folder.resolve("parts"), from(model, "").withRun(r -> r.withSteps(2)), 1);
        Tiny.train(folder.resolve("parts"), from(model, ""), 1);
        Tiny.assertSameCheckpoint(Tiny.checkpoint(folder.resolve("whole"), 4), Tiny.checkpoint(folder.resolve("parts"), 4));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            "model": "small"             | network.model: the network is that of the folder
            "blockOutChannels": [8, 16]  | network.unet.blockOutChannels: the network
            "attentionLevels": [1]       | attentionLevels: the network
            "layersPerBlock": 1          | layersPerBlock: the network
            "headChannels": 8            | headChannels: the network
            "normGroups": 4              | normGroups: the network
            "schedule": "linear"         | process.schedule: .*expected squaredcos_cap_v2, got linear
            "timesteps": 1000            | process.timesteps: .*expected 50, got 1000
            "prediction": "epsilon"      | objective.prediction: .*expected v_prediction, got epsilon
            "channels": 1                | reads 3 channels .*expected 1
            "classConditional": false    | network.classConditional: .*class table of 9 rows.*network.newClasses""")
    void whatContradictsTheFolderIsNamed(String setting, String message) {
        var e = assertThrows(IllegalArgumentException.class, () -> TrainSetup.of(from(model, setting)));
        assertTrue(e.getMessage().matches("(?s).*" + message + ".*"), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"fromHash\": \"ab\"", "\"newClasses\": true", "\"model\": \"own\"", "\"schedule\": \"own\"", "\"timesteps\": 0",
        "\"prediction\": \"own\""})
    void whatBelongsToAFolderNeedsOne(String setting) {
        assertThrows(IllegalArgumentException.class, () -> TrainSetup.of(TrainConfig.parse("{" + setting + "}", Tiny.config(), "test")));
    }

    @Test
    void aFolderThatChangedIsNoticed() throws IOException {
        Path copy = Files.createDirectory(folder.resolve("copy"));
        DiffusionModel.load(model).write(copy);
        TrainConfig begun;
        try (TrainSetup setup = TrainSetup.of(from(copy, ""))) {
            begun = TrainConfig.parse(setup.config().toJson(), TrainConfig.DEFAULT, "run.json");
        }
        TrainSetup.of(begun).close();
        for (String file : new String[] {WEIGHTS, SCHEDULER}) {
            byte[] bytes = Files.readAllBytes(copy.resolve(file));
            byte[] changed = bytes.clone();
            changed[bytes.length - 1] ^= 1;
            Files.write(copy.resolve(file), file.equals(WEIGHTS) ? changed
                    : Files.readString(copy.resolve(file)).replace("_large", "_small").getBytes());
            String message = assertThrows(IllegalArgumentException.class, () -> TrainSetup.of(begun), file).getMessage();
            assertTrue(message.contains("not the one that the run began with") && message.contains(begun.network().fromHash()), message);
            Files.write(copy.resolve(file), bytes);
        }
        TrainSetup.of(begun).close();
        DiffusionModel loaded = DiffusionModel.load(model);
        Path bare = folder.resolve("bare");
        new DiffusionModel(loaded.weights(), Optional.empty(), loaded.labels()).save(bare);
        String unknown = assertThrows(IllegalArgumentException.class, () -> TrainSetup.of(from(bare, ""))).getMessage();
        assertTrue(unknown.contains("has no scheduler_config.json") && unknown.contains("Set process.schedule, process.timesteps and objective.prediction"), unknown);
        TrainSetup.of(from(bare, "\"schedule\": \"cosine\", \"timesteps\": 50, \"prediction\": \"v\"")).close();
        String missing = assertThrows(IOException.class, () -> TrainSetup.of(from(folder.resolve("gone"), ""))).getMessage();
        assertTrue(missing.contains("gone: no such folder"), missing);
    }

    // ---- classes ---------------------------------------------------------------------------------------------------------------

    /** Images of three classes. */
    private Path threeClasses() throws IOException {
        Path data = folder.resolve("data");
        for (String name : new String[] {"a", "b", "c"}) {
            Files.createDirectories(data.resolve(name));
            ImageIO.write(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), "png", data.resolve(name).resolve("0.png").toFile());
        }
        return data;
    }

    private static OptionalInt rows(TrainConfig config) throws IOException {
        try (TrainSetup setup = TrainSetup.of(config)) {
            return setup.model().config().numClassEmbeds();
        }
    }

    @Test
    void otherClassesNeedANewTable() throws IOException {
        String three = "\"data\": " + quoted(threeClasses());
        String message = assertThrows(IllegalArgumentException.class, () -> TrainSetup.of(from(model, three))).getMessage();
        assertTrue(message.matches(".*class table of 9 rows.*expected 3 or, with the null class, 4.*network.newClasses.*"), message);

        TrainConfig config = from(model, three + ", \"newClasses\": true, \"steps\": 1");
        assertEquals(OptionalInt.of(4), rows(config));
        Weights own = DiffusionModel.load(model).weights();
        try (TrainSetup setup = TrainSetup.of(config)) {
            Weights weights = setup.initialWeights();
            Weights fresh = Weights.initial(setup.model().config(), 9);
            for (String name : weights.names()) {
                assertArrayEquals(name.equals(TABLE) ? fresh.get(name) : own.get(name), weights.get(name), name);
            }
        }
        Tiny.train(folder.resolve("run"), config, 1);
        assertEquals(OptionalInt.of(4), config(Tiny.checkpoint(folder.resolve("run"), 1)).numClassEmbeds());
        assertEquals(OptionalInt.empty(), rows(from(model, three + ", \"newClasses\": true, \"classConditional\": false")));
    }

    @Test
    void aModelWithoutClassesStaysSoUnlessAskedFor() throws IOException {
        Path plain = folder.resolve("plain");
        Tiny.train(plain, Tiny.config(c -> c.withRun(r -> r.withSteps(1)).withNetwork(n -> n.withClassConditional(false))), 1);
        Path unconditional = Tiny.checkpoint(plain, 1);
        assertEquals(OptionalInt.empty(), rows(from(unconditional, "")));
        assertEquals(OptionalInt.of(9), rows(from(unconditional, "\"newClasses\": true")));
        Tiny.train(folder.resolve("run"), from(unconditional, "\"newClasses\": true, \"steps\": 1"), 1);
    }

    /** As diffusers' own training leaves it. */
    @Test
    void aTableWithoutANullClassCannotDropLabels() throws IOException {
        UNetConfig eight = config(model).toBuilder().numClassEmbeds(8).build();
        Path other = folder.resolve("other");
        new DiffusionModel(Weights.initial(eight, 3), ModelFolder.open(model).schedulerJson(), ClassLabels.NONE).save(other);
        String message = assertThrows(IllegalArgumentException.class, () -> TrainSetup.of(from(other, ""))).getMessage();
        assertTrue(message.contains("labelDrop") && message.contains("class table of 8 rows") && message.contains("expected 0, got 0.1"), message);
        assertEquals(OptionalInt.of(8), rows(from(other, "\"labelDrop\": 0")));
        Tiny.train(folder.resolve("run"), from(other, "\"labelDrop\": 0, \"steps\": 1"), 1);
    }
}
