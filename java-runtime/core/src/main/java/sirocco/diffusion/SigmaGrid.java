package sirocco.diffusion;

import java.util.function.DoubleUnaryOperator;

/**
 * Noise levels σ = √(1−ᾱ)/√ᾱ and the (fractional) timesteps that belong to them, for solvers of dx/dσ = (x − x̂_0)/σ (Karras et al. 2022, eq. 1 with s = 1), in
 * diffusers' arithmetic.
 *
 * @param timesteps falling, one for each evaluation point
 * @param sigmas the same and, after the last, where the chain ends
 */
record SigmaGrid(double[] timesteps, double[] sigmas) {
    /** What stands for ᾱ = 0, whose σ is infinite: diffusers' value. */
    private static final double LEAST_ALPHA_BAR = 0x1p-24;
    private static final double RHO = 7;

    /**
     * @param steps levels, 1 … T
     * @param end whether the chain ends at the clean image or at the level of timestep 0
     */
    static SigmaGrid of(NoiseSchedule schedule, TimestepSpacing spacing, int stepsOffset, SigmaSpacing levels, DpmSolverPP.FinalSigma end, int steps) {
        double[] all = new double[schedule.T()];
        for (int t = 0; t < all.length; t++) {
            all[t] = sigma(schedule, t);
        }
        double[] timesteps = spacing.fractionalTimesteps(schedule.T(), steps, stepsOffset);
        double[] sigmas = new double[steps + 1];
        for (int i = 0; i < steps; i++) {
            sigmas[i] = interpolate(all, timesteps[i]);
        }
        double first = sigmas[0];
        double last = sigmas[steps - 1];
        DoubleUnaryOperator respaced = switch (levels) {
            case SCHEDULE -> null;
            case KARRAS -> u -> Math.pow(Math.pow(first, 1 / RHO) + u * (Math.pow(last, 1 / RHO) - Math.pow(first, 1 / RHO)), RHO);
            case EXPONENTIAL -> u -> Math.exp(Math.log(first) + u * (Math.log(last) - Math.log(first)));
        };
        if (respaced != null) {
            for (int i = 0; i < steps; i++) {
                sigmas[i] = respaced.applyAsDouble(steps == 1 ? 0 : i / (steps - 1.0));
                timesteps[i] = timestep(all, sigmas[i]);
            }
        }
        sigmas[steps] = end == DpmSolverPP.FinalSigma.ZERO ? 0 : sigma(schedule, 0);
        return new SigmaGrid(timesteps, sigmas);
    }

    int steps() {
        return timesteps.length;
    }

    /** Standard deviation of x at the start: σ, or √(σ² + 1) where the first timestep leaves signal. */
    double start(TimestepSpacing spacing) {
        return spacing == TimestepSpacing.LEADING ? Math.sqrt(sigmas[0] * sigmas[0] + 1) : sigmas[0];
    }

    /** A row of a program: an evaluation at level {@code sigma}, whose x̂_0 is the prediction's for x scaled to unit variance. */
    static SolverProgram.Row row(double t, double sigma, Prediction prediction, double clip, double[][] next) {
        double a = 1 / Math.sqrt(sigma * sigma + 1);
        double s = sigma * a;
        return new SolverProgram.Row(t, a, prediction.x0FromX(a, s) * a, prediction.x0FromOut(a, s), clip, next);
    }

    private static double sigma(NoiseSchedule schedule, int t) {
        double alphaBar = schedule.alphaBar(t) == 0 ? LEAST_ALPHA_BAR : schedule.alphaBar(t);
        return Math.sqrt((1 - alphaBar) / alphaBar);
    }

    private static double interpolate(double[] all, double t) {
        int low = (int) Math.clamp(Math.floor(t), 0, all.length - 1);
        int high = Math.min(low + 1, all.length - 1);
        double w = Math.clamp(t - low, 0, 1);
        return (1 - w) * all[low] + w * all[high];
    }

    /** The timestep of a level, linear in log σ between neighbours. */
    private static double timestep(double[] all, double sigma) {
        double log = Math.log(Math.max(sigma, 1e-10));
        int low = 0;
        for (int t = 0; t < all.length; t++) {
            if (Math.log(all[t]) <= log) {
                low = t;
            }
        }
        low = Math.min(low, Math.max(0, all.length - 2));
        int high = Math.min(low + 1, all.length - 1);
        double span = Math.log(all[low]) - Math.log(all[high]);
        double w = span == 0 ? 0 : Math.clamp((Math.log(all[low]) - log) / span, 0, 1);
        return (1 - w) * low + w * high;
    }
}
