package sirocco.diffusion;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/**
 * Ancestral sampling by Euler's method in σ: a step down to σ_down, then noise up to σ′, with σ_up² = σ′²·(σ² − σ′²)/σ² and σ_down² = σ′² − σ_up².
 *
 * @param spacing which timesteps are visited, fractional ones too
 * @param stepsOffset see {@link TimestepSpacing#LEADING}
 * @param clip bound of |x̂_0|; +∞ for none. diffusers' class has no such bound
 */
public record EulerAncestral(TimestepSpacing spacing, int stepsOffset, double clip) implements Solver {
    public EulerAncestral {
        SolverProgram.checkClip(clip);
        SolverProgram.checkOffset(stepsOffset);
    }

    @Override
    public SolverProgram program(NoiseSchedule schedule, Prediction prediction, int steps) {
        SigmaGrid grid = SigmaGrid.of(schedule, spacing, stepsOffset, SigmaSpacing.SCHEDULE, DpmSolverPP.FinalSigma.ZERO, steps);
        List<SolverProgram.Row> rows = new ArrayList<>();
        for (int i = 0; i < grid.steps(); i++) {
            double sigma = grid.sigmas()[i];
            double next = grid.sigmas()[i + 1];
            double up = next * Math.sqrt(sigma * sigma - next * next) / sigma;
            double ratio = next * next / (sigma * sigma); // σ_down / σ, as σ_down = σ'²/σ
            rows.add(SigmaGrid.row(grid.timesteps()[i], sigma, prediction, clip, new double[][] {{ratio, 1 - ratio, 0, up}}));
        }
        return new SolverProgram(1, grid.start(spacing), rows);
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
        SchedulerSettings.putSpacing(config, spacing, stepsOffset);
    }

    static final Kind KIND = new Kind() {
        @Override
        public String className() {
            return "EulerAncestralDiscreteScheduler";
        }

        @Override
        public String names() {
            return "euler-a";
        }

        @Override
        public boolean has(String name) {
            return name.equals("euler-a");
        }

        @Override
        public Solver read(String name, SolverText s) {
            return new EulerAncestral(s.spacing(TimestepSpacing.LINSPACE), s.offset(), s.clip(1));
        }

        @Override
        public Solver read(SchedulerSettings s) {
            return new EulerAncestral(s.spacing("linspace"), s.integer("steps_offset", 0), Double.POSITIVE_INFINITY);
        }
    };
}
