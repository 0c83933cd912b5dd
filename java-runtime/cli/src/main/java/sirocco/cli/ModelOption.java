package sirocco.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Option;
import sirocco.folder.ClassLabels;
import sirocco.folder.ModelFolder;
import sirocco.nn.ImageSize;
import sirocco.pipeline.DiffusionModel;
import sirocco.train.Checkpoints;
import sirocco.train.TrainConfig;

/** Which model. */
final class ModelOption {
    /** Folders from a run's down to a checkpoint's network. */
    private static final int DEPTH = 3;

    @Option(names = "--model", required = true, paramLabel = "DIR", description = "a model folder (diffusers' layouts), or a run's folder: its last checkpoint's model")
    Path folder;

    @Option(names = "--variant", paramLabel = "NAME", description = "which weights to read if the folder has several variants, such as fp16; default: those without a "
            + "variant, or the only one")
    String variant;

    /**
     * Reads the model and prints what was chosen among several possibilities.
     *
     * @param size size of the images if it is not the model's own
     */
    DiffusionModel load(Optional<ImageSize> size, PrintWriter notices) throws IOException {
        ModelFolder opened = open();
        DiffusionModel model = asTrained(DiffusionModel.load(opened, size));
        opened.notices().forEach(n -> notices.println("note: " + n));
        notices.flush();
        return model;
    }

    /** Earlier versions did not write classes into the model's folder. A model in the folder of its run was trained here, so its last class is the null class. */
    private DiffusionModel asTrained(DiffusionModel model) throws IOException {
        OptionalInt rows = model.config().numClassEmbeds();
        return model.labels().equals(ClassLabels.NONE) && rows.isPresent() && training().isPresent()
                ? new DiffusionModel(model.weights(), model.schedulerJson(), ClassLabels.of(List.of(), OptionalInt.of(rows.getAsInt() - 1))) : model;
    }

    /** Opens the model's folder. */
    ModelFolder open() throws IOException {
        return ModelFolder.open(resolved(), Optional.ofNullable(variant));
    }

    /** How the model was trained, if it lies in the folder of a run. */
    Optional<TrainConfig> training() throws IOException {
        Path in = resolved().toAbsolutePath().normalize();
        for (Path run = in; run != null && in.getNameCount() - run.getNameCount() <= DEPTH; run = run.getParent()) {
            Path file = run.resolve(TrainingRun.CONFIG);
            if (Files.isRegularFile(file)) {
                return Optional.of(TrainConfig.parse(Files.readString(file), TrainConfig.DEFAULT, file.toString()));
            }
        }
        return Optional.empty();
    }

    /** The folder that has the model in it. */
    Path resolved() throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new IllegalArgumentException("--model " + folder + ": there is no such folder");
        }
        if (!Files.exists(folder.resolve(TrainingRun.CONFIG))) {
            return folder;
        }
        // A run that was finished and then resumed has checkpoints newer than its model; otherwise the two are the same.
        Optional<Checkpoints.Entry> latest = new Checkpoints(folder).latest();
        if (latest.isPresent()) {
            return latest.get().folder();
        }
        Path finished = folder.resolve(TrainingRun.MODEL);
        if (!Files.isDirectory(finished)) {
            throw new IllegalArgumentException("--model " + folder + ": a run without a model or checkpoint yet");
        }
        return finished;
    }
}
