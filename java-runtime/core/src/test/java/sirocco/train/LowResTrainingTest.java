package sirocco.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sirocco.api.Device;
import sirocco.data.Batch;
import sirocco.data.Dataset;
import sirocco.data.Samples;
import sirocco.data.Shapes;
import sirocco.diffusion.ClassifierFree;
import sirocco.diffusion.Guide;
import sirocco.diffusion.Programs;
import sirocco.diffusion.SchedulerConfig;
import sirocco.diffusion.SolverProgram;
import sirocco.nn.ImageSize;
import sirocco.nn.LowResCondition;
import sirocco.nn.LowResSamples;
import sirocco.nn.NetworkConfig;
import sirocco.pipeline.DiffusionModel;
import sirocco.sample.ImageSampler;

/** Training and sampling with a low-resolution partner (Saharia et al. 2021). */
class LowResTrainingTest {
    @TempDir
    Path folder;

    private static TrainConfig config(String condition) {
        return Tiny.config(c -> c.withNetwork(n -> n.withCondition(condition)));
    }

    private static LowResCondition partner(NetworkConfig c) {
        return new LowResCondition(c.size(), c.inChannels(), c.lowResFactor().orElseThrow());
    }

    private static Samples conditions(NetworkConfig c, Dataset data) {
        LowResSamples partners = LowResSamples.averages(partner(c), data, 4);
        return Samples.join(Samples.ofLabels(i -> partners.label(i)), partners);
    }

    /** The folder says what the network receives, opens again, resumes, and generates an image of a number at any batch, with guidance too. */
    @ParameterizedTest
    @CsvSource({"low-res:4, discrete, true", "low-res:4, edm, false"})
    void trainsSavesAndSamples(String condition, String process, boolean classes) throws IOException {
        TrainConfig config = config(condition).withNetwork(n -> n.withClassConditional(classes)).withProcess(p -> p.withType(process).withTimesteps(1000));
        Tiny.train(folder, config, 2);
        Path checkpoint = new Checkpoints(folder).latest().orElseThrow().folder();
        DiffusionModel model = DiffusionModel.load(checkpoint);
        assertEquals(OptionalInt.of(2), model.config().lowResFactor());
        assertEquals(3, model.config().inChannels());
        String json = Files.readString(checkpoint.resolve("unet/config.json"));
        assertTrue(json.contains("\"in_channels\" : 6") && json.contains("\"_low_res_factor\" : 2"), json);
        assertEquals(classes ? 2 : 1, model.config().network().conditions().size());
        try (Dataset data = new Shapes(8, 3, 0)) {
            float[] four = draw(model, conditions(model.config(), data), 0, 4);
            float[] two = draw(model, conditions(model.config(), data), 2, 2);
            // A batch of another size may be convolved by another algorithm, which rounds differently.
            assertArrayEquals(Arrays.copyOfRange(four, four.length / 2, four.length), two, 1e-4f);
            if (classes) {
                int none = model.config().numClassEmbeds().getAsInt() - 1;
                Guide negative = ClassifierFree.of(1.5, Optional.of(Samples.ofLabels(_ -> none)));
                assertArrayEquals(two, draw(model, conditions(model.config(), data), 2, 2, negative), "a negative label has the null partner");
            }
            float[] others = draw(model, conditions(model.config(), new Shapes(8, 3, 77)), 2, 2);
            assertFalse(Arrays.equals(two, others), "the images depend on their partners");
        }
        TrainConfig from = config.withFrom(checkpoint.toString());
        try (TrainSetup again = TrainSetup.of(from)) {
            assertEquals(model.config(), again.model().config());
        }
        try (TrainSetup again = TrainSetup.of(from.withNetwork(n -> n.withCondition(condition)))) {
            assertEquals(model.config(), again.model().config());
        }
        String message = refused(from.withNetwork(n -> n.withCondition("none")));
        assertTrue(message.matches("network.condition: .*expected " + condition + ", got none.*"), message);
    }

    private static float[] draw(DiffusionModel model, Samples conditions, int first, int batch) {
        return draw(model, conditions, first, batch, ClassifierFree.of(1.5, Optional.empty()));
    }

    private static float[] draw(DiffusionModel model, Samples conditions, int first, int batch, Guide guide) {
        SchedulerConfig scheduler = SchedulerConfig.parse(model.schedulerJson().orElseThrow());
        SolverProgram program = Programs.of(scheduler.process().defaultSolver().name(), scheduler.process(), 4);
        try (Device device = Tiny.device(1); ImageSampler sampler = new ImageSampler(device, model.config().network(), program, batch,
                guide).load(model.weights())) {
            sampler.begin(1, first, conditions);
            assertTrue(sampler.finish(() -> false));
            assertEquals(3, sampler.shape().c());
            return sampler.read().clone();
        }
    }

