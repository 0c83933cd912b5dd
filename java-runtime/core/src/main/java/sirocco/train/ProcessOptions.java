package sirocco.train;

import java.util.function.UnaryOperator;
import sirocco.diffusion.BetaSchedule;
import sirocco.diffusion.DiscreteProcess;
import sirocco.diffusion.ForwardProcess;
import sirocco.diffusion.KarrasProcess;
import sirocco.diffusion.NoiseSchedule;
import sirocco.diffusion.Prediction;

/**
 * How data becomes noise. Section {@code process} of {@link TrainConfig}.
 *
 * <p>The {@code with} methods return changed copies.
 */
public record ProcessOptions(
        @Setting(value = "process: discrete (timesteps 0 to T-1, Ho et al. 2020) or edm (continuous noise levels, Karras et al. 2022); own: "
                + "that of the folder to start from", flat = "process") String type,
        @Setting("noise schedule: linear, scaled_linear, cosine, quadratic, sigmoid, logarithmic; own: that of the "
                + "folder to start from") String schedule,
        @Setting("diffusion steps T; 0: those of the folder to start from") int timesteps,
        KarrasOptions edm) {
    static final String DISCRETE = "discrete";
    static final String EDM = "edm";

    public ProcessOptions {
        SettingCheck.that(type != null, "process.type", type, "the name of a process");
        SettingCheck.that(schedule != null, "process.schedule", schedule, "the name of a schedule");
        SettingCheck.that(timesteps >= 0 && timesteps <= 1_000_000, "process.timesteps", timesteps, "1 to 1000000, or 0 when starting from a folder");
    }

    /**
     * Returns the process.
     *
     * @param objective says what the network predicts
     */
    ForwardProcess process(ObjectiveOptions objective) {
        String prediction = objective.prediction();
        return switch (type) {
            case EDM -> {
                SettingCheck.that(objective.varianceHead().isEmpty(), "objective.variance", objective.variance(), "fixed, since process.type is edm");
                yield new KarrasProcess(edm.sigmaData(), edm.sigmaMin(), edm.sigmaMax(), edm.logSigmaMean(), edm.logSigmaDeviation(),
                        KarrasProcess.negated("objective.prediction", prediction));
            }
            // A folder that does not say what it was trained with, and settings that do.
            case DISCRETE, StartingModel.OWN -> new DiscreteProcess(NoiseSchedule.of(BetaSchedule.parse(schedule), timesteps), Prediction.parse(prediction),
                    objective.varianceHead());
            default -> throw new IllegalArgumentException("process.type: there is no such process (expected discrete or edm, got " + type + ").");
        };
    }

    public ProcessOptions withType(String type) {
        return new ProcessOptions(type, schedule, timesteps, edm);
    }

    public ProcessOptions withSchedule(String schedule) {
        return new ProcessOptions(type, schedule, timesteps, edm);
    }

    public ProcessOptions withTimesteps(int timesteps) {
        return new ProcessOptions(type, schedule, timesteps, edm);
    }

    public ProcessOptions withEdm(UnaryOperator<KarrasOptions> change) {
        return new ProcessOptions(type, schedule, timesteps, change.apply(edm));
    }
}
