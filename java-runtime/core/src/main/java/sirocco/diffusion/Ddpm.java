package sirocco.diffusion;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;

/**
 * Ancestral sampling (Ho et al. 2020, algorithm 2): each step draws from q(x_s | x_t, x̂_0), s the next timestep visited.
 *
 * @param variance σ² of a step: of the posterior, of the forward steps it undoes (section 3.2), or as the network says
 * @param clip bound of |x̂_0|, 1 in the paper; +∞ for none
 * @param spacing which timesteps are visited
 * @param stepsOffset see {@link TimestepSpacing#LEADING}
 */
public record Ddpm(Variance variance, double clip, TimestepSpacing spacing, int stepsOffset) implements FixedStepSolver {
    /** Which variance; the best lies between the fixed ones (Ho et al. 2020, section 3.2). */
    public enum Variance {
        /** The posterior's: optimal for x_0 a single point. The one to use where steps are skipped. */
        FIXED_SMALL,
        /** β, of the step that is undone: optimal for x_0 standard normal. */
        FIXED_LARGE,
        /** What the network's variance head says, for each element of an image (Nichol &amp; Dhariwal 2021, section 3.1). */
        LEARNED
    }

    public Ddpm {
        SolverProgram.checkClip(clip);
        SolverProgram.checkOffset(stepsOffset);
    }

    @Override
    public String name() {
        return switch (variance) {
            case FIXED_SMALL -> "ddpm";
            case FIXED_LARGE -> "ddpm-large";
            case LEARNED -> "ddpm-learned";
        };
    }

    @Override
    public SolverProgram program(ForwardProcess process, int steps) {
        DiscreteProcess discrete = process.discrete(name());
        NoiseSchedule schedule = discrete.schedule();
        int[] timesteps = spacing.timesteps(schedule.T(), steps, stepsOffset);
        var rows = new SolverProgram.Multistep(discrete.output(), clip);
        double[] low = new double[steps];
        double[] range = new double[steps];
        for (int i = 0; i < steps; i++) {
            int t = timesteps[i];
            var posterior = schedule.posterior(t, i + 1 < steps ? timesteps[i + 1] : -1);
            // Noise is left out at timestep 0, not at the last step: spacings that end above 0 get some there, as in diffusers.
            double variance = t == 0 ? 0 : switch (this.variance) {
                case FIXED_SMALL -> posterior.variance();
                case FIXED_LARGE -> posterior.beta();
                case LEARNED -> 1; // times σ² of the element
            };
            rows.row(discrete.level(t), posterior.xt(), posterior.x0(), 0, 0, 0, Math.sqrt(variance));
            // At timestep 0 σ is 1 and has the factor 0: an output far beyond the range would make it infinite, and 0·∞ is NaN.
            low[i] = t == 0 ? 0 : Math.log(Math.max(posterior.variance(), VarianceHead.SMALLEST));
            range[i] = t == 0 ? 0 : Math.log(posterior.beta()) - low[i];
        }
        return variance == Variance.LEARNED ? rows.build().with(new PixelVariance(head(discrete), low, range)) : rows.build();
    }

    private static VarianceHead head(DiscreteProcess process) {
        return process.varianceHead().orElseThrow(() -> new IllegalArgumentException("sampler ddpm-learned: the variance is fixed, and not predicted by the network "
                + "(expected variance_type learned_range, learned_log or learned). Choose ddpm or ddpm-large."));
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
        // A process with a variance head has written which: the network has it, whatever the sampler makes of it.
        if (!config.has("variance_type")) {
            config.put("variance_type", variance == Variance.FIXED_SMALL ? "fixed_small" : "fixed_large");
        }
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
            return "ddpm, ddpm-large, ddpm-learned";
        }

        @Override
        public boolean has(String name) {
            return List.of("ddpm", "ddpm-small", "ddpm-large", "ddpm-learned").contains(name);
        }

        @Override
        public Solver read(String name, SolverText s) {
            Variance variance = name.equals("ddpm-large") ? Variance.FIXED_LARGE : name.equals("ddpm-learned") ? Variance.LEARNED : Variance.FIXED_SMALL;
            return new Ddpm(variance, s.clip(1), s.spacing(TimestepSpacing.LEADING), s.offset());
        }

        @Override
        public Solver read(SchedulerSettings s) {
            String type = s.text("variance_type", "fixed_small");
            Variance variance = VarianceHead.parse(type).isPresent() ? Variance.LEARNED : type.startsWith("fixed_large") ? Variance.FIXED_LARGE : Variance.FIXED_SMALL;
            return new Ddpm(variance, s.clip(true), s.spacing("leading"), s.integer("steps_offset", 0));
        }
    };
}
