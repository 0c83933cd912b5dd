package sirocco.train;

import java.io.IOException;
import java.nio.file.Path;
import sirocco.api.Backends;
import sirocco.api.Device;
import sirocco.api.Settings;
import sirocco.data.Shapes;

/** A model so small that a test trains it in a second. */
final class Tiny {
    private Tiny() { }

    static TrainConfig config(String changes) {
        TrainConfig tiny = TrainConfig.parse("""
                {"data": "shapes8", "blockOutChannels": [8, 16], "attentionLevels": [1], "layersPerBlock": 1, "normGroups": 4, "timesteps": 50,
                 "steps": 6, "batch": 3, "warmup": 2, "dropout": 0.1, "saveEvery": 2, "logEvery": 1, "flip": true, "seed": 5}""", TrainConfig.DEFAULT, "tiny");
        return TrainConfig.parse(changes, tiny, "test");
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
}
