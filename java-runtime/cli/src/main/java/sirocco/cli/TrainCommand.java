package sirocco.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import sirocco.api.Device;
import sirocco.train.DataPlace;
import sirocco.train.LearningRateSchedule;
import sirocco.train.TrainConfig;

/** Trains a model; its flags for the training itself are {@link TrainFlags}. */
@Command(name = "train", mixinStandardHelpOptions = true, sortOptions = false, description = "Train a model.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  sirocco train --data shapes16 --out runs/shapes --steps 3000",
            "  sirocco train --data photos.zip --image-size 32 --block-out-channels 64,128,128 --out runs/photos",
            "  sirocco train --data photos.zip --image-size 32 --condition low-res:8 --out runs/enlarge",
            "  sirocco train --resume runs/photos --steps 20000",
            "  sirocco train --from models/ddpm-cifar10 --data photos.zip --learning-rate 2e-5 --out runs/tuned",
            "  sirocco train --config runs/photos/run.json --seed 1 --out runs/photos-1"})
final class TrainCommand implements Callable<Integer> {
    @Option(names = "--out", paramLabel = "DIR", description = "folder of the run: configuration, metrics, checkpoints, model")
    Path out;

    @Option(names = "--resume", paramLabel = "DIR", description = "go on with the run in this folder from its last checkpoint; --steps may be raised if the learning-rate schedule is constant")
    Path resume;

    @Option(names = "--config", paramLabel = "FILE", description = "settings to start from, as saved in a run's run.json; flags override them")
    Path config;

    @Option(names = "--data-in", defaultValue = "auto", paramLabel = "PLACE",
            description = "where the dataset lies: ${COMPLETION-CANDIDATES}; auto: on a GPU if it fits there; changes nothing but speed; default: ${DEFAULT-VALUE}")
    DataPlace place;

    @Mixin
    DeviceOptions device;

    @Spec
    CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        PrintWriter print = spec.commandLine().getOut();
        if ((out == null) == (resume == null)) {
            throw new IllegalArgumentException("say either --out DIR for a new run or --resume DIR for one to go on with");
        }
        try (Device opened = device.open(print)) {
            TrainingRun run = resume == null ? begin(opened, print) : resume(opened, print);
            return run.withData(place).train() ? 0 : Main.STOPPED;
        }
    }

    private TrainingRun begin(Device opened, PrintWriter print) throws IOException {
        TrainConfig settings = TrainFlags.read(spec.commandLine().getParseResult(), TrainConfig.DEFAULT, Optional.ofNullable(config));
        return TrainingRun.begin(out, settings, opened, print);
    }

    private TrainingRun resume(Device opened, PrintWriter print) throws IOException {
        Path file = resume.resolve(TrainingRun.CONFIG);
        if (!Files.exists(file)) {
            throw new IllegalArgumentException("--resume " + resume + ": no " + TrainingRun.CONFIG + " there, so it is not the folder of a run");
        }
        TrainConfig saved = TrainConfig.parse(Files.readString(file), TrainConfig.DEFAULT, file.toString());
        TrainConfig wanted = TrainFlags.read(spec.commandLine().getParseResult(), saved, Optional.ofNullable(config));
        if (!wanted.withRun(r -> r.withSteps(saved.run().steps())).equals(saved)) {
            throw new IllegalArgumentException("--resume goes on with the run's own settings; only --steps may differ. Leave the other flags out, "
                    + "or begin a new run with --config " + file + " --out DIR");
        }
        String schedule = saved.optimizer().learningRateSchedule();
        if (wanted.run().steps() != saved.run().steps() && !schedule.equals(LearningRateSchedule.CONSTANT.text())) {
            throw new IllegalArgumentException("--steps " + wanted.run().steps() + ": the " + schedule + " learning-rate schedule of the run in " + resume
                    + " ends at step " + saved.run().steps() + ", and another end would change every step. Leave --steps out");
        }
        return TrainingRun.resume(resume, wanted, opened, print);
    }
}
