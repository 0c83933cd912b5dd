package sirocco.diffusion;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * Denoising diffusion implicit models (Song et al. 2021, eq. 12 and 16): x_s = √ᾱ_s·x̂_0 + √(1−ᾱ_s−σ²)·ε̂ + σ·z with
 * σ = η·√((1−ᾱ_s)/(1−ᾱ_t))·√(1−ᾱ_t/ᾱ_s) and s = t − ⌊T/steps⌋.
 *
 * @param eta η: 0 is deterministic, 1 has the noise of {@link Ddpm}; more is possible while 1−ᾱ_s−σ² ≥ 0
 * @param clip bound of |x̂_0|; +∞ for none
 * @param spacing which timesteps are visited
 * @param stepsOffset see {@link TimestepSpacing#LEADING}
 * @param alphaToOne whether the last step ends at ᾱ = 1, the clean image; otherwise at ᾱ_0
 * @param epsilonFromClipped whether ε̂ is computed anew from the clipped x̂_0 (as GLIDE does) rather than taken from the model
 */
public record Ddim(double eta, double clip, TimestepSpacing spacing, int stepsOffset, boolean alphaToOne, boolean epsilonFromClipped)
        implements FixedStepSolver {
    /** Rounding may take 1−ᾱ_s−σ² this far below 0 at η = 1, where it can be 0 exactly. */
    private static final double ROUNDING = 1e-12;

    public Ddim {
        if (!(eta >= 0 && eta < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("eta: expected 0 or more, got " + eta);
        }
        SolverProgram.checkClip(clip);
        SolverProgram.checkOffset(stepsOffset);
    }

    @Override
    public String name() {
        return "ddim";
    }

    @Override
    public SolverProgram program(ForwardProcess process, int steps) {
        DiscreteProcess discrete = process.discrete(name());
        NoiseSchedule schedule = discrete.schedule();
        Prediction prediction = discrete.output();
        int[] timesteps = spacing.timesteps(schedule.T(), steps, stepsOffset);
        int stride = schedule.T() / steps;
        var rows = new SolverProgram.Multistep(prediction, clip);
        for (int i = 0; i < steps; i++) {
            int t = timesteps[i];
            double a = schedule.signal(t);
            double s = schedule.noise(t);
            double next = t >= stride ? schedule.alphaBar(t - stride) : alphaToOne ? 1 : schedule.alphaBar(0);
            double variance = eta * eta * (1 - next) / (1 - schedule.alphaBar(t)) * (1 - schedule.alphaBar(t) / next);
            double direction = Math.sqrt(directionSquared(1 - next - variance, t));
            if (epsilonFromClipped) {
                rows.row(discrete.level(t), direction / s, Math.sqrt(next) - direction * a / s, 0, 0, 0, Math.sqrt(variance));
            } else {
                rows.row(discrete.level(t), direction * prediction.epsilonFromX(a, s), Math.sqrt(next), direction * prediction.epsilonFromOut(a, s),
                        0, 0, Math.sqrt(variance));
            }
        }
        return rows.build();
    }

    private double directionSquared(double value, int t) {
        if (value < -ROUNDING) {
            throw new IllegalArgumentException("eta " + eta + " asks for more noise at timestep " + t
                    + " than there is room for (1 - alphaBar - sigma^2 = " + value + "); 1 always fits");
        }
        return Math.max(value, 0);
    }

    // ---- names and settings ----------------------------------------------------------------------------------------------------

    @Override
    public int usualSteps(int T) {
        return Math.min(50, T);
    }

    @Override
    public Kind kind() {
        return KIND;
    }

    /** η and ε̂ from the clipped x̂_0 are arguments of a step in diffusers, not settings. */
    @Override
    public void writeTo(ObjectNode config) {
        config.put("set_alpha_to_one", alphaToOne);
        SchedulerSettings.putClip(config, clip);
        SchedulerSettings.putSpacing(config, spacing, stepsOffset);
    }

    static final Kind KIND = new SingleNameKind("DDIMScheduler", "ddim") {
        @Override
        public Solver read(String name, SolverText s) {
            return new Ddim(s.take("eta", 0.0, Double::valueOf), s.clip(1), s.spacing(TimestepSpacing.LEADING), s.offset(), true, false);
        }

        @Override
        public Solver read(SchedulerSettings s) {
            return new Ddim(0, s.clip(true), s.spacing("leading"), s.integer("steps_offset", 0), s.flag("set_alpha_to_one", true), false);
        }
    };
}
