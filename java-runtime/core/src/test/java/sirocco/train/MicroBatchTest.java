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
import java.util.concurrent.Callable;
import java.util.concurrent.Exchanger;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Value;
import sirocco.data.DataException;
import sirocco.data.Dataset;
import sirocco.nn.NonFiniteException;
import sirocco.testkit.Tolerance;

class MicroBatchTest {
    private static final TrainListener SILENT = new TrainListener() { };

    @TempDir
    Path folder;

    /** Collects the gradients of the last step. */
    private static final class Collected implements GradientHook {
        private float[] all;

        @Override
        public void gradients(long step, Executable executable, List<Value> gradients) {
            all = flat(executable, gradients);
        }
    }

    private static float[] flat(Executable executable, List<Value> gradients) {
        float[] all = new float[gradients.stream().mapToInt(g -> (int) g.shape().elements()).sum()];
        int at = 0;
        for (Value g : gradients) {
            float[] one = new float[(int) g.shape().elements()];
            executable.read(g, one);
            System.arraycopy(one, 0, all, at, one.length);
            at += one.length;
        }
        return all;
    }

    private static TrainConfig config(int batch, int microBatch, int steps) {
        return Tiny.config(c -> c.withData(d -> d.withBatch(batch).withMicroBatch(microBatch)).withRun(r -> r.withSteps(steps).withSaveEvery(0)));
    }

    /** The gradients and the loss of one step after a checkpoint. */
    private static float[] step(Path checkpoint, Path run, TrainConfig config, DataPlace place, double[] loss) throws IOException {
        Collected collected = new Collected();
        try (Device device = Tiny.device(2); TrainSetup setup = Tiny.few(config); Trainer trainer = new Trainer(setup, device, place, Optional.of(collected))) {
            trainer.resume(checkpoint);
            trainer.train(run, SILENT, () -> false);
        }
        loss[0] = new Metrics(run).read().getLast().loss();
        return collected.all;
    }

    private static double difference(float[] a, float[] b) {
        double squares = 0;
        for (int i = 0; i < a.length; i++) {
            squares += Math.pow((double) a[i] - b[i], 2);
        }
        return Math.sqrt(squares);
    }

    /** From trained weights: at first most gradients are almost 0. Labels are dropped, images flipped and features dropped by their numbers in the batch. */
    @Test
    void gradientsAndLossAreThoseOfTheWholeBatch() throws IOException {
        Path start = folder.resolve("start");
        Tiny.train(start, Tiny.config(c -> c.withData(d -> d.withBatch(15)).withRun(r -> r.withSteps(8)).withOptimizer(o -> o.withLearningRate(3e-3))
                .withObjective(o -> o.withLabelDrop(0.4))), 2);
        double[] loss = new double[1];
        Path checkpoint = Tiny.checkpoint(start, 8);
        float[] whole = step(checkpoint, folder.resolve("whole"), config(15, 0, 9), DataPlace.HOST, loss);
        double wholeLoss = loss[0];
        for (int microBatch : new int[] {15, 5, 3, 1}) {
            for (DataPlace place : List.of(DataPlace.HOST, DataPlace.DEVICE)) {
                float[] parts = step(checkpoint, folder.resolve(place + "-" + microBatch), config(15, microBatch, 9), place, loss);
                double error = difference(parts, whole) / difference(new float[whole.length], whole);
                assertTrue(error <= Tolerance.gradients().relative(), "micro-batches of " + microBatch + " " + place + ": gradients differ by " + error);
                assertEquals(wholeLoss, loss[0], Tolerance.network().relative() * wholeLoss, "loss");
            }
        }
    }

    @Test
    void aResumedRunHasTheBitsOfOneThatWasNotInterrupted() throws IOException {
        TrainConfig config = config(6, 2, 5);
        Tiny.train(folder.resolve("whole"), config, 2);
        Tiny.train(folder.resolve("parts"), config.withRun(r -> r.withSteps(2)), 1);
        Tiny.train(folder.resolve("parts"), config, 2);
        Tiny.assertSameCheckpoint(Tiny.checkpoint(folder.resolve("whole"), 5), Tiny.checkpoint(folder.resolve("parts"), 5));
        List<Metrics.Line> whole = new Metrics(folder.resolve("whole")).read();
        List<Metrics.Line> parts = new Metrics(folder.resolve("parts")).read();
        for (int i = 0; i < 5; i++) {
            assertEquals(whole.get(i).loss(), parts.get(i).loss());
        }
    }

    @Test
    void memoryIsThatOfTheMicroBatch() throws IOException {
        long[] arena = new long[5];
        int[] microBatches = {15, 5, 3, 1};
        try (Device device = Tiny.device(2)) {
            for (int i = 0; i < microBatches.length; i++) {
                try (TrainSetup parts = TrainSetup.of(config(15, microBatches[i], 1)); Trainer trainer = new Trainer(parts, device);
                        TrainSetup small = TrainSetup.of(config(microBatches[i], 0, 1)); Trainer single = new Trainer(small, device)) {
                    arena[i] = trainer.plan().arenaBytes();
                    assertTrue(arena[i] <= 1.05 * single.plan().arenaBytes(), arena[i] + " bytes, a batch of that size has " + single.plan().arenaBytes());
                    assertTrue(i == 0 || arena[i] < arena[i - 1], Arrays.toString(arena));
                    assertEquals(i == 0 ? 1 : 2, trainer.plan().graph().phases().size());
                }
            }
        }
    }

