package sirocco.diffusion;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/**
 * Heun's method in σ (Karras et al. 2022, algorithm 1): an Euler step to σ′, the slope there, and the step again by the mean of both slopes. The last step, to
 * σ = 0, is Euler's. Two evaluations of the model a step.
 *
 * <p>R_1 is x with half of the first slope's step already made, so that the correction adds the other half by the second slope.
 *
 * @param spacing which timesteps are visited, fractional ones too
 * @param stepsOffset see {@link TimestepSpacing#LEADING}
 * @param levels how noise levels are spaced
 * @param clip bound of |x̂_0|; +∞ for none
 */
public record Heun(TimestepSpacing spacing, int stepsOffset, SigmaSpacing levels, double clip) implements Solver {
    public Heun {
        SolverProgram.checkClip(clip);
        SolverProgram.checkOffset(stepsOffset);
    }

    @Override
    public SolverProgram program(NoiseSchedule schedule, Prediction prediction, int steps) {
        SigmaGrid grid = SigmaGrid.of(schedule, spacing, stepsOffset, levels, DpmSolverPP.FinalSigma.ZERO, steps);
        List<SolverProgram.Row> rows = new ArrayList<>();
        for (int i = 0; i < grid.steps(); i++) {
            double sigma = grid.sigmas()[i];
            double next = grid.sigmas()[i + 1];
            double whole = (next - sigma) / sigma;
            double half = whole / 2;
            rows.add(SigmaGrid.row(grid.timesteps()[i], sigma, prediction, clip, new double[][] {
                    {1 + whole, 0, -whole, 0, 0},
                    {1 + half, 0, -half, 0, 0}}));
            if (next > 0) {
                double corrected = (next - sigma) / next / 2;
                rows.add(SigmaGrid.row(grid.timesteps()[i + 1], next, prediction, clip, new double[][] {
                        {corrected, 1, -corrected, 0, 0},
                        {0, 0, 0, 0, 0}}));
            }
        }
        return new SolverProgram(2, grid.start(spacing), rows);
    }

    // ---- names and settings ----------------------------------------------------------------------------------------------------

    @Override
    public String name() {
        return "heun";
    }

    @Override
    public int usualSteps(int T) {
        return Math.min(25, T);
    }

    @Override
    public Kind kind() {
        return KIND;
    }

    @Override
    public void writeTo(ObjectNode config) {
        config.put("use_karras_sigmas", levels == SigmaSpacing.KARRAS);
        config.put("use_exponential_sigmas", levels == SigmaSpacing.EXPONENTIAL);
        SchedulerSettings.putClip(config, clip);
        SchedulerSettings.putSpacing(config, spacing, stepsOffset);
    }

    static final Kind KIND = new Kind() {
        @Override
        public String className() {
            return "HeunDiscreteScheduler";
        }

        @Override
        public String names() {
            return "heun";
        }

        @Override
        public boolean has(String name) {
            return name.equals("heun");
        }

        @Override
        public Solver read(String name, SolverText s) {
            return new Heun(s.spacing(TimestepSpacing.LINSPACE), s.offset(), s.take("sigmas", SigmaSpacing.SCHEDULE, SigmaSpacing::parse), s.clip(1));
        }

        @Override
        public Solver read(SchedulerSettings s) {
            return new Heun(s.spacing("linspace"), s.integer("steps_offset", 0), SigmaSpacing.read(s), s.clip(false));
        }
    };
}
