package sirocco.train;

import sirocco.diffusion.KarrasProcess;

/**
 * The process of Karras et al. 2022 ("EDM"). Section {@code process.edm} of {@link TrainConfig}; read if {@code process.type} is {@code edm}.
 *
 * <p>The {@code with} methods return changed copies.
 */
public record KarrasOptions(
        @Setting("standard deviation of the data") double sigmaData,
        @Setting("smallest noise level of sampling") double sigmaMin,
        @Setting("largest noise level of sampling") double sigmaMax,
        @Setting("mean of the logarithm of the noise level in training (P_mean)") double logSigmaMean,
        @Setting("standard deviation of the logarithm of the noise level in training (P_std)") double logSigmaDeviation) {
    static final KarrasOptions DEFAULT = new KarrasOptions(KarrasProcess.PAPER.sigmaData(), KarrasProcess.PAPER.sigmaMin(), KarrasProcess.PAPER.sigmaMax(),
            KarrasProcess.PAPER.logMean(), KarrasProcess.PAPER.logDeviation());

    public KarrasOptions {
        SettingCheck.that(sigmaData > 0 && Double.isFinite(sigmaData), "process.edm.sigmaData", sigmaData, "a positive number");
        SettingCheck.that(sigmaMin > 0 && Double.isFinite(sigmaMin), "process.edm.sigmaMin", sigmaMin, "a positive number");
        SettingCheck.that(sigmaMax > sigmaMin && Double.isFinite(sigmaMax), "process.edm.sigmaMax", sigmaMax, "more than process.edm.sigmaMin");
        SettingCheck.that(Double.isFinite(logSigmaMean), "process.edm.logSigmaMean", logSigmaMean, "a number");
        SettingCheck.that(logSigmaDeviation >= 0 && Double.isFinite(logSigmaDeviation), "process.edm.logSigmaDeviation", logSigmaDeviation, "0 or more");
    }

    public KarrasOptions withSigmaData(double sigmaData) {
        return new KarrasOptions(sigmaData, sigmaMin, sigmaMax, logSigmaMean, logSigmaDeviation);
    }

    public KarrasOptions withSigmaMin(double sigmaMin) {
        return new KarrasOptions(sigmaData, sigmaMin, sigmaMax, logSigmaMean, logSigmaDeviation);
    }

    public KarrasOptions withSigmaMax(double sigmaMax) {
        return new KarrasOptions(sigmaData, sigmaMin, sigmaMax, logSigmaMean, logSigmaDeviation);
    }

    public KarrasOptions withLogSigmaMean(double logSigmaMean) {
        return new KarrasOptions(sigmaData, sigmaMin, sigmaMax, logSigmaMean, logSigmaDeviation);
    }

    public KarrasOptions withLogSigmaDeviation(double logSigmaDeviation) {
        return new KarrasOptions(sigmaData, sigmaMin, sigmaMax, logSigmaMean, logSigmaDeviation);
    }
}
