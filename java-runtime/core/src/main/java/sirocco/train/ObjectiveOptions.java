package sirocco.train;

import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;
import sirocco.diffusion.ClassificationLoss;
import sirocco.diffusion.DenoisingLoss;
import sirocco.diffusion.Objective;
import sirocco.diffusion.Weighting;

/**
 * What the network learns to predict, and how errors are weighted. Section {@code objective} of {@link TrainConfig}.
 *
 * <p>The {@code with} methods return changed copies.
 */
public record ObjectiveOptions(
        @Setting(value = "what is minimized: simple (the weighted squared error of the prediction, Ho et al. 2020) or "
                + "classification (the cross-entropy of a classifier of noisy images)", flat = "objective") String kind,
        @Setting("what the network predicts: epsilon, sample, v_prediction; own: as in the "
                + "folder to start from") String prediction,
        @Setting("gamma of min-SNR loss weighting (Hang et al. 2023); 0: plain MSE") double minSnrGamma,
        @Setting("fraction of labels replaced by the null class, for classifier-free guidance") double labelDrop) {
    /** By name. An objective has one entry. */
    private static final Map<String, Function<ObjectiveOptions, Objective>> OBJECTIVES = Map.of(
            "classification", _ -> new ClassificationLoss(),
            "simple", o -> new DenoisingLoss(o.minSnrGamma > 0 ? Weighting.minSnr(o.minSnrGamma) : Weighting.UNIFORM));

    public ObjectiveOptions {
        SettingCheck.that(kind != null, "objective.kind", kind, "the name of an objective");
        SettingCheck.that(prediction != null, "objective.prediction", prediction, "the name of a prediction type");
        SettingCheck.that(minSnrGamma >= 0 && Double.isFinite(minSnrGamma), "objective.minSnrGamma", minSnrGamma, "0 or more");
        SettingCheck.that(labelDrop >= 0 && labelDrop <= 1, "objective.labelDrop", labelDrop, "0 to 1");
    }

    /**
     * Returns the objective.
     *
     * @throws IllegalArgumentException if there is none of this name; the message lists those there are
     */
    Objective objective() {
        if (!OBJECTIVES.containsKey(kind)) {
            throw new IllegalArgumentException("objective.kind: there is no such objective (expected " + String.join(" or ", new TreeSet<>(OBJECTIVES.keySet()))
                    + ", got " + kind + ").");
        }
        return OBJECTIVES.get(kind).apply(this);
    }

    public ObjectiveOptions withKind(String kind) {
        return new ObjectiveOptions(kind, prediction, minSnrGamma, labelDrop);
    }

    public ObjectiveOptions withPrediction(String prediction) {
        return new ObjectiveOptions(kind, prediction, minSnrGamma, labelDrop);
    }

    public ObjectiveOptions withMinSnrGamma(double minSnrGamma) {
        return new ObjectiveOptions(kind, prediction, minSnrGamma, labelDrop);
    }

    public ObjectiveOptions withLabelDrop(double labelDrop) {
        return new ObjectiveOptions(kind, prediction, minSnrGamma, labelDrop);
    }
}
