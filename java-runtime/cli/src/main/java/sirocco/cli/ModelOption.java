package sirocco.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;
import sirocco.model.DiffusersFolder;
import sirocco.train.Checkpoints;

/** Which model. */
final class ModelOption {
    @Option(names = "--model", required = true, paramLabel = "DIR", description = "a model folder (diffusers' layout), or a run's folder: its finished model, or else its last checkpoint")
    Path folder;

    DiffusersFolder load() throws IOException {
        return DiffusersFolder.load(resolved());
    }

    /** The folder that has the model in it. */
    Path resolved() throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new IllegalArgumentException("--model " + folder + ": there is no such folder");
        }
        if (!Files.exists(folder.resolve(TrainingRun.CONFIG))) {
            return folder;
        }
        if (Files.isDirectory(folder.resolve(TrainingRun.MODEL))) {
            return folder.resolve(TrainingRun.MODEL);
        }
        Optional<Checkpoints.Entry> latest = new Checkpoints(folder).latest();
        return latest.orElseThrow(() -> new IllegalArgumentException("--model " + folder + ": a run without a model or checkpoint yet")).folder();
    }
}
