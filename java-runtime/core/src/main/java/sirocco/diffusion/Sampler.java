package sirocco.diffusion;

/**
 * A way from noise to image. Whatever its kind, it is no more than a table of coefficients; settings follow diffusers' scheduler of the
 * same name, so that a folder from there samples alike here.
 */
public sealed interface Sampler permits Ddpm, Ddim, DpmSolverPP {
    /**
     * The chain of {@code steps} steps.
     *
     * @param steps 1 … T
     * @throws IllegalArgumentException if that many steps, this schedule and this prediction do not go together, saying why
     */
    SamplingTable table(NoiseSchedule schedule, Prediction prediction, int steps);

    /** The short name, without settings: ddpm, ddim, dpm++2m, … */
    String name();

    /**
     * A sampler from a command line: a name, and settings after a colon if any, as in {@code ddim:eta=0.5,spacing=trailing}.
     *
     * <p>Names: {@code ddpm} (or {@code ddpm-small}; small variance), {@code ddpm-large}, {@code ddim}, {@code dpm++1}, {@code dpm++2m},
     * {@code dpm++3m}, {@code dpm++2m-sde}. Settings: {@code clip} (bound of |x̂_0|, or none; 1 unless said),
     * {@code spacing} (leading, trailing, linspace), {@code offset} (of leading), {@code eta} (ddim), {@code type} (midpoint, heun) and
     * {@code final} (zero, sigma_min) (dpm++).
     */
    static Sampler parse(String text) {
        return new SamplerText(text).sampler();
    }
}
