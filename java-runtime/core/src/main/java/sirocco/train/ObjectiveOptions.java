package sirocco.train;

import sirocco.diffusion.DenoisingLoss;
import sirocco.diffusion.Objective;
import sirocco.diffusion.Weighting;

/**
 * What the network learns to predict, and how errors are weighted. Section {@code objective} of {@link TrainConfig}.
 *
 * <p>The {@code with} methods return changed copies.
 */
public record ObjectiveOptions(
        @Setting("what the network predicts: epsilon, sample, v_prediction; own: as in the "
                + "folder to start from") String prediction,
        @Setting("gamma of min-SNR loss weighting (Hang et al. 2023); 0: plain MSE") double minSnrGamma,
        @Setting("fraction of labels replaced by the null class, for classifier-free guidance") double labelDrop) {
    public ObjectiveOptions {
        SettingCheck.that(prediction != null, "objective.prediction", prediction, "the name of a prediction type");
        SettingCheck.that(minSnrGamma >= 0 && Double.isFinite(minSnrGamma), "objective.minSnrGamma", minSnrGamma, "0 or more");
        SettingCheck.that(labelDrop >= 0 && labelDrop <= 1, "objective.labelDrop", labelDrop, "0 to 1");
    }

    /** Returns the objective. */
    Objective objective() {
        return new DenoisingLoss(minSnrGamma > 0 ? Weighting.minSnr(minSnrGamma) : Weighting.UNIFORM);
    }

    public ObjectiveOptions withPrediction(String prediction) {
        return new ObjectiveOptions(prediction, minSnrGamma, labelDrop);
    }

    public ObjectiveOptions withMinSnrGamma(double minSnrGamma) {
        return new ObjectiveOptions(prediction, minSnrGamma, labelDrop);
    }

    public ObjectiveOptions withLabelDrop(double labelDrop) {
        return new ObjectiveOptions(prediction, minSnrGamma, labelDrop);
    }
}
