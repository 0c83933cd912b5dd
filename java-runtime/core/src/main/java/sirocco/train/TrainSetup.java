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
        if (!config.from().isEmpty()) {
            return from(new StartingModel(config), config);
        }
        NoiseSchedule schedule = NoiseSchedule.of(BetaSchedule.parse(config.schedule()), config.timesteps());
        Prediction prediction = Prediction.parse(config.prediction());
        Dataset data = Datasets.open(config.data(), config.imageSize(), config.channels());
        return closing(data, () -> new TrainSetup(config, data, new UNet(model(config, data)), schedule, prediction));
    }

    private static TrainSetup from(StartingModel start, TrainConfig config) throws IOException {
        NoiseSchedule schedule = start.schedule();
        Prediction prediction = start.prediction();
        Dataset data = Datasets.open(config.data(), start.imageSize(), start.channels());
        return closing(data, () -> new TrainSetup(config.withFromHash(start.hash()), data, new UNet(start.network(data)), schedule, prediction));
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
        return config.from().isEmpty() ? Weights.initial(model.config(), config.seed()) : new StartingModel(config).weights(model.config());
    }

    private static UNetConfig model(TrainConfig c, Dataset data) throws IOException {
        boolean file = c.model().endsWith(".json");
        UNetConfigBuilder b = (file ? UNetConfig.read(Path.of(c.model()), Optional.of(new ImageSize(data.height(), data.width()))) : UNetConfig.preset(c.model())).toBuilder();
        b.size(data.height(), data.width()).channels(data.channels());
        if (!c.blockOutChannels().isEmpty()) {
            b.blockOutChannels(c.blockOutChannels().stream().mapToInt(Integer::intValue).toArray());
        }
        if (!c.attentionLevels().isEmpty()) {
            b.attentionAt(c.attentionLevels().stream().mapToInt(Integer::intValue).filter(level -> level >= 0).toArray());
        }
        if (c.layersPerBlock() > 0) {
            b.layersPerBlock(c.layersPerBlock());
        }
        if (c.headChannels() > 0) {
            b.attentionHeadDim(c.headChannels());
        }
        if (c.normGroups() > 0) {
            b.normNumGroups(c.normGroups());
        }
        if (c.dropout() >= 0) {
            b.dropout(c.dropout());
        }
        int classes = c.classConditional() ? data.classNames().size() : 0;
        // The last row is the null class, there even where no label is dropped, so that a model's classes can be told from its file.
        b.numClassEmbeds(classes == 0 ? 0 : classes + 1);
        return b.build();
    }

    @Override
    public void close() {
        data.close();
    }
}
