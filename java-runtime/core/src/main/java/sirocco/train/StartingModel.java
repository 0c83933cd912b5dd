package sirocco.train;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import sirocco.data.Dataset;
import sirocco.diffusion.BetaSchedule;
import sirocco.diffusion.DiscreteProcess;
import sirocco.diffusion.ForwardProcess;
import sirocco.diffusion.KarrasProcess;
import sirocco.diffusion.Prediction;
import sirocco.diffusion.SchedulerConfig;
import sirocco.diffusion.VarianceHead;
import sirocco.folder.ModelFolder;
import sirocco.io.MalformedFileException;
import sirocco.nn.ImageSize;
import sirocco.nn.NetworkConfig;
import sirocco.nn.Weights;
import sirocco.pipeline.DiffusionModel;
import sirocco.pipeline.OutputChannels;

/**
 * The model folder that a run starts from ({@code --from}): fine-tuning. The folder supplies network, noise schedule, prediction type and weights;
 * settings that contradict it are errors.
 */
final class StartingModel {
    /** What a setting is where the folder decides. */
    static final String OWN = "own";

    private static final String CLASS_TABLE = "class_embedding.weight";

    private final Path folder;
    private final TrainConfig config;
    private final Optional<SchedulerConfig> scheduler;

    /**
     * @throws IOException if the folder is not a model folder
     * @throws IllegalArgumentException if a setting contradicts the folder, or the folder is not the one whose hash the configuration has
     */
    StartingModel(TrainConfig config) throws IOException {
        this.folder = Path.of(config.network().from());
        this.config = config;
        if (!Files.isDirectory(folder)) {
            throw new IOException("network.from: " + folder + ": no such folder (expected the model folder that the run starts from, for its network and "
                    + "noise schedule)");
        }
        if (!config.network().model().equals(OWN)) {
            throw new IllegalArgumentException("network.model: " + ownNetwork() + " (got " + config.network().model() + "). Leave this setting out.");
        }
        config.network().unet().refuseAll(ownNetwork());
        scheduler = scheduler(folder);
    }

    private String ownNetwork() {
        return "the network is that of the folder " + folder + ", which the run starts from";
    }

    private static Optional<SchedulerConfig> scheduler(Path folder) throws IOException {
        ModelFolder opened = ModelFolder.open(folder);
        Optional<String> json = opened.schedulerJson();
        try {
            return json.map(SchedulerConfig::parse);
        } catch (IllegalArgumentException e) {
            throw new MalformedFileException(opened.scheduler().orElseThrow().config(), e.getMessage(), e);
        }
    }

    // ---- process and objective -------------------------------------------------------------------------------------------------

