package sirocco.diffusion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import sirocco.testkit.GoldenTests;

/** Schedules, variances and ancestral sampling in double precision against the authors' code (Nichol &amp; Dhariwal 2021). */
class GaussianDiffusionGoldenTest {
    /** Relative; both sides compute in double precision, and ᾱ is a product of up to 1000 factors. */
    private static final double CLOSE = 1e-9;

    @TestFactory
    Stream<DynamicTest> computesWhatTheAuthorsCodeComputes() throws IOException {
        List<DynamicTest> tests = GaussianCases.tests(kind -> Optional.ofNullable(switch (kind) {
            case "process" -> GaussianDiffusionGoldenTest::process;
            case "p_mean_variance" -> GaussianDiffusionGoldenTest::meanAndVariance;
            case "p_sample_loop", "ddim_sample_loop" -> GaussianDiffusionGoldenTest::sample;
            default -> null;
        }), true);
        assertFalse(tests.isEmpty() && !GoldenTests.othersData(), () -> "no data of guided-diffusion in " + GoldenTests.root());
        return tests.stream();
    }

    private static void close(double[] theirs, int i, double ours, String what) {
        assertEquals(theirs[i], ours, CLOSE * Math.max(Math.abs(theirs[i]), 1e-3), () -> what + " " + i);
    }

    private static void process(GaussianCases.Case c) {
        double[] betas = c.doubles("betas");
        NoiseSchedule schedule = NoiseSchedule.ofBetas(betas);
        int total = c.json().get("num_train_timesteps").intValue();
        if (c.json().get("respacing").isNull()) {
            double scale = 1000.0 / total;
            NoiseSchedule ours = c.json().get("schedule").asText().equals("linear") ? NoiseSchedule.of(BetaSchedule.LINEAR, 1e-4 * scale, 0.02 * scale, total)
                    : NoiseSchedule.of(BetaSchedule.COSINE, total);
            for (int t = 0; t < total; t++) {
                close(betas, t, ours.beta(t), "beta");
            }
        }
        for (int t = 0; t < schedule.T(); t++) {
            NoiseSchedule.Posterior posterior = schedule.posterior(t, t - 1);
            close(c.doubles("alphas_cumprod"), t, schedule.alphaBar(t), "ᾱ");
            close(c.doubles("posterior_variance"), t, posterior.variance(), "posterior variance");
            close(c.doubles("posterior_log_variance_clipped"), t, schedule.posteriorLogVariance(t), "log of the posterior variance");
            close(c.doubles("posterior_mean_coef1"), t, posterior.x0(), "factor of x_0");
            close(c.doubles("posterior_mean_coef2"), t, posterior.xt(), "factor of x_t");
        }
        double[] x0 = c.doubles("x_start");
        double[] xt = c.doubles("x_t");
        int[] ts = c.golden().ints(c.name() + ".t");
        for (int e = 0; e < x0.length; e++) {
            int t = ts[e / (x0.length / ts.length)];
            NoiseSchedule.Posterior posterior = schedule.posterior(t, t - 1);
            close(c.doubles("q_mean"), e, schedule.signal(t) * x0[e], "mean of x_t");
            close(c.doubles("q_variance"), e, Math.pow(schedule.noise(t), 2), "variance of x_t");
            close(c.doubles("q_log_variance"), e, 2 * Math.log(schedule.noise(t)), "log of the variance of x_t");
            close(c.doubles("q_posterior_mean"), e, posterior.x0() * x0[e] + posterior.xt() * xt[e], "posterior mean");
            close(c.doubles("q_posterior_variance"), e, posterior.variance(), "posterior variance");
            close(c.doubles("q_posterior_log_variance"), e, schedule.posteriorLogVariance(t), "log of the posterior variance");
        }
    }

    /** The row of the solver's program gives x̂_0 and the mean; variances are those of the bound, which has one at t = 0. */
    private static void meanAndVariance(GaussianCases.Case c) {
        DiscreteProcess process = c.discrete();
        NoiseSchedule schedule = process.schedule();
        int steps = schedule.T();
        SolverProgram program = new Ddpm(c.variance(), c.clip(), TimestepSpacing.LEADING, 0).program(process, steps);
        double[] xs = c.golden().doubles(c.process() + ".x_t");
        int[] ts = c.golden().ints(c.process() + ".t");
        int[] model = c.golden().ints(c.process() + ".timestep_map");
        for (int e = 0; e < xs.length; e++) {
            int t = ts[e / (xs.length / ts.length)];
            double x = xs[e];
            double v = c.variance(x, model[t]);
            SolverProgram.Row row = program.rows().get(steps - 1 - t);
            double clean = Math.clamp(row.kx() * x + row.ko() * c.prediction(x, model[t]), -row.clip(), row.clip());
            close(c.doubles("pred_xstart"), e, clean, "x_0");
            double[] next = row.next()[0];
            close(c.doubles("mean"), e, next[0] * x + next[1 + SolverProgram.CLEAN] * clean + next[1 + SolverProgram.OUT] * c.prediction(x, model[t]), "mean");

            double low = schedule.posteriorLogVariance(t);
            double range = Math.log(schedule.beta(t)) - low;
            double log = process.varianceHead().map(h -> low + h.above(v, low, range))
                    .orElse(c.variance() == Ddpm.Variance.FIXED_SMALL || t == 0 ? low : low + range);
            close(c.doubles("log_variance"), e, log, "log of the variance");
            if (t > 0) {
                double deviation = program.variance().map(p -> p.deviation(steps - 1 - t, v)).orElse(next[1 + SolverProgram.NOISE]);
                close(c.doubles("variance"), e, deviation * deviation, "variance");
            } else {
                assertEquals(0, next[1 + SolverProgram.NOISE], "no noise in the last step");
            }
        }
    }

    private static void sample(GaussianCases.Case c) {
        DiscreteProcess process = c.discrete();
        FixedStepSolver solver = c.json().get("kind").asText().startsWith("ddim")
                ? new Ddim(c.json().get("eta").doubleValue(), c.clip(), TimestepSpacing.LEADING, 0, true, true)
                : new Ddpm(c.variance(), c.clip(), TimestepSpacing.LEADING, 0);
        double[] start = c.doubles("start");
        double[] trajectory = c.doubles("trajectory");
        double[] noises = c.doubles("noises");
        int[] model = c.golden().ints(c.process() + ".timestep_map");
        ScalarSolver chain = new ScalarSolver(solver.program(process, process.schedule().T()), start);
        double largest = Arrays.stream(trajectory).map(Math::abs).max().orElseThrow();
        for (int i = 0; !chain.done(); i++) {
            int at = i * start.length;
            int t = model[(int) chain.timestep()];
            double[] out = new double[start.length];
            double[] v = new double[start.length];
            double[] x = chain.input();
            Arrays.setAll(out, e -> c.prediction(x[e], t));
            Arrays.setAll(v, e -> c.variance(x[e], t));
            chain.step(out, v, Arrays.copyOfRange(noises, at, at + start.length));
            for (int e = 0; e < start.length; e++) {
                assertEquals(trajectory[at + e], chain.x()[e], CLOSE * largest, "step " + i);
            }
        }
    }
}
