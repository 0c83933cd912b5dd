package sirocco.diffusion;

/**
 * The preconditioning of Karras et al. 2022 (eq. 7 and table 1): x̂_0 = c_skip·x + c_out·F, where F is the network's output for the input c_in·x and the time
 * c_noise, with x = x_0 + σ·ε. Input and target have unit variance at every noise level.
 *
 * @param sigmaData σ_data, the standard deviation of the data
 * @param negated whether the output is −F, which diffusers calls v-prediction
 */
record KarrasPreconditioning(double sigmaData, boolean negated) implements Parameterization {
    /** Returns the noise level of σ, with c_in and c_noise. */
    Level level(double sigma) {
        return new Level(Math.log(sigma) / 4, 1 / deviation(sigma), 1, sigma);
    }

    /** Returns the standard deviation of x. */
    private double deviation(double sigma) {
        return Math.sqrt(sigma * sigma + sigmaData * sigmaData);
    }

    /** c_skip. */
    @Override
    public double x0FromX(double a, double sigma) {
        return sigmaData * sigmaData / (sigma * sigma + sigmaData * sigmaData);
    }

    /** c_out. */
    @Override
    public double x0FromOut(double a, double sigma) {
        return sign() * sigma * sigmaData / deviation(sigma);
    }

    @Override
    public double signalFromOut(double a, double sigma) {
        return x0FromOut(a, sigma);
    }

    /** −c_skip·σ/c_out. */
    @Override
    public double targetFromEpsilon(double a, double sigma) {
        return -sign() * sigmaData / deviation(sigma);
    }

    /** (1 − c_skip)/c_out. */
    @Override
    public double targetFromX0(double a, double sigma) {
        return sign() * sigma / (sigmaData * deviation(sigma));
    }

    private int sign() {
        return negated ? -1 : 1;
    }
}
