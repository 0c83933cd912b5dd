package sirocco.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The probability-flow ODE by {@link Rk45}, with denoisers that are exact. */
class Rk45Test {
    /** Standard deviation of normally distributed data. */
    private static final double DATA = 0.5;
    private static final double[] START = {0.3, -1.2, 0.8, 2};

    /** Two pairs of numbers, of which the second is broader. */
    private static final Mixture MIXTURE = new Mixture(new double[] {0.4, 0.6}, new double[] {-0.5, 0.3, 0.7, 0.1}, new double[] {0.05, 0.3});

    private static ForwardProcess process(String name) {
        return switch (name) {
            case "edm" -> new KarrasProcess(0.5, 0.01, 20, -1.2, 1.2, false);
            case "edm-v" -> new KarrasProcess(0.5, 0.01, 20, -1.2, 1.2, true);
            case "cosine" -> new DiscreteProcess(NoiseSchedule.of(BetaSchedule.COSINE, 1000), Prediction.V_PREDICTION);
            default -> new DiscreteProcess(NoiseSchedule.of(BetaSchedule.LINEAR, 1000), Prediction.parse(name));
        };
    }

    private static SolverDriver driver(String settings, ForwardProcess process) {
        return (SolverDriver) Solver.parse("rk45" + settings).method(process, OptionalInt.empty());
    }

    private static double[] start(SamplingMethod method) {
        double[] x = START.clone();
        for (int i = 0; i < x.length; i++) {
            x[i] *= method.start();
        }
        return x;
    }

    /** Returns the network of a process that is exact for a mixture: the output whose x̂_0 is E[x_0 | x]. */
    private static double[] exact(Mixture mixture, ForwardProcess process, double[] in, Level level) {
        double[] x = in.clone();
        for (int i = 0; i < x.length; i++) {
            x[i] /= level.inputScale();
        }
        double[] clean = mixture.clean(x, 1, level.s());
        double[] out = new double[in.length];
        Evaluation e = process.sigmaRange().at().apply(level.s());
        for (int i = 0; i < out.length; i++) {
            out[i] = (clean[i] - e.kx() * x[i]) / e.ko();
        }
        return out;
    }

    /** For data N(0, D²), x(σ) = x(σ_max)·√((D² + σ²)/(D² + σ_max²)). */
    @ParameterizedTest
    @ValueSource(strings = {"epsilon", "sample", "v_prediction", "cosine", "edm", "edm-v"})
    void followsTheKnownSolution(String name) {
        ForwardProcess process = process(name);
        Mixture normal = new Mixture(new double[] {1}, new double[2], new double[] {DATA});
        SigmaRange range = process.sigmaRange();
        double factor = range.start() * Math.sqrt((DATA * DATA + range.min() * range.min()) / (DATA * DATA + range.max() * range.max()));
        int evaluations = 0;
        for (double tol : new double[] {1e-4, 1e-6, 1e-8}) {
            SolverDriver driver = driver(":final=sigma_min,rtol=" + tol + ",atol=" + tol, process);
            ScalarDriver chain = new ScalarDriver(driver, 0, start(driver));
            double[] x = chain.finish((in, level) -> exact(normal, process, in, level));
            for (int i = 0; i < x.length; i++) {
                assertEquals(factor * START[i], x[i], 5 * tol, "tolerance " + tol);
            }
            // A hundredth of the error by a method of order 5: at most 100^(1/5) = 2.5 times as many steps.
            assertTrue(evaluations == 0 || chain.evaluations() < 2.6 * evaluations, "evaluations " + evaluations + " " + chain.evaluations());
            evaluations = chain.evaluations();
        }
    }

    /** With steps of one length, a doubled number of steps leaves 1/32 of the error. */
    @Test
    void isOfOrderFive() {
        double[] errors = {error(16), error(32), error(64)};
        for (int i = 0; i < 2; i++) {
            double order = Math.log(errors[i] / errors[i + 1]) / Math.log(2);
            assertTrue(order > 4.5 && order < 5.7, "order " + order);
        }
    }

