package sirocco.diffusion;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/**
 * Ancestral sampling by Euler's method in σ: a step down to σ_down, then noise up to σ′, with σ_up² = σ′²·(σ² − σ′²)/σ² and σ_down² = σ′² − σ_up².
 *
 * @param sigmas noise levels that are visited
 * @param clip bound of |x̂_0|; +∞ for none. diffusers' class has no such bound
 */
public record EulerAncestral(Sigmas sigmas, double clip) implements FixedStepSolver {
    public EulerAncestral {
        SolverProgram.checkClip(clip);
    }

    @Override
    public SolverProgram program(ForwardProcess process, int steps) {
        SigmaGrid grid = process.sigmas(sigmas, steps);
        List<SolverProgram.Row> rows = new ArrayList<>();
        for (int i = 0; i < grid.steps(); i++) {
            double sigma = grid.sigma(i);
            double next = grid.sigma(i + 1);
            double up = next * Math.sqrt(sigma * sigma - next * next) / sigma;
            double ratio = next * next / (sigma * sigma); // σ_down / σ, as σ_down = σ'²/σ
            rows.add(grid.row(i, clip, new double[][] {{ratio, 1 - ratio, 0, up}}));
        }
        return new SolverProgram(1, grid.start(), rows);
    }

    // ---- names and settings ----------------------------------------------------------------------------------------------------

    @Override
    public String name() {
        return "euler-a";
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
        SchedulerSettings.putSpacing(config, sigmas.spacing(), sigmas.stepsOffset());
    }

    static final Kind KIND = new SingleNameKind("EulerAncestralDiscreteScheduler", "euler-a") {
        @Override
        public Solver read(String name, SolverText s) {
            return new EulerAncestral(new Sigmas(s.spacing(TimestepSpacing.LINSPACE), s.offset(), SigmaSpacing.SCHEDULE, DpmSolverPP.FinalSigma.ZERO), s.clip(1));
        }

        @Override
        public Solver read(SchedulerSettings s) {
            return new EulerAncestral(new Sigmas(s.spacing("linspace"), s.integer("steps_offset", 0), SigmaSpacing.SCHEDULE, DpmSolverPP.FinalSigma.ZERO),
                    Double.POSITIVE_INFINITY);
        }
    };
}
