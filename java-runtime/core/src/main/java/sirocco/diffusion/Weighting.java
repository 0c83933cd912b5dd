package sirocco.diffusion;

/** The weight of an image's squared error in training, by its noise level. */
@FunctionalInterface
public interface Weighting {
    /** Weight 1 on the network's output: L_simple (Ho et al. 2020, eq. 14). */
    Weighting UNIFORM = (level, output) -> 1;

    /**
     * Returns the weight.
     *
     * @param output what the network's output stands for
     * @return factor of (output − target)², 0 or more
     */
    double weight(Level level, Parameterization output);

    /**
     * Returns min-SNR weighting (Hang et al. 2023, section 3.4): min(SNR, γ) on the error of x̂_0, which is min(SNR, γ)/SNR on that of ε and
     * min(SNR, γ)/(SNR + 1) on that of v.
     *
     * @param gamma γ &gt; 0; 5 in the paper
     * @throws IllegalArgumentException if γ is not a positive number
     */
    static Weighting minSnr(double gamma) {
        if (!(gamma > 0 && gamma < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("min-SNR gamma: expected a number above 0, got " + gamma);
        }
        return (level, output) -> {
            // min(SNR, γ)·(error of x̂_0 / error of the output)², written so that no signal (SNR 0) does not give 0/0.
            double signalToNoise = output.signalFromOut(level.a(), level.s()) / level.s();
            return Math.min(1, gamma / level.snr()) * signalToNoise * signalToNoise;
        };
    }
}
