package sirocco.diffusion;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import sirocco.api.Philox;

/**
 * The process of Karras et al. 2022 ("EDM"): x = x_0 + σ·ε with continuous σ. Training draws ln σ from a normal distribution, and weights the error of x̂_0 by
 * (σ² + σ_data²)/(σ·σ_data)², which is weight 1 on the network's output (table 1).
 *
 * @param sigmaData σ_data, the standard deviation of the data, above 0; 0.5 in the paper
 * @param sigmaMin the smallest σ of sampling, above 0; 0.002 in the paper
 * @param sigmaMax the largest σ of sampling; 80 in the paper
 * @param logMean P_mean, the mean of ln σ in training; −1.2 in the paper
 * @param logDeviation P_std, the standard deviation of ln σ in training, 0 or more; 1.2 in the paper
 * @param negated whether the network's output is −F of the paper, diffusers' v-prediction
 */
public record KarrasProcess(double sigmaData, double sigmaMin, double sigmaMax, double logMean, double logDeviation, boolean negated)
        implements ForwardProcess {

    /** The values of the paper. */
    public static final KarrasProcess PAPER = new KarrasProcess(0.5, 0.002, 80, -1.2, 1.2, false);

    private static final String CLASS = "EDMEulerScheduler";

    public KarrasProcess {
        check(sigmaData > 0 && Double.isFinite(sigmaData), "sigma_data", sigmaData, "a number above 0");
        check(sigmaMin > 0, "sigma_min", sigmaMin, "a number above 0");
        check(sigmaMax > sigmaMin && Double.isFinite(sigmaMax), "sigma_max", sigmaMax, "a number above sigma_min " + sigmaMin);
        check(Double.isFinite(logMean), "the mean of ln sigma", logMean, "a number");
        check(logDeviation >= 0 && Double.isFinite(logDeviation), "the deviation of ln sigma", logDeviation, "0 or more");
    }

    private static void check(boolean good, String what, double value, String expected) {
        if (!good) {
            throw new IllegalArgumentException("EDM process: " + what + ": expected " + expected + ", got " + value);
        }
    }

    private KarrasPreconditioning preconditioning() {
        return new KarrasPreconditioning(sigmaData, negated);
    }

    @Override
    public Parameterization output() {
        return preconditioning();
    }

    /** Returns the noise level of σ. */
    public Level level(double sigma) {
        return preconditioning().level(sigma);
    }

    @Override
    public Noised noise(TrainingStep step, Weighting weighting) {
        return ContinuousNoising.record(step, output(), weighting, this::draw);
    }

    private Level draw(long seed, long step, int image) {
        float[] z = new float[1];
        Philox.normals(seed, image, (int) step, Philox.TIME, z, 0, 1);
        return level(Math.exp(logMean + logDeviation * z[0]));
    }

    /** {@inheritDoc} They are spaced by eq. 5 of the paper, or evenly in ln σ, from the largest to the smallest. */
    @Override
    public SigmaGrid sigmas(Sigmas request, int steps) {
        if (steps < 1 || steps > mostSteps()) {
            throw new IllegalArgumentException("steps: expected 1 to " + mostSteps() + ", got " + steps);
        }
        List<SigmaGrid.Point> points = new ArrayList<>();
        for (int i = 0; i < steps; i++) {
            double u = steps == 1 ? 0 : i / (steps - 1.0);
            SigmaSpacing spacing = request.levels() == SigmaSpacing.SCHEDULE ? SigmaSpacing.KARRAS : request.levels();
            points.add(point(spacing.between(sigmaMax, sigmaMin, u)));
        }
        return new SigmaGrid(points, request.end() == DpmSolverPP.FinalSigma.ZERO ? 0 : sigmaMin, sigmaRange().start());
    }

    private SigmaGrid.Point point(double sigma) {
        return new SigmaGrid.Point(level(sigma), output().x0FromX(1, sigma), output().x0FromOut(1, sigma));
    }

    /** {@inheritDoc} diffusers, too, starts at the deviation of data of unit variance with the largest noise, not at sigmaMax. */
    @Override
    public SigmaRange sigmaRange() {
        return new SigmaRange(sigmaMax, sigmaMin, Math.sqrt(sigmaMax * sigmaMax + 1), this::point);
    }

    @Override
    public int mostSteps() {
        return NoiseSchedule.MAX_T;
    }

    @Override
    public Solver usualSolver() {
        return Solver.parse("euler:sigmas=karras,clip=none");
    }

    @Override
    public Solver defaultSolver() {
        return Solver.parse("heun:sigmas=karras,clip=none");
    }

    @Override
    public Solver fastSolver() {
        return defaultSolver();
    }

    @Override
    public boolean sameNoise(ForwardProcess other) {
        return other instanceof KarrasProcess k && sigmaData == k.sigmaData;
    }

    @Override
    public String className(Solver solver) {
        return CLASS;
    }

    @Override
    public void write(ObjectNode config, Solver solver) {
        if (!(solver instanceof Euler euler)) {
            throw new IllegalArgumentException("EDM process: diffusers has no class that samples it with " + solver.name() + " (expected euler).");
        }
        config.put("sigma_schedule", euler.sigmas().levels() == SigmaSpacing.EXPONENTIAL ? "exponential" : "karras");
        config.put("final_sigmas_type", euler.sigmas().end().text());
        config.put("sigma_min", sigmaMin);
        config.put("sigma_max", sigmaMax);
        config.put("sigma_data", sigmaData);
        config.put("rho", SigmaSpacing.RHO);
        config.put("prediction_type", negated ? Prediction.V_PREDICTION.text() : Prediction.EPSILON.text());
    }

    /** diffusers' {@code EDMEulerScheduler}. How training draws σ is no part of it. */
    static final Kind KIND = new Kind() {
        @Override
        public Set<String> classNames() {
            return Set.of(CLASS);
        }

        @Override
        public ForwardProcess read(SchedulerSettings s, String className) {
            s.integer("num_train_timesteps", 1000);
            double rho = s.number("rho", SigmaSpacing.RHO);
            if (rho != SigmaSpacing.RHO) {
                throw new IllegalArgumentException("rho: " + rho + " is not supported; set it to " + SigmaSpacing.RHO);
            }
            return new KarrasProcess(s.number("sigma_data", PAPER.sigmaData), s.number("sigma_min", PAPER.sigmaMin), s.number("sigma_max", PAPER.sigmaMax),
                    PAPER.logMean, PAPER.logDeviation, negated("prediction_type", s.text("prediction_type", "epsilon")));
        }

        @Override
        public Solver solver(SchedulerSettings s, String className) {
            SigmaSpacing spacing = SigmaSpacing.parse(s.text("sigma_schedule", "karras"));
            return new Euler(new Sigmas(TimestepSpacing.LINSPACE, 0, spacing, DpmSolverPP.FinalSigma.parse(s.text("final_sigmas_type", "zero"))),
                    Double.POSITIVE_INFINITY);
        }
    };

    /**
     * Returns whether the output is −F.
     *
     * @param where the setting, for the message
     * @throws IllegalArgumentException if the network predicts neither F nor −F
     */
    public static boolean negated(String where, String prediction) {
        return switch (Prediction.parse(prediction)) {
            case EPSILON -> false;
            case V_PREDICTION -> true;
            case SAMPLE -> throw new IllegalArgumentException(where + ": " + prediction
                    + " is not possible with the EDM process (expected epsilon for the paper's F, or v_prediction for -F).");
        };
    }
}