    /** Micro-batches, and a dataset on the device, give the same training. */
    @Test
    void partnersAreThoseOfTheWholeBatch() throws IOException {
        TrainConfig config = config("low-res:4").withData(d -> d.withBatch(6)).withRun(r -> r.withSteps(2).withLogEvery(1));
        Tiny.train(folder.resolve("whole"), config, 1);
        Tiny.train(folder.resolve("parts"), config.withData(d -> d.withMicroBatch(2)), 1);
        double whole = new Metrics(folder.resolve("whole")).read().getLast().loss();
        assertEquals(whole, new Metrics(folder.resolve("parts")).read().getLast().loss(), 1e-4 * whole);
        for (DataPlace place : List.of(DataPlace.HOST, DataPlace.DEVICE)) {
            try (Device device = Tiny.device(1); TrainSetup setup = Tiny.few(config); Trainer trainer = new Trainer(setup, device, place)) {
                trainer.start();
                trainer.train(folder.resolve(place.name()), new TrainListener() { }, () -> false);
            }
        }
        Tiny.assertSameCheckpoint(Tiny.checkpoint(folder.resolve("HOST"), 2), Tiny.checkpoint(folder.resolve("DEVICE"), 2));
    }

    /** The averages of the host are those of the device: of a byte's mean they differ by rounding only. */
    @Test
    void partnersOfADatasetAreAveragesOfItsImages() {
        try (Dataset data = new Shapes(8, 3, 0)) {
            LowResCondition c = new LowResCondition(new ImageSize(8, 8), 3, 4);
            LowResSamples partners = LowResSamples.averages(c, data, 36);
            Batch read = new Batch(2, partners.columns());
            partners.read(5, read, 1);
            byte[] image = new byte[data.imageBytes()];
            assertEquals(data.read(5, image, 0), partners.label(5));
            double sum = 0;
            for (int y = 4; y < 8; y++) {
                for (int x = 0; x < 4; x++) {
                    sum += (image[(y * 8 + x) * 3 + 1] & 255) / 127.5 - 1;
                }
            }
            assertEquals(sum / 16, read.floats(LowResCondition.COLUMN)[12 + 7], 1e-6);
            String message = assertThrows(IllegalArgumentException.class, () -> LowResSamples.of(c, data)).getMessage();
            assertTrue(message.matches("low-resolution partners: .*expected 2×2 with 3 channels, got 8×8 with 3.*"), message);
        }
    }

    @Test
    void imagesWithoutPartnerAreRefused() throws IOException {
        try (TrainSetup setup = TrainSetup.of(config("low-res:4")); Device device = Tiny.device(1);
                ImageSampler sampler = new ImageSampler(device, setup.model(), Programs.of("ddim", setup.process(), 2), 1, ClassifierFree.of(2, Optional.empty()))) {
            sampler.load(setup.initialWeights());
            String message = assertThrows(IllegalArgumentException.class, () -> sampler.begin(1, 0, Samples.ofLabels(_ -> 0))).getMessage();
            assertTrue(message.matches("sampling: .*expected .*low_res.*got .*label.*"), message);
        }
    }

    private static String refused(TrainConfig config) {
        return assertThrows(IllegalArgumentException.class, () -> TrainSetup.of(config).close()).getMessage();
    }

    @ParameterizedTest
    @ValueSource(strings = {"low-res:5", "low-res:6", "low-res:8", "low-res:16"})
    void aSizeThatDoesNotFitIsRefused(String condition) {
        assertTrue(refused(config(condition)).matches("network.condition: .*8×8.*expected .*divisor of 8 below it, got " + condition + ".*"), refused(config(condition)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"low-res:0", "low-res:3", "low-res:-4", "low-res:", "low-res", "low-res:4.5", "lowres:4", "depth", ""})
    void whatIsNoConditionIsRefused(String condition) {
        String message = assertThrows(IllegalArgumentException.class, () -> config(condition)).getMessage();
        assertEquals("network.condition: the value is not possible (expected none, own, or low-res:N with N at least 4, got " + condition + ").", message);
    }

    /** A configuration of a network decides unless the setting does, and a classifier receives no partner. */
    @Test
    void aConfigurationAndAClassifier() throws IOException {
        Path file = folder.resolve("net.json");
        try (TrainSetup setup = TrainSetup.of(on16("low-res:4"))) {
            Files.writeString(file, setup.model().config().toJson());
        }
        for (String condition : List.of("own", "none", "low-res:8")) {
            try (TrainSetup setup = TrainSetup.of(on16(condition).withNetwork(n -> n.withModel(file.toString())))) {
                OptionalInt expected = condition.equals("own") ? OptionalInt.of(4) : condition.equals("none") ? OptionalInt.empty() : OptionalInt.of(2);
                assertEquals(expected, setup.model().config().lowResFactor());
                assertEquals(3, setup.model().config().inChannels());
            }
        }
        TrainConfig classifier = TrainConfig.DEFAULT.withObjective(o -> o.withKind("classification")).withNetwork(n -> n.withModel("classifier").withCondition("low-res:8"));
        assertTrue(refused(classifier).matches("network.condition: low-res:8: .*NoisyClassifier.*"), refused(classifier));
    }

    private static TrainConfig on16(String condition) {
        return config(condition).withData(d -> d.withSource("shapes16"));
    }
}