    ForwardProcess process() {
        ProcessOptions wanted = config.process();
        String prediction = config.objective().prediction();
        if (scheduler.isEmpty()) {
            boolean edm = wanted.type().equals(ProcessOptions.EDM);
            if (prediction.equals(OWN) || !edm && (wanted.schedule().equals(OWN) || wanted.timesteps() == 0)) {
                throw new IllegalArgumentException("network.from: the folder " + folder + " has no " + ModelFolder.SCHEDULER
                        + ". Set process.schedule, process.timesteps and objective.prediction as in its training, and objective.variance if it predicts one.");
            }
            return wanted.process(config.objective());
        }
        ForwardProcess own = scheduler.get().process();
        agree(config.objective().allows(own.varianceHead()), "objective.variance", own.varianceHead().map(VarianceHead::text).orElse("fixed"),
                config.objective().variance());
        if (own instanceof DiscreteProcess d) {
            agree(List.of(OWN, ProcessOptions.DISCRETE).contains(wanted.type()), "process.type", ProcessOptions.DISCRETE, wanted.type());
            String kind = d.schedule().kind().map(BetaSchedule::text).orElse("a list of betas");
            agree(wanted.schedule().equals(OWN) || d.schedule().kind().equals(Optional.of(BetaSchedule.parse(wanted.schedule()))), "process.schedule", kind,
                    wanted.schedule());
            agree(wanted.timesteps() == 0 || wanted.timesteps() == d.schedule().T(), "process.timesteps", d.schedule().T(), wanted.timesteps());
            agree(prediction.equals(OWN) || d.output() == Prediction.parse(prediction), "objective.prediction", d.output().text(), prediction);
        }
        if (own instanceof KarrasProcess k) {
            agree(List.of(OWN, ProcessOptions.EDM).contains(wanted.type()), "process.type", ProcessOptions.EDM, wanted.type());
            agree(wanted.schedule().equals(OWN), "process.schedule", "none, the process is edm", wanted.schedule());
            agree(wanted.timesteps() == 0, "process.timesteps", "none, the process is edm", wanted.timesteps());
            agree(prediction.equals(OWN) || KarrasProcess.negated("objective.prediction", prediction) == k.negated(), "objective.prediction", k.negated() ? "v_prediction" : "epsilon",
                    prediction);
            KarrasOptions edm = wanted.edm();
            agree(List.of(k.sigmaData(), KarrasOptions.DEFAULT.sigmaData()).contains(edm.sigmaData()), "process.edm.sigmaData", k.sigmaData(), edm.sigmaData());
            agree(List.of(k.sigmaMin(), KarrasOptions.DEFAULT.sigmaMin()).contains(edm.sigmaMin()), "process.edm.sigmaMin", k.sigmaMin(), edm.sigmaMin());
            agree(List.of(k.sigmaMax(), KarrasOptions.DEFAULT.sigmaMax()).contains(edm.sigmaMax()), "process.edm.sigmaMax", k.sigmaMax(), edm.sigmaMax());
            // How training draws noise levels is not a property of the model.
            return new KarrasProcess(k.sigmaData(), k.sigmaMin(), k.sigmaMax(), edm.logSigmaMean(), edm.logSigmaDeviation(), k.negated());
        }
        return own;
    }

    private void agree(boolean same, String field, Object own, Object got) {
        if (!same) {
            throw new IllegalArgumentException(field + ": the model in " + folder + ", which the run starts from, was trained with another value (expected "
                    + own + ", got " + got + "). Leave this setting out.");
        }
    }

    // ---- network ---------------------------------------------------------------------------------------------------------------

    /** The size to open the dataset with: the configuration's, or that of the folder's images. 0 for images that are not square. */
    int imageSize() throws IOException {
        if (config.data().imageSize() > 0) {
            return config.data().imageSize();
        }
        ImageSize own = DiffusionModel.readConfig(ModelFolder.open(folder), Optional.empty()).size();
        return own.height() == own.width() ? own.height() : 0;
    }

    /** The channels to open the dataset with: the configuration's, or the network's. */
    int channels() throws IOException {
        if (config.data().channels() > 0) {
            return config.data().channels();
        }
        int own = read(imageSize()).inChannels();
        return own == 1 || own == 3 ? own : 0;
    }

    private NetworkConfig read(int size) throws IOException {
        return DiffusionModel.readConfig(ModelFolder.open(folder), size == 0 ? Optional.empty() : Optional.of(new ImageSize(size, size)));
    }

    /** The folder's network for this dataset and the folder's process. */
    NetworkConfig network(Dataset data, ForwardProcess process) throws IOException {
        ImageSize size = new ImageSize(data.height(), data.width());
        NetworkConfig own = DiffusionModel.readConfig(ModelFolder.open(folder), config.data().imageSize() == 0 ? Optional.empty() : Optional.of(size));
        if (!own.size().equals(size)) {
            throw new IllegalArgumentException("network.from: the images of \"" + data.name() + "\" have another size than the model in " + folder
                    + " (expected " + own.size().height() + "×" + own.size().width() + ", got " + data.height() + "×" + data.width() + "). Set data.imageSize.");
        }
        if (own.inChannels() != data.channels()) {
            throw new IllegalArgumentException("network.from: the network in " + folder + " reads " + own.inChannels() + " channels (expected " + data.channels()
                    + ", as the images of \"" + data.name() + "\" have). Set data.channels, or use another folder.");
        }
        OutputChannels.check("network.from: " + folder, own, process);
        String condition = config.network().condition();
        agree(condition.equals(OWN) || condition.equals(NetworkCondition.of(own)), "network.condition", NetworkCondition.of(own), condition);
        int classes = data.classNames().size();
        if (own.classifies()) {
            checkClassifier(own.outChannels(), classes);
            return config.network().unet().fitted(own, size, data.channels(), classes, false);
        }
        int rows = classRows(own.numClassEmbeds(), classes);
        return OutputChannels.fitted(config.network().unet().fitted(own, size, data.channels(), rows == 0 ? 0 : classes, rows > classes), process);
    }

