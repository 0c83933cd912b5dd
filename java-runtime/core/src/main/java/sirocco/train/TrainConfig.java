package sirocco.train;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * All that decides what a training run computes, as a tree. Saved with the run, and accepted back; every leaf is a flag of {@code sirocco train} by its path.
 * The same configuration on the same backend gives the same weights, bit for bit. The {@code with} methods return changed copies:
 * {@code TrainConfig.DEFAULT.withOptimizer(o -> o.withLearningRate(1e-4)).withRun(r -> r.withSteps(5000).withSeed(1))}.
 */
public record TrainConfig(DataOptions data, NetworkOptions network, ProcessOptions process, ObjectiveOptions objective, OptimizerOptions optimizer,
                          RunOptions run) {
    /** Ho et al. 2020, appendix B, at a size for a CPU. */
    public static final TrainConfig DEFAULT = new TrainConfig(
            new DataOptions("shapes16", 0, 0, false, 32, 0),
            new NetworkOptions("small", "", "", false, true, StartingModel.OWN, new UNetOptions(List.of(), 0, List.of(), 0, 0, -1)),
            new ProcessOptions(ProcessOptions.DISCRETE, "linear", 1000, KarrasOptions.DEFAULT),
            new ObjectiveOptions("simple", "epsilon", "fixed", 0, 0, 0.1),
            new OptimizerOptions(2e-4, "constant", 100, new AdamOptions(0.9, 0.999, 1e-8), 0, 1, 0.9999),
            new RunOptions(2000, 0, 500, 3, 10, 0));

    /** @throws IllegalArgumentException if settings of different sections, or of one, contradict each other */
    public TrainConfig {
        SettingCheck.that(data.microBatch() == 0 || data.batch() % data.microBatch() == 0, "data.microBatch", data.microBatch(),
                "a divisor of data.batch, " + data.batch() + ", or 0");
        boolean folder = !network.from().isEmpty();
        SettingCheck.that(folder || network.fromHash().isEmpty(), "network.fromHash", network.fromHash(), "nothing without network.from");
        SettingCheck.that(folder || !network.newClasses(), "network.newClasses", network.newClasses(), "false without network.from");
        SettingCheck.that(folder || !process.type().equals(StartingModel.OWN), "process.type", process.type(), "discrete or edm without network.from");
        if (process.type().equals(ProcessOptions.EDM) && !folder) {
            SettingCheck.that(process.schedule().equals("linear"), "process.schedule", process.schedule(), "nothing, since process.type edm has no such schedule");
            SettingCheck.that(process.timesteps() == 1000, "process.timesteps", process.timesteps(), "nothing, since process.type edm has no timesteps");
        }
        SettingCheck.that(!process.type().equals(ProcessOptions.DISCRETE) || process.edm().equals(KarrasOptions.DEFAULT), "process.edm", process.edm(),
                "nothing, since process.type is discrete");
        SettingCheck.that(objective.minSnrGamma() == 0 || List.of("simple", "hybrid").contains(objective.kind()), "objective.minSnrGamma", objective.minSnrGamma(),
                "0, since the loss of objective.kind " + objective.kind() + " has no such weights");
        SettingCheck.that(objective.vlbWeight() == 0 || List.of("vlb", "hybrid").contains(objective.kind()), "objective.vlbWeight", objective.vlbWeight(),
                "0, since the loss of objective.kind " + objective.kind() + " has no such term");
        SettingCheck.that(!objective.kind().equals("classification") || List.of("fixed", StartingModel.OWN).contains(objective.variance()), "objective.variance",
                objective.variance(), "fixed, since a classifier predicts no variance");
        SettingCheck.that(folder || process.timesteps() > 0, "process.timesteps", process.timesteps(), "1 to 1000000");
    }

    /**
     * A configuration from JSON, as a tree or in the flat form of earlier versions: settings that are missing keep {@code base}'s values, or those of {@link
     * #withFrom}.
     *
     * @param where what to call the JSON in an error: a file, or the command line
     * @throws IllegalArgumentException naming a setting that does not exist, with the nearest that does, or one whose value is not possible
     */
    public static TrainConfig parse(String json, TrainConfig base, String where) {
        Map<String, JsonNode> given = ConfigJson.read(json, TrainConfig.class, where);
        String from = given.containsKey("network.from") ? given.get("network.from").asText() : "";
        return ConfigJson.with(from.isEmpty() || from.equals(base.network.from()) ? base : base.withFrom(from), given, where);
    }

    /** Returns the tree as JSON. */
    public String toJson() {
        return ConfigJson.write(this);
    }

    public TrainConfig withData(UnaryOperator<DataOptions> change) {
        return new TrainConfig(change.apply(data), network, process, objective, optimizer, run);
    }

    public TrainConfig withNetwork(UnaryOperator<NetworkOptions> change) {
        return new TrainConfig(data, change.apply(network), process, objective, optimizer, run);
    }

    public TrainConfig withProcess(UnaryOperator<ProcessOptions> change) {
        return new TrainConfig(data, network, change.apply(process), objective, optimizer, run);
    }

    public TrainConfig withObjective(UnaryOperator<ObjectiveOptions> change) {
        return new TrainConfig(data, network, process, change.apply(objective), optimizer, run);
    }

    public TrainConfig withOptimizer(UnaryOperator<OptimizerOptions> change) {
        return new TrainConfig(data, network, process, objective, change.apply(optimizer), run);
    }

    public TrainConfig withRun(UnaryOperator<RunOptions> change) {
        return new TrainConfig(data, network, process, objective, optimizer, change.apply(run));
    }

    /** This configuration, starting from a model folder: network, noise schedule and prediction are the folder's. */
    public TrainConfig withFrom(String folder) {
        NetworkOptions theirs = new NetworkOptions(StartingModel.OWN, folder, "", network.newClasses(), network.classConditional(), StartingModel.OWN,
                DEFAULT.network.unet());
        return new TrainConfig(data, theirs, new ProcessOptions(StartingModel.OWN, StartingModel.OWN, 0, process.edm()), objective.withPrediction(StartingModel.OWN).withVariance(StartingModel.OWN), optimizer, run);
    }

    /** Returns the number of reverse passes in a step. */
    public int microBatches() {
        return data.microBatch() == 0 ? 1 : data.batch() / data.microBatch();
    }

    /** Returns the learning rate of step number {@code step}, from 0. */
    public double learningRate(long step) {
        return optimizer.learningRate() * LearningRateSchedule.parse(optimizer.learningRateSchedule()).factor(step, optimizer.warmup(), run.steps());
    }
}