    /** Integrates dx/ds = x·s/(D² + s²) from 4 to 1/2 in so many steps, and returns the error. */
    private static double error(int steps) {
        DormandPrince solver = new DormandPrince(4, 0.5, s -> new SigmaGrid.Point(new Level(s, 1, 1, 1), 1, -1), 1, 1, 1, OptionalDouble.empty(), 10_000);
        double length = 3.5 / steps;
        SolverDriver.Course course = solver.begin(0, 1e9);
        // An error of 0.9⁵ neither lengthens nor shortens a step; the first is (0.01/slope)^(1/5).
        SolverDriver fixed = new SolverDriver() {
            @Override
            public int registers() {
                return solver.registers();
            }

            @Override
            public double start() {
                return 1;
            }

            @Override
            public double rtol() {
                return 1;
            }

            @Override
            public double atol() {
                return 1;
            }

            @Override
            public Course begin(long image, double size) {
                return new Course() {
                    @Override
                    public boolean done() {
                        return course.done();
                    }

                    @Override
                    public Row next() {
                        return course.next();
                    }

                    @Override
                    public Optional<double[][]> evaluated(double error) {
                        return course.evaluated(switch (evaluations()) {
                            case 0 -> 0.01 / Math.pow(length, 5);
                            case 1 -> 0;
                            default -> Math.pow(0.9, 5);
                        });
                    }

                    @Override
                    public int evaluations() {
                        return course.evaluations();
                    }
                };
            }
        };
        ScalarDriver chain = new ScalarDriver(fixed, 0, new double[] {1});
        double x = chain.finish((in, level) -> new double[] {in[0] * level.time() / (DATA * DATA + level.time() * level.time())})[0];
        assertTrue(chain.evaluations() <= 2 + 6 * (steps + 1), "evaluations " + chain.evaluations());
        return Math.abs(x - Math.sqrt((DATA * DATA + 0.25) / (DATA * DATA + 16)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"epsilon:final=zero", "sample:final=zero", "cosine:final=sigma_min", "edm:final=zero", "edm-v:final=zero"})
    void agreesWithManySmallStepsOfHeun(String text) {
        String name = text.split(":")[0];
        ForwardProcess process = process(name);
        SolverDriver driver = driver(":rtol=1e-7,atol=1e-7," + text.split(":")[1], process);
        // Heun's last step, to 0, is Euler's too; without it, the last row is left out.
        SolverProgram heun = Programs.of("heun:clip=none,sigmas=karras", process, 1000);
        if (text.endsWith("sigma_min")) {
            heun = new SolverProgram(heun.registers(), heun.start(), heun.rows().subList(0, heun.steps() - 1));
        }
        ScalarSolver steps = new ScalarSolver(heun, start(driver));
        for (int row = 0; !steps.done(); row++) {
            steps.step(exact(MIXTURE, process, steps.input(), heun.rows().get(row).level()), new double[START.length]);
        }
        ScalarDriver chain = new ScalarDriver(driver, 0, start(driver));
        double[] x = chain.finish((in, level) -> exact(MIXTURE, process, in, level));
        assertArrayEquals(steps.x(), x, 1e-4);
        assertTrue(chain.evaluations() < 600, "evaluations " + chain.evaluations());
    }

    /** The network is evaluated between the smallest and the largest σ, at the fractional timestep that diffusers finds for σ. */
    @Test
    void evaluatesInsideTheRange() {
        NoiseSchedule schedule = NoiseSchedule.of(BetaSchedule.LINEAR, 1000);
        ForwardProcess process = new DiscreteProcess(schedule, Prediction.EPSILON);
        SigmaRange range = process.sigmaRange();
        SolverDriver driver = driver("", process);
        new ScalarDriver(driver, 0, start(driver)).finish((in, level) -> {
            assertTrue(level.s() >= range.min() && level.s() <= range.max(), "sigma " + level.s());
            int t = (int) Math.min(level.time(), 998);
            double low = Math.log(schedule.noise(t) / schedule.signal(t));
            double high = Math.log(schedule.noise(t + 1) / schedule.signal(t + 1));
            assertEquals(Math.log(level.s()), low + (level.time() - t) * (high - low), 1e-9);
            return exact(MIXTURE, process, in, level);
        });
    }

    @Test
    void oneTimestepIsOneEvaluation() {
        ForwardProcess process = new DiscreteProcess(NoiseSchedule.of(BetaSchedule.LINEAR, 1), Prediction.SAMPLE);
        SolverDriver driver = driver("", process);
        ScalarDriver chain = new ScalarDriver(driver, 0, start(driver));
        assertArrayEquals(new double[] {0.1, 0.2, 0.3, 0.4}, chain.finish((in, level) -> new double[] {0.1, 0.2, 0.3, 0.4}), 1e-12);
        assertEquals(1, chain.evaluations());
    }

    @Test
    void anImageThatCannotBeFinishedIsNamed() {
        ForwardProcess process = process("edm");
        SolverDriver limited = driver(":limit=30,rtol=1e-6,atol=1e-7", process);
        ScalarDriver chain = new ScalarDriver(limited, 17, start(limited));
        String message = assertThrows(IllegalStateException.class, () -> chain.finish((in, level) -> exact(MIXTURE, process, in, level))).getMessage();
        for (String part : new String[] {"rk45", "image 17", "sigma", "1.0E-6", "1.0E-7", "limit 30"}) {
            assertTrue(message.contains(part), message);
        }
        assertTrue(chain.evaluations() <= 30);
        SolverDriver driver = driver("", process);
        ScalarDriver broken = new ScalarDriver(driver, 3, start(driver));
        String finite = assertThrows(IllegalStateException.class, () -> broken.finish((in, level) -> new double[] {1, 2, Double.NaN, 4})).getMessage();
        assertTrue(finite.contains("image 3") && finite.contains("not finite"), finite);
        // A slope that jumps at every evaluation, further each time.
        SolverDriver jumping = driver(":limit=1000000", process);
        ScalarDriver noise = new ScalarDriver(jumping, 5, start(jumping));
        double[] sign = {1e6};
        String steps = assertThrows(IllegalStateException.class, () -> noise.finish((in, level) -> {
            sign[0] *= -1.5;
            return new double[] {sign[0], 0, 0, 0};
        })).getMessage();
        assertTrue(steps.contains("image 5") && steps.contains("too short"), steps);
    }

    @Test
    void itTakesNoNumberOfStepsAndNoFolderNamesIt() {
        String steps = assertThrows(IllegalArgumentException.class, () -> Solver.parse("rk45").method(process("edm"), OptionalInt.of(50))).getMessage();
        assertTrue(steps.contains("rk45") && steps.contains("50") && steps.contains("rtol"), steps);
        for (String name : new String[] {"epsilon", "edm"}) {
            String message = assertThrows(IllegalArgumentException.class, () -> new SchedulerConfig(process(name), Solver.parse("rk45")).toJson()).getMessage();
            assertTrue(message.contains("rk45") && message.contains("diffusers has no class"), message);
        }
    }
}
