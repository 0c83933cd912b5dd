package sirocco.diffusion;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/**
 * Ancestral sampling (Ho et al. 2020, algorithm 2): each step draws from q(x_s | x_t, x̂_0), s the next timestep visited.
 *
 * @param variance σ² of a step: of the posterior, or of the forward steps it undoes (section 3.2)
 * @param clip bound of |x̂_0|, 1 in the paper; +∞ for none
 * @param spacing which timesteps are visited
 * @param stepsOffset see {@link TimestepSpacing#LEADING}
 */
public record Ddpm(Variance variance, double clip, TimestepSpacing spacing, int stepsOffset) implements FixedStepSolver {
    /** The two extremes between which the best variance lies (Ho et al. 2020, section 3.2). */
    public enum Variance {
        /** The posterior's: optimal for x_0 a single point. The one to use where steps are skipped. */
        FIXED_SMALL,
        /** β, of the step that is undone: optimal for x_0 standard normal. */
        FIXED_LARGE
    }

    public Ddpm {
        SolverProgram.checkClip(clip);
        SolverProgram.checkOffset(stepsOffset);
    }

    @Override
    public String name() {
        return variance == Variance.FIXED_SMALL ? "ddpm" : "ddpm-large";
    }

    @Override
    public SolverProgram program(ForwardProcess process, int steps) {
        DiscreteProcess discrete = process.discrete(name());
        NoiseSchedule schedule = discrete.schedule();
        int[] timesteps = spacing.timesteps(schedule.T(), steps, stepsOffset);
        var rows = new SolverProgram.Multistep(discrete.output(), clip);
        for (int i = 0; i < steps; i++) {
            int t = timesteps[i];
            var posterior = schedule.posterior(t, i + 1 < steps ? timesteps[i + 1] : -1);
            // Noise is left out at timestep 0, not at the last step: spacings that end above 0 get some there, as in diffusers.
            double variance = t == 0 ? 0 : this.variance == Variance.FIXED_SMALL ? posterior.variance() : posterior.beta();
            rows.row(discrete.level(t), posterior.xt(), posterior.x0(), 0, 0, 0, Math.sqrt(variance));
        }
        return rows.build();
    }

    // ---- names and settings ----------------------------------------------------------------------------------------------------

    @Override
    public int usualSteps(int T) {
        return T;
    }

    @Override
    public Kind kind() {
        return KIND;
    }

    @Override
    public void writeTo(ObjectNode config) {
        config.put("variance_type", variance == Variance.FIXED_SMALL ? "fixed_small" : "fixed_large");
        SchedulerSettings.putClip(config, clip);
        SchedulerSettings.putSpacing(config, spacing, stepsOffset);
    }

    static final Kind KIND = new Kind() {
        @Override
        public Optional<String> className() {
            return Optional.of("DDPMScheduler");
        }

        @Override
        public String names() {
            return "ddpm, ddpm-large";
        }

        @Override
        public boolean has(String name) {
            return name.equals("ddpm") || name.equals("ddpm-small") || name.equals("ddpm-large");
        }

        @Override
        public Solver read(String name, SolverText s) {
            return new Ddpm(name.equals("ddpm-large") ? Variance.FIXED_LARGE : Variance.FIXED_SMALL, s.clip(1), s.spacing(TimestepSpacing.LEADING), s.offset());
        }

        @Override
        public Solver read(SchedulerSettings s) {
            String variance = s.text("variance_type", "fixed_small");
            // The "_log" variants store a logarithm and mean the same number.
            Variance fixed = switch (variance) {
                case "fixed_small", "fixed_small_log" -> Variance.FIXED_SMALL;
                case "fixed_large", "fixed_large_log" -> Variance.FIXED_LARGE;
                default -> throw new IllegalArgumentException("variance_type: " + variance
                        + " is not supported; known are fixed_small, fixed_large (a learned variance needs a model with twice the channels)");
            };
            return new Ddpm(fixed, s.clip(true), s.spacing("leading"), s.integer("steps_offset", 0));
        }
    };
}
