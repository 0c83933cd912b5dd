package sirocco.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import sirocco.train.TrainConfig;

class TrainFlagsTest {
    private static TrainConfig read(Optional<Path> file, String... flags) throws IOException {
        CommandSpec spec = CommandSpec.create();
        TrainFlags.addTo(spec);
        return TrainFlags.read(new CommandLine(spec).parseArgs(flags), TrainConfig.DEFAULT, file);
    }

    @Test
    void noFlagsChangeNothing() throws IOException {
        assertEquals(TrainConfig.DEFAULT, read(Optional.empty()));
    }

    @Test
    void flagsOverrideTheFileAndTheFileTheDefaults(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("run.json"), "{\"batch\": 5, \"seed\": 7, \"flip\": true}");
        TrainConfig c = read(Optional.of(file), "--batch", "6", "--learning-rate", "1e-3", "--block-out-channels", "8,16", "--data", "7");
        assertEquals(6, c.data().batch());
        assertEquals(7, c.run().seed());
        assertTrue(c.data().flip());
        assertEquals(1e-3, c.optimizer().learningRate());
        assertEquals(List.of(8, 16), c.network().unet().blockOutChannels());
        assertEquals("7", c.data().source(), "a folder may be called by a number");
        assertEquals(TrainConfig.DEFAULT.run().steps(), c.run().steps());
    }

    @Test
    void everySettingHasAFlagByItsPath() throws IOException {
        TrainConfig c = read(Optional.empty(), "--data.batch", "6", "--optimizer.adam.beta1", "0.5", "--network.unet.block-out-channels=8,16", "--data.flip",
                "--optimizer.learning-rate-schedule", "cosine");
        assertEquals(TrainConfig.DEFAULT.withData(d -> d.withBatch(6).withFlip(true)).withNetwork(n -> n.withUnet(u -> u.withBlockOutChannels(List.of(8, 16))))
                .withOptimizer(o -> o.withAdam(a -> a.withBeta1(0.5)).withLearningRateSchedule("cosine")), c);
        assertEquals(c, read(Optional.empty(), "--batch", "6", "--beta1", "0.5", "--block-out-channels", "8,16", "--flip", "--lr-schedule", "cosine"));
        assertThrows(CommandLine.ParameterException.class, () -> read(Optional.empty(), "--batch", "6", "--data.batch", "7"), "one flag, twice");
    }

    @Test
    void aTreeIsReadFromAFile(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("run.json"), "{\"data\": {\"batch\": 5}, \"optimizer\": {\"adam\": {\"epsilon\": 1e-6}}}");
        TrainConfig c = read(Optional.of(file), "--adam-epsilon", "1e-7");
        assertEquals(5, c.data().batch());
        assertEquals(1e-7, c.optimizer().adam().epsilon());
    }

    @Test
    void aSwitchTakesTrueAndFalseOrNothing() throws IOException {
        assertTrue(read(Optional.empty(), "--flip").data().flip());
        assertEquals(false, read(Optional.empty(), "--class-conditional=false", "--flip", "--batch", "3").network().classConditional());
        assertThrows(CommandLine.ParameterException.class, () -> read(Optional.empty(), "--flip=perhaps"));
    }

    @Test
    void aListCanBeEmptied(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("run.json"), "{\"blockOutChannels\": [8, 16], \"attentionLevels\": [1]}");
        TrainConfig c = read(Optional.of(file), "--block-out-channels=", "--attention-levels", "-1");
        assertEquals(List.of(), c.network().unet().blockOutChannels());
        assertEquals(List.of(-1), c.network().unet().attentionLevels());
        String message = assertThrows(IllegalArgumentException.class, () -> read(Optional.empty(), "--block-out-channels", "8,x")).getMessage();
        assertTrue(message.contains("--block-out-channels 8,x"), message);
    }

    @Test
    void aBadValueIsNamed() {
        String message = assertThrows(IllegalArgumentException.class, () -> read(Optional.empty(), "--ema-decay", "2")).getMessage();
        assertTrue(message.contains("optimizer.emaDecay") && message.contains("2.0"), message);
    }
}
