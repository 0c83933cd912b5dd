package sirocco.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.stream.Collectors;
import sirocco.io.JsonErrors;

/**
 * All that decides what a training run computes. Saved with the run, and accepted back; every field is a flag of {@code sirocco train}.
 * The same configuration on the same backend gives the same weights, bit for bit.
 */
public record TrainConfig(
        @Setting("dataset: shapes16, shapes32, or a path (CIFAR-10 binary, MNIST IDX, a folder or ZIP of images)") String data,
        @Setting("image size in pixels; 0: the dataset's own") int imageSize,
        @Setting("colour channels, 1 or 3; 0: the dataset's own") int channels,
        @Setting("the network: small, cifar10, or a diffusers config.json to start from") String model,
        @Setting("model folder to start from (fine-tuning), which supplies network, noise schedule, prediction and weights; empty: a new model") String from,
        @Setting("SHA-256 that the folder to start from must have, as run.json records it; empty: any") String fromHash,
        @Setting("when starting from a folder: a new class table for the dataset's classes in place of the folder's") boolean newClasses,
        @Setting("channels of each level, overriding the model's") List<Integer> blockOutChannels,
        @Setting("residual blocks a level, overriding the model's; 0: the model's") int layersPerBlock,
        @Setting("levels with self-attention, counted from 0, overriding the model's; -1: at none; with channels of your own none is the default") List<Integer> attentionLevels,
        @Setting("channels of an attention head; 0: the model's") int headChannels,
        @Setting("groups of the normalisation; 0: the model's") int normGroups,
        @Setting("dropout in residual blocks; -1: the model's") double dropout,
        @Setting("train on the dataset's classes") boolean classConditional,
        @Setting("fraction of labels replaced by the null class, for classifier-free guidance") double labelDrop,
        @Setting("noise schedule: linear, scaled_linear, cosine, quadratic, sigmoid, logarithmic") String schedule,
        @Setting("diffusion steps T") int timesteps,
        @Setting("what the network predicts: epsilon, sample, v_prediction") String prediction,
        @Setting("gamma of min-SNR loss weighting (Hang et al. 2023); 0: plain MSE") double minSnrGamma,
        @Setting("flip images at random, left to right") boolean flip,
        @Setting("training steps") long steps,
        @Setting("images a step") int batch,
        @Setting("images in a reverse pass, a divisor of the batch: gradients accumulate over micro-batches, in less memory; 0: the whole batch") int microBatch,
        @Setting("learning rate after warm-up") double learningRate,
        @Setting("learning rate after warm-up, over the steps of the run: constant, linear (to 0), cosine (to 0)") String lrSchedule,
        @Setting("steps of linear learning-rate warm-up") long warmup,
        @Setting("Adam's beta 1") double beta1,
        @Setting("Adam's beta 2") double beta2,
        @Setting("Adam's epsilon") double adamEpsilon,
        @Setting("decoupled weight decay (AdamW); 0: Adam") double weightDecay,
        @Setting("largest norm of the gradient; 0: no clipping") double clipNorm,
        @Setting("decay of the weights' moving average, reached as (1+step)/(10+step)") double emaDecay,
        @Setting("seed of weights, order and noise") long seed,
        @Setting("steps between checkpoints; 0: only at the end") long saveEvery,
        @Setting("checkpoints kept") int keep,
        @Setting("steps between lines of metrics.jsonl") long logEvery,
        @Setting("steps between sample grids; 0: none") long sampleEvery) {

    /** Ho et al. 2020, appendix B, at a size for a CPU. */
    public static final TrainConfig DEFAULT = new TrainConfig("shapes16", 0, 0, "small", "", "", false, List.of(), 0, List.of(), 0, 0, -1.0, true, 0.1, "linear",
            1000, "epsilon", 0.0, false, 2000, 32, 0, 2e-4, "constant", 100, 0.9, 0.999, 1e-8, 0.0, 1.0, 0.9999, 0, 500, 3, 10, 0);

    private static final List<Integer> NO_LEVEL = List.of(-1);

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .build();

    public TrainConfig {
        blockOutChannels = blockOutChannels == null ? List.of() : List.copyOf(blockOutChannels);
        attentionLevels = attentionLevels == null ? List.of() : List.copyOf(attentionLevels);
        check(data != null && !data.isBlank(), "data", data, "a dataset's name or path");
        check(imageSize >= 0 && imageSize <= 4096, "imageSize", imageSize, "0 to 4096");
        check(channels == 0 || channels == 1 || channels == 3, "channels", channels, "0, 1 or 3");
        from = from == null ? "" : from;
        fromHash = fromHash == null ? "" : fromHash;
        check(fromHash.isEmpty() || fromHash.matches("[0-9a-f]{64}") && !from.isEmpty(), "fromHash", fromHash, "64 hexadecimal digits, and from");
        check(!newClasses || !from.isEmpty(), "newClasses", newClasses, "false without from");
        check(blockOutChannels.stream().allMatch(c -> c > 0), "blockOutChannels", blockOutChannels, "numbers of at least 1");
        check(layersPerBlock >= 0, "layersPerBlock", layersPerBlock, "0 or more");
        check(attentionLevels.equals(NO_LEVEL) || attentionLevels.stream().allMatch(l -> l >= 0), "attentionLevels", attentionLevels, "levels from 0, or -1 alone");
        check(headChannels >= 0, "headChannels", headChannels, "0 or more");
        check(normGroups >= 0, "normGroups", normGroups, "0 or more");
        check(dropout == -1 || dropout >= 0 && dropout < 1, "dropout", dropout, "at least 0 and less than 1, or -1");
        check(labelDrop >= 0 && labelDrop <= 1, "labelDrop", labelDrop, "0 to 1");
        check(timesteps >= 1 && timesteps <= 1_000_000 || timesteps == 0 && !from.isEmpty(), "timesteps", timesteps, "1 to 1000000");
        check(minSnrGamma >= 0 && Double.isFinite(minSnrGamma), "minSnrGamma", minSnrGamma, "0 or more");
        check(steps >= 1 && steps <= Integer.MAX_VALUE, "steps", steps, "1 to 2147483647");
        check(batch >= 1 && batch <= 65536, "batch", batch, "1 to 65536");
        check(microBatch == 0 || microBatch > 0 && batch % microBatch == 0, "microBatch", microBatch, "a divisor of batch " + batch + ", or 0");
        check(learningRate > 0 && Double.isFinite(learningRate), "learningRate", learningRate, "a positive number");
        LearningRateSchedule.parse(lrSchedule);
        check(warmup >= 0, "warmup", warmup, "0 or more");
        check(beta1 >= 0 && beta1 < 1, "beta1", beta1, "at least 0 and less than 1");
        check(beta2 >= 0 && beta2 < 1, "beta2", beta2, "at least 0 and less than 1");
        check(adamEpsilon > 0 && Double.isFinite(adamEpsilon), "adamEpsilon", adamEpsilon, "a positive number");
        check(weightDecay >= 0 && Double.isFinite(weightDecay), "weightDecay", weightDecay, "0 or more");
        check(clipNorm >= 0 && Double.isFinite(clipNorm), "clipNorm", clipNorm, "0 or more");
        check(emaDecay >= 0 && emaDecay < 1, "emaDecay", emaDecay, "at least 0 and less than 1");
        check(saveEvery >= 0, "saveEvery", saveEvery, "0 or more");
        check(keep >= 1, "keep", keep, "1 or more");
        check(logEvery >= 1, "logEvery", logEvery, "1 or more");
        check(sampleEvery >= 0, "sampleEvery", sampleEvery, "0 or more");
    }

    /**
     * A configuration from JSON: fields that are missing keep {@code base}'s values, or those of {@link #withFrom}; unknown ones are an error.
     *
     * @param where what to call the JSON in an error: a file, or the command line
     * @throws IllegalArgumentException naming the field
     */
    public static TrainConfig parse(String json, TrainConfig base, String where) {
        try {
            if (!(JSON.readTree(json) instanceof ObjectNode given)) {
                throw new IllegalArgumentException(where + ": expected a JSON object of training settings");
            }
            String from = given.path("from").asText();
            ObjectNode merged = JSON.valueToTree(from.isEmpty() || from.equals(base.from) ? base : base.withFrom(from));
            merged.setAll(given);
            return JSON.treeToValue(merged, TrainConfig.class);
        } catch (JsonMappingException e) {
            if (e.getCause() instanceof IllegalArgumentException bad) {
                throw new IllegalArgumentException(where + ": " + bad.getMessage(), e);
            }
            if (e instanceof UnrecognizedPropertyException unknown) {
                throw new IllegalArgumentException(where + ": \"" + unknown.getPropertyName() + "\" is no setting; the settings are "
                        + unknown.getKnownPropertyIds().stream().map(Object::toString).sorted().collect(Collectors.joining(", ")), e);
            }
            String field = e.getPath().isEmpty() ? "" : " at \"" + e.getPath().getLast().getFieldName() + "\"";
            throw new IllegalArgumentException(where + ": not a training configuration" + field + ": " + JsonErrors.describe(e), e);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(where + ": not valid JSON: " + JsonErrors.describe(e), e);
        }
    }

    public String toJson() {
        try {
            return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(this) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a configuration always has a JSON form", e);
        }
    }

    /** This configuration, starting from a model folder: network, noise schedule and prediction are the folder's. */
    public TrainConfig withFrom(String folder) {
        ObjectNode changed = JSON.valueToTree(this);
        changed.setAll(JSON.createObjectNode().put("model", StartingModel.OWN).put("from", folder).put("fromHash", "").put("layersPerBlock", 0)
                .put("headChannels", 0).put("normGroups", 0).put("dropout", -1.0).put("schedule", StartingModel.OWN).put("timesteps", 0)
                .put("prediction", StartingModel.OWN));
        changed.putArray("blockOutChannels");
        changed.putArray("attentionLevels");
        return JSON.convertValue(changed, TrainConfig.class);
    }

    /** Reverse passes in a step. */
    public int microBatches() {
        return microBatch == 0 ? 1 : batch / microBatch;
    }

    /** The learning rate of step number {@code step}, from 0. */
    public double learningRate(long step) {
        return learningRate * LearningRateSchedule.parse(lrSchedule).factor(step, warmup, steps);
    }

    /** This configuration with the hash of the folder that it starts from. */
    TrainConfig withFromHash(String hash) {
        ObjectNode changed = JSON.valueToTree(this);
        return JSON.convertValue(changed.put("fromHash", hash), TrainConfig.class);
    }

    /**
     * This configuration with a different number of steps: the one field that may change on resuming, as long as the learning-rate schedule is constant, since
     * no step depends on it then.
     */
    public TrainConfig withSteps(long more) {
        return parse("{\"steps\": " + more + "}", this, "steps");
    }

    private static void check(boolean ok, String field, Object actual, String expected) {
        if (!ok) {
            throw new IllegalArgumentException(field + ": expected " + expected + ", got " + actual);
        }
    }
}
