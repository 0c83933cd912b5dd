package sirocco.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import sirocco.api.Device;
import sirocco.data.Dataset;
import sirocco.data.Datasets;
import sirocco.io.AtomicFiles;
import sirocco.io.MalformedFileException;
import sirocco.train.Checkpoints;
import sirocco.train.DataPlace;
import sirocco.train.Metrics;
import sirocco.train.TrainConfig;
import sirocco.train.TrainListener;
import sirocco.train.TrainSetup;
import sirocco.train.Trainer;

/**
 * A training run and its folder: {@code run.json}, {@code metrics.jsonl}, {@code checkpoints/}, {@code samples/} if asked for, and at its
 * end {@code model/} and {@code loss.png}.
 */
final class TrainingRun {
    static final String CONFIG = "run.json";
    static final String MODEL = "model";

    private final Path folder;
    private final TrainConfig config;
    private final Device device;
    private final PrintWriter print;
    private final Checkpoints.Entry from;
    private DataPlace place = DataPlace.AUTO;
    private Metrics.Line last = new Metrics.Line(0, Double.NaN, Map.of(), Double.NaN, 0, 0, 0);

    private TrainingRun(Path folder, TrainConfig config, Device device, PrintWriter print, Checkpoints.Entry from) {
        this.folder = folder;
        this.config = config;
        this.device = device;
        this.print = print;
        this.from = from;
    }

    /** @throws IllegalArgumentException if the folder has a run in it, or a model of another origin that the run's would replace */
    static TrainingRun begin(Path folder, TrainConfig config, Device device, PrintWriter print) throws IOException {
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new IllegalArgumentException("--out " + folder + ": this is a file, expected a folder");
        }
        if (new Checkpoints(folder).latest().isPresent()) {
            throw new IllegalArgumentException(folder + " already holds a run; go on with --resume " + folder + ", or choose another --out");
        }
        if (Files.exists(folder.resolve(MODEL)) && !Files.exists(folder.resolve(CONFIG))) {
            throw new IllegalArgumentException("--out " + folder + ": the run would replace " + folder.resolve(MODEL)
                    + ", which is not a run's; choose another folder");
        }
        return new TrainingRun(folder, config, device, print, null);
    }

    static TrainingRun resume(Path folder, TrainConfig config, Device device, PrintWriter print) throws IOException {
        Checkpoints.Entry latest = new Checkpoints(folder).latest().orElseThrow(() -> new IllegalArgumentException(
                folder + ": the run has no checkpoint yet to resume from; begin it again with --config " + folder.resolve(CONFIG) + " --out DIR"));
        if (latest.step() > config.run().steps()) {
            throw new IllegalArgumentException("--steps " + config.run().steps() + ": the run in " + folder + " has done " + latest.step() + " steps already");
        }
        return new TrainingRun(folder, config, device, print, latest);
    }

    /** Sets where the dataset lies. */
    TrainingRun withData(DataPlace where) {
        place = where;
        return this;
    }

    /** Trains to the end; false if it was stopped before. */
    boolean train() throws IOException {
        try (Interrupt interrupt = new Interrupt(); TrainSetup setup = TrainSetup.of(config);
                Trainer trainer = new Trainer(setup, device, place)) {
            print.printf("data %s: %d×%d, %d channels, %d classes%s%n", setup.data().name(), setup.data().height(), setup.data().width(),
                    setup.data().channels(), setup.data().classNames().size(), trainer.dataOnDevice() ? ", on the device" : "");
            print.printf("model: %,d parameters%s%n", setup.model().parameterCount(), config.network().from().isEmpty() ? "" : ", from " + config.network().from() + ", "
                    + (setup.model().config().numClassEmbeds().isPresent() ? "class-conditional" : "unconditional"));
            print.println("training step: " + (config.microBatches() == 1 ? "" : config.microBatches() + " micro-batches of " + config.data().microBatch()
                    + " images, each: ") + trainer.plan().summary());
            print.flush();
            if (from == null) {
                readImages(setup.data(), interrupt);
                trainer.start();
            } else {
                resume(trainer);
                print.println("resumed from " + from.folder());
                print.flush();
            }
            Files.createDirectories(folder);
            AtomicFiles.writeText(folder.resolve(CONFIG), setup.config().toJson());
            try (Progress progress = new Progress("train", "steps", config.run().steps(), trainer.step());
                    SampleSheets sheets = new SampleSheets(folder, trainer, config, setup.data(), device)) {
                trainer.train(folder, new Listener(progress, sheets), interrupt::asked);
            }
            if (trainer.step() < config.run().steps()) {
                print.println("stopped after step " + trainer.step() + "; go on with: sirocco train --resume " + folder);
                print.flush();
                return false;
            }
            AtomicFiles.writeFolder(folder.resolve(MODEL), trainer::saveModel);
            LossPlot.write(folder.resolve("loss.png"), new Metrics(folder).read(), print);
            print.println("model: " + folder.resolve(MODEL));
            print.flush();
            return true;
        }
    }

    private void resume(Trainer trainer) throws IOException {
        try {
            trainer.resume(from.folder());
        } catch (MalformedFileException e) {
            throw new IOException(e.getMessage() + "; if the checkpoint is damaged, remove " + from.folder() + " to go on from the one before", e);
        }
    }

    /** Meets an image that cannot be read before the run begins. */
    private static void readImages(Dataset data, Interrupt interrupt) {
        if (data.size() != Dataset.UNLIMITED) {
            try (Progress progress = new Progress("read", "images", data.size(), 0)) {
                Datasets.readAll(data, read -> {
                    progress.to(read);
                    return !interrupt.asked();
                });
            }
        }
    }

    /** The last line of metrics. */
    Metrics.Line last() {
        return last;
    }

    private final class Listener implements TrainListener {
        private final Progress progress;
        private final SampleSheets sheets;

        Listener(Progress progress, SampleSheets sheets) {
            this.progress = progress;
            this.sheets = sheets;
        }

        @Override
        public void step(long step) throws IOException {
            progress.to(step);
            sheets.step(step);
        }

        @Override
        public void loss(long step, float loss) {
            if (last.step() == 0) {
                // The first line of metrics may be minutes away.
                progress.say("loss %.4f", loss);
            }
        }

        @Override
        public void metrics(Metrics.Line line) {
            last = line;
            StringBuilder losses = new StringBuilder(String.format(Locale.ROOT, "loss %.4f", line.loss()));
            line.parts().forEach((name, mean) -> losses.append(String.format(Locale.ROOT, "  %s %.4f", name, mean)));
            progress.say("%s  %.0f images/s", losses, line.imagesPerSecond());
        }
    }
}