    private void checkClassifier(int own, int classes) {
        if (own != classes || config.network().newClasses()) {
            throw new IllegalArgumentException("network.from: the classifier in " + folder + " distinguishes " + own + " classes (expected " + classes
                    + ", as the dataset has, and no network.newClasses). Use a dataset with as many classes, or train a new classifier.");
        }
    }

    /** Rows of the class table. The last is the null class, except in a folder whose table has a row for each class and no other. */
    private int classRows(OptionalInt own, int classes) {
        if (config.network().newClasses()) {
            return config.network().classConditional() && classes > 0 ? classes + 1 : 0;
        }
        if (own.isEmpty()) {
            return 0;
        }
        int rows = own.getAsInt();
        String table = "the network in " + folder + " has a class table of " + rows + " rows";
        if (!config.network().classConditional()) {
            throw new IllegalArgumentException("network.classConditional: " + table
                    + " (got false). Leave this setting out, or set network.newClasses to drop the table.");
        }
        if (rows == classes && config.objective().labelDrop() > 0) {
            throw new IllegalArgumentException("objective.labelDrop: " + table
                    + ", one for each class of the dataset and none for the null class (expected 0, got " + config.objective().labelDrop() + "). Set it to 0, or set network.newClasses for a table with a null class.");
        }
        if (rows != classes && rows != classes + 1) {
            throw new IllegalArgumentException("network.from: " + table + ", which is not that of the dataset's classes (expected " + classes
                    + " or, with the null class, " + (classes + 1) + "). Use a dataset with as many classes, or set network.newClasses for a new table.");
        }
        return rows;
    }

    // ---- weights ---------------------------------------------------------------------------------------------------------------

    /** The folder's weights; with a new class table, that is initialized as of a new model. */
    Weights weights(NetworkConfig network) throws IOException {
        Weights own = DiffusionModel.load(ModelFolder.open(folder), Optional.of(network.size())).weights();
        if (!config.network().newClasses()) {
            return own;
        }
        return own.with(Set.of(CLASS_TABLE), Weights.initial(network, config.run().seed()));
    }

    /**
     * The SHA-256 of the folder's network configuration, scheduler configuration and weights, in hexadecimal. How the weights are stored does not count.
     *
     * @throws IllegalArgumentException if the configuration has another one
     */
    String hash() throws IOException {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
        ModelFolder opened = ModelFolder.open(folder);
        digest.update(Files.readAllBytes(opened.network().config()));
        digest.update(opened.schedulerJson().orElse("").getBytes(StandardCharsets.UTF_8));
        Weights weights = DiffusionModel.load(opened, Optional.empty()).weights();
        MessageDigest all = digest;
        weights.read(weights.names(), (name, data) -> {
            all.update(name.getBytes(StandardCharsets.UTF_8));
            ByteBuffer bytes = ByteBuffer.allocate(data.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(data);
            all.update(bytes);
        });
        String hash = HexFormat.of().formatHex(digest.digest());
        if (!config.network().fromHash().isEmpty() && !config.network().fromHash().equals(hash)) {
            throw new IllegalArgumentException("network.from: the model in " + folder + " is not the one that the run began with (expected SHA-256 "
                    + config.network().fromHash() + ", got " + hash + "). Restore the folder, or begin a new run.");
        }
        return hash;
    }
}
