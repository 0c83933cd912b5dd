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
 * @param sigmas noise levels that are visited
 * @param clip bound of |x̂_0|; +∞ for none
 */
public record Heun(Sigmas sigmas, double clip) implements FixedStepSolver {
    public Heun {
        SolverProgram.checkClip(clip);
    }

    @Override
    public SolverProgram program(ForwardProcess process, int steps) {
        SigmaGrid grid = process.sigmas(sigmas, steps);
        List<SolverProgram.Row> rows = new ArrayList<>();
        for (int i = 0; i < grid.steps(); i++) {
            double sigma = grid.sigma(i);
            double next = grid.sigma(i + 1);
            double whole = (next - sigma) / sigma;
            double half = whole / 2;
            rows.add(grid.row(i, clip, new double[][] {
                    {1 + whole, 0, -whole, 0, 0},
                    {1 + half, 0, -half, 0, 0}}));
            if (next > 0) {
                double corrected = (next - sigma) / next / 2;
                rows.add(grid.row(i + 1, clip, new double[][] {
                        {corrected, 1, -corrected, 0, 0},
                        {0, 0, 0, 0, 0}}));
            }
        }
        return new SolverProgram(2, grid.start(), rows);
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
        config.put("use_karras_sigmas", sigmas.levels() == SigmaSpacing.KARRAS);
        config.put("use_exponential_sigmas", sigmas.levels() == SigmaSpacing.EXPONENTIAL);
        SchedulerSettings.putClip(config, clip);
        SchedulerSettings.putSpacing(config, sigmas.spacing(), sigmas.stepsOffset());
    }

    static final Kind KIND = new SingleNameKind("HeunDiscreteScheduler", "heun") {
        @Override
        public Solver read(String name, SolverText s) {
            return new Heun(new Sigmas(s.spacing(TimestepSpacing.LINSPACE), s.offset(), s.take("sigmas", SigmaSpacing.SCHEDULE, SigmaSpacing::parse),
                    DpmSolverPP.FinalSigma.ZERO), s.clip(1));
        }

        @Override
        public Solver read(SchedulerSettings s) {
            return new Heun(new Sigmas(s.spacing("linspace"), s.integer("steps_offset", 0), SigmaSpacing.read(s), DpmSolverPP.FinalSigma.ZERO), s.clip(false));
        }
    };
}
