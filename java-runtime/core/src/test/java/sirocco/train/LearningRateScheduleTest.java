package sirocco.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import sirocco.api.Device;

class LearningRateScheduleTest {
    /** Two roundings of double precision. */
    private static final double ROUNDING = 0x1p-51;

    @TempDir
    Path folder;

    /** Values of closed forms: cos(π/3) = 1/2, cos(π/2) = 0, cos(2π/3) = −1/2. */
    @ParameterizedTest
    @CsvSource({"constant, 0, 1", "constant, 3, 0.8", "constant, 4, 1", "constant, 16, 1", "constant, 1000, 1",
        "linear, 0, 0.2", "linear, 4, 1", "linear, 5, 1", "linear, 9, 0.6666666666666667", "linear, 11, 0.5", "linear, 16, 0.08333333333333333", "linear, 17, 0",
        "cosine, 2, 0.6", "cosine, 5, 1", "cosine, 8, 0.8535533905932737", "cosine, 9, 0.75", "cosine, 11, 0.5", "cosine, 13, 0.25", "cosine, 17, 0"})
    void factorsAreThoseOfTheClosedForms(String name, long step, double expected) {
        long warmup = name.equals("constant") && step == 0 ? 0 : 5;
        assertEquals(expected, LearningRateSchedule.parse(name).factor(step, warmup, 17), ROUNDING);
    }

    @ParameterizedTest
    @EnumSource
    void aScheduleRisesToOneAndNeverRisesAgain(LearningRateSchedule schedule) {
        for (long warmup : new long[] {0, 1, 7, 40}) {
            double before = Double.MAX_VALUE;
            for (long step = 0; step < 23; step++) {
                double factor = schedule.factor(step, warmup, 23);
                assertTrue(factor > 0 && factor <= 1, schedule + " " + step + ": " + factor);
                if (step < warmup) {
                    assertEquals((step + 1.0) / warmup, factor);
                } else {
                    assertTrue(factor <= before, schedule + " " + step + ": " + factor);
                    assertTrue(step > warmup || factor == 1, "the full rate follows warm-up");
                    before = factor;
                }
            }
        }
    }

    @Test
    void anUnknownNameListsThoseThatExist() {
        String message = assertThrows(IllegalArgumentException.class,
                () -> Tiny.config(c -> c.withOptimizer(o -> o.withLearningRateSchedule("exponential")))).getMessage();
        assertTrue(message.contains("exponential") && message.contains("[constant, linear, cosine]"), message);
    }

    /** The metrics have the rate of each step; a run that stops and is resumed has the bits of one that was not interrupted. */
    @Test
    void aRunFollowsItsSchedule() throws IOException {
        TrainConfig config = Tiny.config(c -> c.withOptimizer(o -> o.withLearningRateSchedule("cosine").withLearningRate(0.01).withWarmup(2))
                .withRun(r -> r.withSteps(6).withSaveEvery(0)));
        Path whole = folder.resolve("whole");
        Tiny.train(whole, config, 1);
        List<Metrics.Line> lines = new Metrics(whole).read();
        for (int step = 0; step < 6; step++) {
            double factor = step < 2 ? (step + 1) / 2.0 : (1 + Math.cos(Math.PI * (step - 2) / 4)) / 2;
            assertEquals(0.01 * factor, lines.get(step).learningRate(), 0.01 * ROUNDING);
        }
        Path parts = folder.resolve("parts");
        try (Device device = Tiny.device(1); TrainSetup setup = TrainSetup.of(config); Trainer trainer = new Trainer(setup, device)) {
            trainer.start();
            trainer.train(parts, new TrainListener() { }, () -> trainer.step() == 3);
        }
        Tiny.train(parts, config, 2);
        Tiny.assertSameCheckpoint(Tiny.checkpoint(whole, 6), Tiny.checkpoint(parts, 6));
        Path constant = folder.resolve("constant");
        Tiny.train(constant, config.withOptimizer(o -> o.withLearningRateSchedule("constant")), 1);
        assertEquals(new Metrics(constant).read().get(2).gradNorm(), lines.get(2).gradNorm(), "the same up to the end of warm-up");
        assertTrue(new Metrics(constant).read().get(5).gradNorm() != lines.get(5).gradNorm());
    }
}
