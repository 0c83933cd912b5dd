package sirocco.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sirocco.pipeline.DiffusionModel;

/** Training a classifier of noisy images. */
class ClassifierTrainingTest {
    @TempDir
    Path folder;

    private static TrainConfig config() {
        return TrainConfig.DEFAULT.withData(d -> d.withSource("shapes8").withBatch(16)).withNetwork(n -> n.withModel("classifier"))
                .withObjective(o -> o.withKind("classification")).withProcess(p -> p.withTimesteps(50))
                .withOptimizer(o -> o.withWarmup(5).withLearningRate(1e-3).withEmaDecay(0.5))
                .withRun(r -> r.withSteps(60).withSaveEvery(0).withLogEvery(20).withSeed(5));
    }

    @Test
    void learnsTheClassesAndSavesThem() throws IOException {
        Tiny.train(folder, config(), 2);
        List<Metrics.Line> lines = new Metrics(folder).read();
        double chance = Math.log(Tiny.classes());
        assertEquals(chance, lines.getFirst().loss(), 0.5 * chance, "at first, about the entropy of a guess");
        assertTrue(lines.getLast().loss() < 0.9 * lines.getFirst().loss(), "the loss falls: " + lines);
        DiffusionModel model = DiffusionModel.load(new Checkpoints(folder).latest().orElseThrow().folder());
        assertEquals(Tiny.classes(), model.config().outChannels());
        assertEquals(Tiny.classes(), model.labels().names().size());
        try (TrainSetup again = TrainSetup.of(config().withFrom(new Checkpoints(folder).latest().orElseThrow().folder().toString()))) {
            assertEquals(model.config(), again.model().config(), "training resumes from the folder");
        }
    }

    @Test
    void networkAndObjectiveMustFit() {
        String message = refused(config().withObjective(o -> o.withKind("simple")));
        assertTrue(message.contains("objective.kind") && message.contains("classification") && message.contains("NoisyClassifier"), message);
        message = refused(config().withNetwork(n -> n.withModel("small")));
        assertTrue(message.contains("objective.kind") && message.contains("UNet2DModel"), message);
        message = refused(config().withObjective(o -> o.withKind("elbo?")));
        assertTrue(message.contains("classification or hybrid or simple or vlb") && message.contains("elbo?"), message);
        message = refused(config().withNetwork(n -> n.withUnet(u -> u.withNormGroups(4))));
        assertTrue(message.contains("network.unet.normGroups") && message.contains("NoisyClassifier"), message);
        message = refused(config().withNetwork(n -> n.withClassConditional(false)));
        assertTrue(message.contains("network.classConditional"), message);
        message = assertThrows(IllegalArgumentException.class, () -> config().withObjective(o -> o.withVariance("learned_range"))).getMessage();
        assertTrue(message.contains("objective.variance") && message.contains("classifier"), message);
        message = refused(config().withRun(r -> r.withSampleEvery(10)));
        assertTrue(message.contains("run.sampleEvery"), message);
    }

    private static String refused(TrainConfig config) {
        return assertThrows(IllegalArgumentException.class, () -> TrainSetup.of(config)).getMessage();
    }
}
