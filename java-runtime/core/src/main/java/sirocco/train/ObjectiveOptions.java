package sirocco.train;

import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;
import sirocco.diffusion.ClassificationLoss;
import sirocco.diffusion.Ddpm;
import sirocco.diffusion.DenoisingLoss;
import sirocco.diffusion.ForwardProcess;
import sirocco.diffusion.HybridLoss;
import sirocco.diffusion.Objective;
import sirocco.diffusion.VarianceHead;
import sirocco.diffusion.VariationalLoss;
import sirocco.diffusion.Weighting;

/**
 * What the network learns to predict, and how errors are weighted. Section {@code objective} of {@link TrainConfig}.
 *
 * <p>The {@code with} methods return changed copies.
 */
public record ObjectiveOptions(
        @Setting(value = "what is minimized: simple (the weighted squared error of the prediction, Ho et al. 2020), vlb (the variational bound), "
                + "hybrid (both, for a learned variance, Nichol & Dhariwal 2021) or classification (the cross-entropy of a classifier of noisy images)",
                flat = "objective") String kind,
        @Setting("what the network predicts: epsilon, sample, v_prediction; own: as in the "
                + "folder to start from") String prediction,
        @Setting("variance of a denoising step: fixed, learned_range (the network predicts a place between the two extremes for each pixel) or learned "
                + "(it predicts the logarithm); own: as in the folder to start from") String variance,
        @Setting("factor of the variational bound, in bits per dimension, in the loss of vlb and hybrid; 0: 1 for vlb, 0.001 for hybrid; 1/T: the mean of the "
                + "bound's terms") double vlbWeight,
        @Setting("gamma of min-SNR loss weighting (Hang et al. 2023); 0: plain MSE") double minSnrGamma,
        @Setting("fraction of samples whose conditions (label, low-resolution partner) are replaced by the null condition, for classifier-free guidance") double labelDrop) {
    /** By name. An objective has one entry. */
    private static final Map<String, Function<ObjectiveOptions, Objective>> OBJECTIVES = Map.of(
            "classification", _ -> new ClassificationLoss(),
            "hybrid", o -> new HybridLoss(o.weighting(), o.vlbWeight > 0 ? o.vlbWeight : 0.001),
            "simple", o -> new DenoisingLoss(o.weighting()),
            "vlb", o -> new VariationalLoss(Ddpm.Variance.FIXED_LARGE, o.vlbWeight > 0 ? o.vlbWeight : 1));

    private static final String FIXED = "fixed";
    private static final String LEARNED = "learned";

    public ObjectiveOptions {
        SettingCheck.that(kind != null, "objective.kind", kind, "the name of an objective");
        SettingCheck.that(prediction != null, "objective.prediction", prediction, "the name of a prediction type");
        SettingCheck.that(variance != null, "objective.variance", variance, "fixed, learned_range or learned");
        SettingCheck.that(vlbWeight >= 0 && Double.isFinite(vlbWeight), "objective.vlbWeight", vlbWeight, "0 or more");
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

    /**
     * Returns the objective.
     *
     * @throws IllegalArgumentException if there is none of this name, or it cannot train a network on the process
     */
    Objective objective(ForwardProcess process) {
        Objective objective = objective();
        try {
            objective.check(process);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("objective.kind: " + kind + ": " + e.getMessage(), e);
        }
        return objective;
    }

    private Weighting weighting() {
        return minSnrGamma > 0 ? Weighting.minSnr(minSnrGamma) : Weighting.UNIFORM;
    }

    /**
     * Returns the variance head that a new network has.
     *
     * @throws IllegalArgumentException if there is no such variance
     */
    Optional<VarianceHead> varianceHead() {
        return switch (variance) {
            // A folder that says nothing about it.
            case FIXED, StartingModel.OWN -> Optional.empty();
            case "learned_range" -> Optional.of(VarianceHead.LEARNED_RANGE);
            case LEARNED -> Optional.of(VarianceHead.LEARNED_LOG);
            default -> throw new IllegalArgumentException("objective.variance: there is no such variance (expected fixed, learned_range or learned, got " + variance + ").");
        };
    }

    /** Returns whether this setting allows a network that a folder holds. */
    boolean allows(Optional<VarianceHead> head) {
        return variance.equals(StartingModel.OWN) || (head.equals(Optional.of(VarianceHead.LEARNED)) ? variance.equals(LEARNED) : varianceHead().equals(head));
    }

    public ObjectiveOptions withVariance(String variance) {
        return new ObjectiveOptions(kind, prediction, variance, vlbWeight, minSnrGamma, labelDrop);
    }

    public ObjectiveOptions withVlbWeight(double vlbWeight) {
        return new ObjectiveOptions(kind, prediction, variance, vlbWeight, minSnrGamma, labelDrop);
    }

    public ObjectiveOptions withKind(String kind) {
        return new ObjectiveOptions(kind, prediction, variance, vlbWeight, minSnrGamma, labelDrop);
    }

    public ObjectiveOptions withPrediction(String prediction) {
        return new ObjectiveOptions(kind, prediction, variance, vlbWeight, minSnrGamma, labelDrop);
    }

    public ObjectiveOptions withMinSnrGamma(double minSnrGamma) {
        return new ObjectiveOptions(kind, prediction, variance, vlbWeight, minSnrGamma, labelDrop);
    }

    public ObjectiveOptions withLabelDrop(double labelDrop) {
        return new ObjectiveOptions(kind, prediction, variance, vlbWeight, minSnrGamma, labelDrop);
    }
}
