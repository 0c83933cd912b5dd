package sirocco.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import sirocco.api.Backends;
import sirocco.api.Device;
import sirocco.api.Settings;
import sirocco.data.DataException;
import sirocco.data.Dataset;
import sirocco.data.Shapes;

/** A model so small that a test trains it in a second. */
final class Tiny {
    private static final List<String> FILES = List.of("trainer.safetensors", "model_index.json", "unet/diffusion_pytorch_model.safetensors", "unet/config.json",
            "scheduler/scheduler_config.json");

    private Tiny() { }

    static TrainConfig config() {
        return config(c -> c);
    }

    static TrainConfig config(UnaryOperator<TrainConfig> changes) {
        return changes.apply(TrainConfig.DEFAULT
                .withData(d -> d.withSource("shapes8").withBatch(3).withFlip(true))
                .withNetwork(n -> n.withUnet(u -> u.withBlockOutChannels(List.of(8, 16)).withAttentionLevels(List.of(1)).withLayersPerBlock(1)
                        .withNormGroups(4).withDropout(0.1)))
                .withProcess(p -> p.withTimesteps(50))
                .withOptimizer(o -> o.withWarmup(2))
                .withRun(r -> r.withSteps(6).withSaveEvery(2).withLogEvery(1).withSeed(5)));
    }

    /** Returns the number of classes of the dataset. */
    static int classes() {
        return new Shapes(8, 3, 0).classNames().size();
    }

    static Device device(int threads) {
        return Backends.choose("cpu").open(new Settings(threads, 0, Settings.Precision.F32));
    }

    /** Trains from the start, or from the run's last checkpoint if there is one. */
    static void train(Path run, TrainConfig config, int threads) throws IOException {
        try (Device device = device(threads); TrainSetup setup = TrainSetup.of(config); Trainer trainer = new Trainer(setup, device)) {
            var latest = new Checkpoints(run).latest();
            if (latest.isPresent()) {
                trainer.resume(latest.get().folder());
            } else {
                trainer.start();
            }
            trainer.train(run, new TrainListener() { }, () -> false);
        }
    }

    /** The same with a dataset of twelve images. */
    static TrainSetup few(TrainConfig config) throws IOException {
        TrainSetup endless = TrainSetup.of(config);
        Dataset all = endless.data();
        Dataset few = new Dataset() {
            @Override public String name() {
                return "few";
            }

            @Override public long size() {
                return 12;
            }

            @Override public int height() {
                return all.height();
            }

            @Override public int width() {
                return all.width();
            }

            @Override public int channels() {
                return all.channels();
            }

            @Override public List<String> classNames() {
                return all.classNames();
            }

            @Override public int read(long index, byte[] into, int offset) {
                return all.read(index, into, offset);
            }
        };
        return new TrainSetup(config, few, endless.model(), endless.process());
    }

    /** A dataset of which one read fails, after {@code left} others. Decoding is ahead of training, so this sets which batch fails, and not when. */
    record Failing(Dataset data, AtomicInteger left) implements Dataset {
        @Override
        public String name() {
            return data.name();
        }

        @Override
        public long size() {
            return data.size();
        }

        @Override
        public int height() {
            return data.height();
        }

        @Override
        public int width() {
            return data.width();
        }

        @Override
        public int channels() {
            return data.channels();
        }

        @Override
        public List<String> classNames() {
            return data.classNames();
        }

        @Override
        public int read(long index, byte[] into, int offset) {
            if (left.getAndDecrement() == 0) {
                throw new DataException("image \"seven.png\" cannot be read");
            }
            return data.read(index, into, offset);
        }

        @Override
        public void close() {
            data.close();
        }
    }

    static void assertSameCheckpoint(Path a, Path b) throws IOException {
        for (String file : FILES) {
            assertArrayEquals(Files.readAllBytes(a.resolve(file)), Files.readAllBytes(b.resolve(file)), file);
        }
    }

    static Path checkpoint(Path run, long step) {
        return run.resolve("checkpoints").resolve("step-%08d".formatted(step));
    }
}
