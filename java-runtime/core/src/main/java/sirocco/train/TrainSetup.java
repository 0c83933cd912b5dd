package sirocco.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import sirocco.data.Dataset;
import sirocco.data.Datasets;
import sirocco.diffusion.BetaSchedule;
import sirocco.diffusion.NoiseSchedule;
import sirocco.diffusion.Prediction;
import sirocco.model.ImageSize;
import sirocco.model.UNet;
import sirocco.model.UNetConfig;
import sirocco.model.UNetConfigBuilder;
import sirocco.model.Weights;

/**
 * What a {@link TrainConfig} names, found and put together: the dataset opened, the model shaped to fit it, the schedule. The configuration has the hash of the
 * folder that the run starts from, if it does.
 */
public record TrainSetup(TrainConfig config, Dataset data, UNet model, NoiseSchedule schedule, Prediction prediction) implements AutoCloseable {
    /**
     * @throws IllegalArgumentException naming the setting that cannot be
     * @throws IOException if the dataset or a model configuration cannot be read
     */
    public static TrainSetup of(TrainConfig config) throws IOException {
        if (!config.network().from().isEmpty()) {
            return from(new StartingModel(config), config);
        }
        NoiseSchedule schedule = NoiseSchedule.of(BetaSchedule.parse(config.process().schedule()), config.process().timesteps());
        Prediction prediction = Prediction.parse(config.objective().prediction());
        Dataset data = Datasets.open(config.data().source(), config.data().imageSize(), config.data().channels());
        return closing(data, () -> new TrainSetup(config, data, new UNet(model(config, data)), schedule, prediction));
    }

    private static TrainSetup from(StartingModel start, TrainConfig config) throws IOException {
        NoiseSchedule schedule = start.schedule();
        Prediction prediction = start.prediction();
        String hash = start.hash();
        Dataset data = Datasets.open(config.data().source(), start.imageSize(), start.channels());
        return closing(data, () -> new TrainSetup(config.withNetwork(n -> n.withFromHash(hash)), data, new UNet(start.network(data)), schedule, prediction));
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

    private static UNetConfig model(TrainConfig c, Dataset data) throws IOException {
        NetworkOptions network = c.network();
        UNetOptions unet = network.unet();
        UNetConfigBuilder b = network.model().endsWith(".json")
                ? UNetConfig.read(Path.of(network.model()), Optional.of(new ImageSize(data.height(), data.width()))).toBuilder()
                : UNetConfig.preset(network.model()).toBuilder();
        b.size(data.height(), data.width()).channels(data.channels());
        if (!unet.blockOutChannels().isEmpty()) {
            b.blockOutChannels(unet.blockOutChannels().stream().mapToInt(Integer::intValue).toArray());
        }
        if (!unet.attentionLevels().isEmpty()) {
            b.attentionAt(unet.attentionLevels().stream().mapToInt(Integer::intValue).filter(level -> level >= 0).toArray());
        }
        if (unet.layersPerBlock() > 0) {
            b.layersPerBlock(unet.layersPerBlock());
        }
        if (unet.headChannels() > 0) {
            b.attentionHeadDim(unet.headChannels());
        }
        if (unet.normGroups() > 0) {
            b.normNumGroups(unet.normGroups());
        }
        if (unet.dropout() >= 0) {
            b.dropout(unet.dropout());
        }
        int classes = network.classConditional() ? data.classNames().size() : 0;
        // The last row is the null class, there even where no label is dropped, so that a model's classes can be told from its file.
        b.numClassEmbeds(classes == 0 ? 0 : classes + 1);
        return b.build();
    }

    @Override
    public void close() {
        data.close();
    }
}
