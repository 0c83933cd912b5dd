package sirocco.diffusion;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/**
 * Euler's method in σ (Karras et al. 2022, algorithm 2 without churn and correction): x' = x + (σ' − σ)·(x − x̂_0)/σ.
 *
 * @param sigmas noise levels that are visited
 * @param clip bound of |x̂_0|; +∞ for none. diffusers' class has no such bound
 */
public record Euler(Sigmas sigmas, double clip) implements FixedStepSolver {
    public Euler {
        SolverProgram.checkClip(clip);
    }

    @Override
    public SolverProgram program(ForwardProcess process, int steps) {
        SigmaGrid grid = process.sigmas(sigmas, steps);
        List<SolverProgram.Row> rows = new ArrayList<>();
        for (int i = 0; i < grid.steps(); i++) {
            double ratio = grid.sigma(i + 1) / grid.sigma(i);
            rows.add(grid.row(i, clip, new double[][] {{ratio, 1 - ratio, 0, 0}}));
        }
        return new SolverProgram(1, grid.start(), rows);
    }

    // ---- names and settings ----------------------------------------------------------------------------------------------------

    @Override
    public String name() {
        return "euler";
    }

    @Override
    public int usualSteps(int T) {
        return Math.min(50, T);
    }

    @Override
    public Kind kind() {
        return KIND;
    }

    @Override
    public void writeTo(ObjectNode config) {
        config.put("use_karras_sigmas", sigmas.levels() == SigmaSpacing.KARRAS);
        config.put("use_exponential_sigmas", sigmas.levels() == SigmaSpacing.EXPONENTIAL);
        config.put("final_sigmas_type", sigmas.end().text());
        SchedulerSettings.putSpacing(config, sigmas.spacing(), sigmas.stepsOffset());
    }

    static final Kind KIND = new SingleNameKind("EulerDiscreteScheduler", "euler") {
        @Override
        public Solver read(String name, SolverText s) {
            return new Euler(new Sigmas(s.spacing(TimestepSpacing.LINSPACE), s.offset(), s.take("sigmas", SigmaSpacing.SCHEDULE, SigmaSpacing::parse),
                    s.take("final", DpmSolverPP.FinalSigma.ZERO, DpmSolverPP.FinalSigma::parse)), s.clip(1));
        }

        @Override
        public Solver read(SchedulerSettings s) {
            s.requireText("interpolation_type", "linear");
            s.requireText("timestep_type", "discrete");
            s.requireAbsent("sigma_min", "sigma_max");
            return new Euler(new Sigmas(s.spacing("linspace"), s.integer("steps_offset", 0), SigmaSpacing.read(s),
                    DpmSolverPP.FinalSigma.parse(s.text("final_sigmas_type", "zero"))), Double.POSITIVE_INFINITY);
        }
    };
}
