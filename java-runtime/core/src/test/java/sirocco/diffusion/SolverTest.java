package sirocco.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SolverTest {
    private static final double INF = Double.POSITIVE_INFINITY;
    /** Of a dozen operations in double precision, on numbers of size 1. */
    private static final double ROUNDING = 1e-13;
    private static final NoiseSchedule LINEAR = NoiseSchedule.of(BetaSchedule.LINEAR, 1000);

    /** Standard deviation of the made-up data x_0 ~ N(0, DATA²), for which the best model is known. */
    private static final double DATA = 0.5;

    static List<FixedStepSolver> samplers() {
        return List.of(new Ddpm(Ddpm.Variance.FIXED_SMALL, INF, TimestepSpacing.LEADING, 0),
                new Ddpm(Ddpm.Variance.FIXED_LARGE, 1, TimestepSpacing.TRAILING, 0),
                new Ddim(0, INF, TimestepSpacing.LEADING, 0, true, false), new Ddim(0.6, 1, TimestepSpacing.LINSPACE, 0, false, true),
                DpmSolverPP.ofOrder(1), DpmSolverPP.ofOrder(2), DpmSolverPP.ofOrder(3), fixed("dpm++2m-sde:clip=none"),
                fixed("dpm++2m:type=heun,final=sigma_min"), fixed("euler:clip=none"), fixed("euler:sigmas=karras,final=sigma_min"),
                fixed("euler-a:spacing=trailing"), fixed("heun:clip=none"), fixed("heun:sigmas=exponential,spacing=leading"));
    }

    private static FixedStepSolver fixed(String text) {
        return (FixedStepSolver) Solver.parse(text);
    }

    @Test
    void ddimWithFullNoiseIsDdpmWithSmallVariance() {
        SolverProgram ddpm = new Ddpm(Ddpm.Variance.FIXED_SMALL, INF, TimestepSpacing.LEADING, 0).program(new DiscreteProcess(LINEAR, Prediction.SAMPLE), 1000);
        SolverProgram ddim = new Ddim(1, INF, TimestepSpacing.LEADING, 0, true, false).program(new DiscreteProcess(LINEAR, Prediction.SAMPLE), 1000);
        assertArrayEquals(ddpm.timesteps(), ddim.timesteps());
        for (int i = 0; i < 1000; i++) {
            // Predicting x_0, out is x̂_0: DDIM's factors of out and of x̂_0 add up to DDPM's factor of x̂_0. Columns: x, x̂_0, out, z.
            double[] p = ddpm.rows().get(i).next()[0];
            double[] q = ddim.rows().get(i).next()[0];
            double large = 1 + Math.abs(q[2]);
            assertEquals(p[0], q[0], ROUNDING * large);
            assertEquals(p[1], q[1] + q[2], ROUNDING * large);
            assertEquals(p[3], q[3], 1e-8); // a root of what nearly cancels
        }
    }

    @Test
    void theFirstOrderSolverIsDdim() {
        SolverProgram dpm = DpmSolverPP.ofOrder(1).program(new DiscreteProcess(LINEAR, Prediction.EPSILON), 10);
        // The same chain by DDIM's update rule in closed form: x' = a'·x̂_0 + s'·(x − a·x̂_0)/s.
        for (int i = 0; i < 10; i++) {
            int t = (int) dpm.timesteps()[i];
            int next = i == 9 ? -1 : (int) dpm.timesteps()[i + 1];
            double[] row = dpm.rows().get(i).next()[0];
            assertEquals(LINEAR.noise(next) / LINEAR.noise(t), row[0], ROUNDING);
            assertEquals(LINEAR.signal(next) - LINEAR.noise(next) * LINEAR.signal(t) / LINEAR.noise(t), row[1], ROUNDING);
        }
    }

    /** A consistent model answers each question about the same x_0, so the chain is the same, to rounding. */
    @ParameterizedTest
    @MethodSource("samplers")
    void whatIsPredictedDoesNotChangeTheChain(FixedStepSolver sampler) {
        double[] start = noise(new Random(3), 8);
        double[][] ends = new double[3][];
        for (Prediction p : Prediction.values()) {
            SolverProgram program = sampler.program(new DiscreteProcess(LINEAR, p), 25);
            var chain = new ScalarSolver(program, start);
            Random random = new Random(4);
            for (SolverProgram.Row row : program.rows()) {
                double a = signal(row);
                double s = Math.sqrt(1 - a * a);
                double[] in = chain.input();
                double[] out = new double[8];
                for (int i = 0; i < 8; i++) {
                    double x0 = Math.tanh(in[i]);
                    double epsilon = (in[i] - a * x0) / s;
                    out[i] = p.targetFromEpsilon(a, s) * epsilon + p.targetFromX0(a, s) * x0;
                }
                chain.step(out, noise(random, 8));
            }
            ends[p.ordinal()] = chain.x();
        }
        // At t = 999, 1/a = 157: a factor's rounding there is 157 times as large in x̂_0.
        assertArrayEquals(ends[0], ends[1], 25 * 157 * ROUNDING);
        assertArrayEquals(ends[0], ends[2], 25 * 157 * ROUNDING);
    }

    /**
     * For data N(0, DATA²) the best x̂_0 is a·DATA²/(a²·DATA² + s²)·x, every step is linear, and the variance of x can be followed exactly: it
     * must come to DATA² as the steps become small, so that four times as many leave about a quarter of a first-order method's error.
     */
    @ParameterizedTest
    @ValueSource(strings = {"ddpm:clip=none", "ddim:clip=none", "ddim:eta=1,clip=none", "dpm++1:clip=none", "euler:clip=none",
        "euler-a:clip=none"})
    void firstOrderMethodsConvergeToTheDatasVariance(String text) {
        double ratio = (finalDeviation(text, 125) - DATA) / (finalDeviation(text, 500) - DATA);
        assertTrue(ratio > 3.2 && ratio < 4.8, () -> "error shrinks by " + ratio);
    }

    @ParameterizedTest
    @ValueSource(strings = {"dpm++2m:clip=none", "dpm++3m:clip=none", "dpm++2m-sde:clip=none", "heun:clip=none"})
    void higherOrdersNeedFewerSteps(String text) {
        double first = Math.abs(finalDeviation("dpm++1:clip=none", 50) - DATA);
        double higher = Math.abs(finalDeviation(text, 50) - DATA);
        assertTrue(higher < first / 2, first + " " + higher);
        assertEquals(DATA, finalDeviation(text, 500), 0.001);
    }

    /** √ᾱ at a row: what solvers in σ scale x by, and of whole timesteps for the others. */
    private static double signal(SolverProgram.Row row) {
        return row.level().inputScale() == 1 ? LINEAR.signal((int) row.level().time()) : row.level().inputScale();
    }

    /** x and what is remembered are multiples of the starting noise and of each step's; the squares of the multiples add up to the variance. */
    private static double finalDeviation(String text, int steps) {
        SolverProgram program = Programs.of(text, new DiscreteProcess(LINEAR, Prediction.SAMPLE), steps);
        double variance = 0;
        for (int source = -1; source < program.steps(); source++) {
            var chain = new ScalarSolver(program, new double[] {source == -1 ? program.start() : 0});
            for (int i = 0; !chain.done(); i++) {
                double a = signal(program.rows().get(i));
                double best = a * DATA * DATA / (a * a * DATA * DATA + 1 - a * a);
                chain.step(new double[] {best * chain.input()[0]}, new double[] {i == source ? 1 : 0});
            }
            variance += chain.x()[0] * chain.x()[0];
            if (source == -1 && !program.stochastic()) {
                break;
            }
        }
        return Math.sqrt(variance);
    }

    @ParameterizedTest
    @MethodSource("samplers")
    void registersAreThoseThatAreNeeded(FixedStepSolver solver) {
        int expected = switch (solver) {
            case DpmSolverPP d when d.order() > 1 -> 3;
            case Heun _ -> 2;
            default -> 1;
        };
        assertEquals(expected, solver.program(new DiscreteProcess(LINEAR, Prediction.EPSILON), 20).registers());
    }

    @ParameterizedTest
    @MethodSource("samplers")
    void rowsAreFiniteAtAnyLength(FixedStepSolver sampler) {
        for (BetaSchedule kind : BetaSchedule.values()) {
            NoiseSchedule schedule = NoiseSchedule.of(kind, 100);
            for (Prediction p : Prediction.values()) {
                for (int steps : new int[] {1, 2, 3, 14, 15, 33}) {
                    SolverProgram program = sampler.program(new DiscreteProcess(schedule, p), steps);
                    assertEquals(sampler instanceof Heun ? 2 * steps - 1 : steps, program.steps());
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("samplers")
    void refusesAbsurdLengths(FixedStepSolver sampler) {
        for (int steps : new int[] {0, -5, 1001, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            var e = assertThrows(IllegalArgumentException.class, () -> sampler.program(new DiscreteProcess(LINEAR, Prediction.EPSILON), steps));
            assertTrue(e.getMessage().contains("1 to 1000") && e.getMessage().contains(String.valueOf(steps)), e.getMessage());
        }
    }

    @Test
    void refusesSettingsThatDoNotGoTogether() {
        // Timesteps that repeat, or lie outside the schedule.
        refused("twice", () -> DpmSolverPP.ofOrder(2).program(new DiscreteProcess(LINEAR, Prediction.EPSILON), 1000));
        refused("1000", () -> Programs.of("ddpm:offset=1", new DiscreteProcess(LINEAR, Prediction.EPSILON), 1000));
        // Pure noise says nothing of x_0.
        NoiseSchedule zero = LINEAR.withZeroTerminalSnr();
        refused("zero", () -> Programs.of("ddim:spacing=trailing", new DiscreteProcess(zero, Prediction.EPSILON), 10));
        Programs.of("ddim:spacing=trailing", new DiscreteProcess(zero, Prediction.V_PREDICTION), 10);
        // More noise than there is room for.
        refused("eta 3.0", () -> Programs.of("ddim:eta=3", new DiscreteProcess(LINEAR, Prediction.EPSILON), 10));
        refused("lambda_min", () -> new DpmSolverPP(2, false, DpmSolverPP.Type.MIDPOINT, TimestepSpacing.LINSPACE, 0, true, false,
                DpmSolverPP.FinalSigma.ZERO, 100, 1).program(new DiscreteProcess(LINEAR, Prediction.EPSILON), 10));
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, Double.NaN, Double.POSITIVE_INFINITY})
    void refusesAnAbsurdEta(double eta) {
        refused("eta", () -> new Ddim(eta, 1, TimestepSpacing.LEADING, 0, true, false));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -1, Double.NaN})
    void refusesAnAbsurdClip(double clip) {
        refused("clip", () -> new Ddim(0, clip, TimestepSpacing.LEADING, 0, true, false));
        refused("clip", () -> new Ddpm(Ddpm.Variance.FIXED_LARGE, clip, TimestepSpacing.LEADING, 0));
    }

    @Test
    void readsNamesAndSettings() {
        for (String name : List.of("ddpm", "ddpm-large", "ddim", "dpm++1", "dpm++2m", "dpm++3m", "dpm++2m-sde", "euler", "euler-a", "heun", "rk45")) {
            assertEquals(name, Solver.parse(name).name());
        }
        assertEquals(new Ddim(0.5, INF, TimestepSpacing.TRAILING, 0, true, false), Solver.parse("DDIM: eta=0.5, spacing=trailing, clip=none"));
        assertEquals(new Ddpm(Ddpm.Variance.FIXED_SMALL, 1.5, TimestepSpacing.LEADING, 1), Solver.parse("ddpm:clip=1.5,offset=1"));
        assertEquals(new DpmSolverPP(2, false, DpmSolverPP.Type.HEUN, TimestepSpacing.LINSPACE, 0, true, false,
                DpmSolverPP.FinalSigma.SIGMA_MIN, Double.NEGATIVE_INFINITY, 1), Solver.parse("dpm++2m:type=heun,final=sigma_min"));
        assertEquals(new Rk45(1e-3, 1e-5, DpmSolverPP.FinalSigma.SIGMA_MIN, 100), Solver.parse("rk45:rtol=1e-3,final=sigma_min,limit=100"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "euler2", "heun:eta=1", "euler:sigmas=even", "dpm++4m", "dpm++3m-sde", "ddim:", "ddim:eta", "ddim:eta=", "ddim:eta=x", "ddim:eta=1,eta=1",
        "ddpm:eta=1", "ddim:type=heun", "ddim:spacing=even", "dpm++2m:type=rk4", "dpm++2m:final=one", "ddim:offset=1.5", "ddim:offset=-1", "rk45:rtol=0", "rk45:rtol=-1", "rk45:atol=0", "rk45:atol=NaN",
        "rk45:atol=Infinity", "rk45:rtol=1e-60", "rk45:rtol=tight", "rk45:clip=1", "rk45:tol=1", "rk45:limit=7", "rk45:limit=1e3"})
    void refusesWhatItCannotRead(String text) {
        assertThrows(IllegalArgumentException.class, () -> Solver.parse(text));
    }

    @ParameterizedTest
    @EnumSource
    void spacingsFallWithoutRepeating(TimestepSpacing spacing) {
        for (int T : new int[] {1, 2, 10, 999, 1000}) {
            for (int steps = 1; steps <= T; steps += 1 + T / 50) {
                int[] t = spacing.timesteps(T, steps, 0);
                assertEquals(steps, t.length);
                assertFalse(t[0] >= T || t[steps - 1] < 0);
                for (int i = 1; i < steps; i++) {
                    assertTrue(t[i] < t[i - 1]);
                }
            }
        }
    }

    private static double[] noise(Random random, int n) {
        double[] z = new double[n];
        for (int i = 0; i < n; i++) {
            z[i] = random.nextGaussian();
        }
        return z;
    }

    private static void refused(String mention, Runnable attempt) {
        var e = assertThrows(IllegalArgumentException.class, attempt::run);
        assertTrue(e.getMessage().contains(mention), e.getMessage());
    }
}
