package sirocco.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import sirocco.diffusion.ForwardProcess;
import sirocco.diffusion.SchedulerConfig;
import sirocco.folder.ClassLabels;
import sirocco.folder.ModelFolder;
import sirocco.nn.ImageSize;
import sirocco.nn.Weights;
import sirocco.pipeline.DiffusionModel;

/** The classifier of {@code --classifier}. */
record GuidingClassifier(Path folder, DiffusionModel model) {
    private static final String FLAG = "--classifier ";

    /**
     * Reads a model folder, or the model of a run.
     *
     * @param size size of the images that are sampled
     * @throws IllegalArgumentException if it holds no classifier
     */
    static GuidingClassifier load(Path folder, ImageSize size) throws IOException {
        ModelOption option = new ModelOption();
        option.folder = folder;
        Path resolved;
        try {
            resolved = option.resolved();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(e.getMessage().replaceFirst("^--model ", FLAG), e);
        }
        DiffusionModel model = DiffusionModel.load(ModelFolder.open(resolved), Optional.of(size));
        if (!model.config().classifies()) {
            throw new IllegalArgumentException(FLAG + folder + ": the network is a " + model.config().className()
                    + " (expected a classifier of noisy images). Train one with: train --model classifier --objective classification");
        }
        return new GuidingClassifier(folder, model);
    }

    /**
     * Returns the weights, if the classifier can guide a model.
     *
     * @param process of the model
     * @throws IllegalArgumentException if it was trained with another process, other images or other classes
     */
    Weights checked(ForwardProcess process, DiffusionModel guided) {
        if (model.config().inChannels() != guided.config().inChannels()) {
            throw new IllegalArgumentException(FLAG + folder + ": its images have " + model.config().inChannels() + " channels (expected "
                    + guided.config().inChannels() + ", as the model's have).");
        }
        ForwardProcess own = SchedulerConfig.parse(model.schedulerJson().orElseThrow(() -> new IllegalArgumentException(FLAG + folder + ": the folder has no "
                + ModelFolder.SCHEDULER + ", so it does not say with which noise it was trained."))).process();
        if (!own.sameNoise(process)) {
            throw new IllegalArgumentException(FLAG + folder + ": it was trained with another noise than the model, so it does not know the model's noisy "
                    + "images. Train a classifier with the model's process: --process, --schedule and --timesteps.");
        }
        if (guided.config().numClassEmbeds().isPresent()) {
            checkClasses(guided.labels(), guided.config().numClassEmbeds().getAsInt());
        }
        return model.weights();
    }

    private void checkClasses(ClassLabels labels, int rows) {
        int classes = rows - (labels.nullClass().isPresent() ? 1 : 0);
        if (model.config().outChannels() != classes) {
            throw new IllegalArgumentException(FLAG + folder + ": it distinguishes " + model.config().outChannels() + " classes (expected " + classes
                    + ", as the model knows).");
        }
        boolean named = !labels.names().isEmpty() && !model.labels().names().isEmpty();
        if (named && !model.labels().names().equals(labels.names())) {
            throw new IllegalArgumentException(FLAG + folder + ": its classes are not the model's (expected " + labels.list() + ", got " + model.labels().list()
                    + ").");
        }
    }
}