    @Test
    void aMicroBatchThatDoesNotDivideTheBatchIsRefused() {
        for (int microBatch : new int[] {4, 30}) {
            String message = assertThrows(IllegalArgumentException.class, () -> config(15, microBatch, 1)).getMessage();
            assertTrue(message.matches("data.microBatch: .*a divisor of data.batch, 15, or 0, got " + microBatch + ".*"), message);
        }
        assertThrows(IllegalArgumentException.class, () -> config(15, -5, 1));
    }

    /** The failed read is that of the second micro-batch of step 3: neither the first's gradients nor the step are kept. */
    @Test
    void anImageThatCannotBeReadLeavesNoPartOfASum() throws IOException {
        TrainConfig config = config(3, 1, 6);
        Tiny.train(folder.resolve("whole"), config, 1);
        Path run = folder.resolve("run");
        try (Device device = Tiny.device(1); TrainSetup good = TrainSetup.of(config)) {
            Dataset once = new Tiny.Failing(good.data(), new AtomicInteger(7));
            try (Trainer trainer = new Trainer(new TrainSetup(config, once, good.model(), good.process()), device)) {
                trainer.start();
                String message = assertThrows(DataException.class, () -> trainer.train(run, SILENT, () -> false)).getMessage();
                assertTrue(message.contains("after step 2"), message);
                trainer.train(run, SILENT, () -> false);
            }
        }
        Tiny.assertSameCheckpoint(Tiny.checkpoint(folder.resolve("whole"), 6), Tiny.checkpoint(run, 6));
    }

    @Test
    void aLossThatIsNotFiniteStopsTrainingWithTheWeightsBeforeIt() throws IOException {
        TrainConfig wild = Tiny.config(c -> c.withOptimizer(o -> o.withLearningRate(1e30).withClipNorm(0).withWarmup(0))
                .withRun(r -> r.withSaveEvery(1).withLogEvery(100)).withData(d -> d.withBatch(6).withMicroBatch(2)));
        var e = assertThrows(NonFiniteException.class, () -> Tiny.train(folder, wild, 1));
        assertTrue(e.getMessage().matches("(?s)step \\d+: loss is .*first bad numbers are in \\w+ \".+\": \\d+ of \\d+ elements.*last checkpoint is .*"),
                e.getMessage());
    }

    /** Every second image of twelve. */
    private record Half(Dataset data, int rank) implements Dataset {
        @Override public String name() {
            return "half";
        }

        @Override public long size() {
            return data.size() / 2;
        }

        @Override public int height() {
            return data.height();
        }

        @Override public int width() {
            return data.width();
        }

        @Override public int channels() {
            return data.channels();
        }

        @Override public List<String> classNames() {
            return data.classNames();
        }

        @Override public int read(long index, byte[] into, int offset) {
            return data.read(2 * index + rank, into, offset);
        }
    }

    /** Sends its gradients to the other trainer and takes the mean of both, as an all-reduce does. */
    private record Mean(Exchanger<float[]> exchanger) implements GradientHook {
        @Override
        public void gradients(long step, Executable executable, List<Value> gradients) {
            float[] mine = flat(executable, gradients);
            float[] other;
            try {
                other = exchanger.exchange(mine);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            int at = 0;
            for (Value g : gradients) {
                float[] mean = new float[(int) g.shape().elements()];
                for (int i = 0; i < mean.length; i++, at++) {
                    mean[i] = (mine[at] + other[at]) / 2;
                }
                executable.write(g, mean);
            }
        }
    }

    private byte[] trainHalf(int rank, String name, TrainConfig config, Optional<GradientHook> hook) throws IOException {
        Path run = folder.resolve(name + rank);
        try (Device device = Tiny.device(1); TrainSetup few = Tiny.few(config)) {
            TrainSetup half = new TrainSetup(config, new Half(few.data(), rank), few.model(), few.process());
            try (Trainer trainer = new Trainer(half, device, DataPlace.HOST, hook)) {
                trainer.start();
                trainer.train(run, SILENT, () -> false);
            }
        }
        return Files.readAllBytes(Tiny.checkpoint(run, config.run().steps()).resolve("trainer.safetensors"));
    }

    @Test
    void twoTrainersThatAverageTheirGradientsStayTheSame() throws Exception {
        for (int microBatch : new int[] {0, 1}) {
            TrainConfig config = config(3, microBatch, 4);
            Mean mean = new Mean(new Exchanger<>());
            try (ExecutorService both = Executors.newFixedThreadPool(2)) {
                Callable<byte[]> second = () -> trainHalf(1, "mean" + microBatch, config, Optional.of(mean));
                Future<byte[]> other = both.submit(second);
                byte[] first = trainHalf(0, "mean" + microBatch, config, Optional.of(mean));
                assertArrayEquals(first, other.get());
                byte[] alone = trainHalf(0, "alone" + microBatch, config, Optional.empty());
                assertEquals(alone.length, first.length);
                assertFalse(Arrays.equals(alone, first), "the other half has an influence");
            }
        }
    }
}
