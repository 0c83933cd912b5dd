package sirocco.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import sirocco.data.Dataset;
import sirocco.data.Datasets;
import sirocco.diffusion.ForwardProcess;
import sirocco.nn.ImageSize;
import sirocco.nn.Network;
import sirocco.nn.NetworkConfig;
import sirocco.nn.Weights;
import sirocco.pipeline.Components;
import sirocco.pipeline.OutputChannels;

/**
 * What a {@link TrainConfig} names, found and put together: the dataset opened, the model shaped to fit it, the schedule. The configuration has the hash of the
 * folder that the run starts from, if it does.
 */
public record TrainSetup(TrainConfig config, Dataset data, Network model, ForwardProcess process) implements AutoCloseable {
    /**
     * @throws IllegalArgumentException naming the setting that cannot be
     * @throws IOException if the dataset or a model configuration cannot be read
     */
    public static TrainSetup of(TrainConfig config) throws IOException {
        if (!config.network().from().isEmpty()) {
            return from(new StartingModel(config), config);
        }
        ForwardProcess process = config.process().process(config.objective());
        Dataset data = Datasets.open(config.data().source(), config.data().imageSize(), config.data().channels());
        return closing(data, () -> checked(new TrainSetup(config, data, OutputChannels.fitted(model(config, data), process).network(), process)));
    }

    private static TrainSetup from(StartingModel start, TrainConfig config) throws IOException {
        ForwardProcess process = start.process();
        String hash = start.hash();
        Dataset data = Datasets.open(config.data().source(), start.imageSize(), start.channels());
        return closing(data, () -> checked(new TrainSetup(config.withNetwork(n -> n.withFromHash(hash)), data,
                start.network(data, process).network(), process)));
    }

    /** Checks that the network can be trained for the objective. */
    private static TrainSetup checked(TrainSetup setup) {
        boolean classifies = setup.model.config().classifies();
        if (setup.config.objective().objective(setup.process).classifies() != classifies) {
            throw new IllegalArgumentException("objective.kind: " + setup.config.objective().kind() + " cannot train this network (expected "
                    + (classifies ? "classification" : "another objective") + " for a " + setup.model.config().className() + "). Set objective.kind or network.model.");
        }
        if (classifies && setup.config.run().sampleEvery() > 0) {
            throw new IllegalArgumentException("run.sampleEvery: a classifier generates no images (expected 0, got " + setup.config.run().sampleEvery()
                    + "). Leave this setting out.");
        }
        return setup;
    }

    private interface Opening {
        TrainSetup open() throws IOException;
    }

    private static TrainSetup closing(Dataset data, Opening rest) throws IOException {
        try {
            return rest.open();
        } catch (IOException | RuntimeException e) {
            data.close();
            throw e;
        }
    }

    /**
     * The weights that training begins with: those of the folder that the run starts from, or the paper's initialization.
     *
     * @throws IOException if the folder's weights cannot be read
     */
    public Weights initialWeights() throws IOException {
        return config.network().from().isEmpty() ? Weights.initial(model.config(), config.run().seed()) : new StartingModel(config).weights(model.config());
    }

    private static NetworkConfig model(TrainConfig c, Dataset data) throws IOException {
        NetworkOptions network = c.network();
        ImageSize size = new ImageSize(data.height(), data.width());
        NetworkConfig base = network.model().endsWith(".json")
                ? Components.readNetwork(Path.of(network.model()), Optional.of(size)) : Components.preset(network.model());
        if (base.classifies() && !network.classConditional()) {
            throw new IllegalArgumentException("network.classConditional: a classifier needs the dataset's classes (expected true, got false). Leave this setting out.");
        }
        int classes = network.classConditional() ? data.classNames().size() : 0;
        // The last row is the null class. It is there even if no label is dropped, so that a model's classes can be told from its file.
        return NetworkCondition.fitted(network.condition(), base, size, b -> network.unet().fitted(b, size, data.channels(), classes, true));
    }

    @Override
    public void close() {
        data.close();
    }
}
