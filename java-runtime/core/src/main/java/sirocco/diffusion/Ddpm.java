package sirocco.diffusion;

/**
 * Ancestral sampling (Ho et al. 2020, algorithm 2): each step draws from q(x_s | x_t, x̂_0), s the next timestep visited.
 *
 * @param variance σ² of a step: of the posterior, or of the forward steps it undoes (section 3.2)
 * @param clip bound of |x̂_0|, 1 in the paper; +∞ for none
 * @param spacing which timesteps are visited
 * @param stepsOffset see {@link TimestepSpacing#LEADING}
 */
public record Ddpm(Variance variance, double clip, TimestepSpacing spacing, int stepsOffset) implements Sampler {
    /** The two extremes between which the best variance lies (Ho et al. 2020, section 3.2). */
    public enum Variance {
        /** The posterior's: optimal for x_0 a single point. The one to use where steps are skipped. */
        FIXED_SMALL,
        /** β, of the step that is undone: optimal for x_0 standard normal. */
        FIXED_LARGE
    }

    public Ddpm {
        SamplingTable.checkClip(clip);
        SamplingTable.checkOffset(stepsOffset);
    }

    @Override
    public String name() {
        return variance == Variance.FIXED_SMALL ? "ddpm" : "ddpm-large";
    }

    @Override
    public SamplingTable table(NoiseSchedule schedule, Prediction prediction, int steps) {
        int[] timesteps = spacing.timesteps(schedule.T(), steps, stepsOffset);
        var rows = new SamplingTable.Builder(timesteps, clip);
        for (int i = 0; i < steps; i++) {
            int t = timesteps[i];
            double a = schedule.signal(t);
            double s = schedule.noise(t);
            var posterior = schedule.posterior(t, i + 1 < steps ? timesteps[i + 1] : -1);
            // Noise is left out at timestep 0, not at the last step: spacings that end above 0 get some there, as in diffusers.
            double variance = t == 0 ? 0 : this.variance == Variance.FIXED_SMALL ? posterior.variance() : posterior.beta();
            rows.row(i, prediction.x0FromX(a, s), prediction.x0FromOut(a, s), posterior.xt(), posterior.x0(), 0, 0, 0, Math.sqrt(variance));
        }
        return rows.build();
    }
}
