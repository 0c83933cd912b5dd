package sirocco.diffusion;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * DPM-Solver++, multistep (Lu et al. 2022, "DPM-Solver++", algorithm 2 and appendix; its stochastic form is SDE-DPM-Solver++): the
 * diffusion equation in λ = log(a/s), solved with x̂_0 as a polynomial through the last {@code order} of its values. The first steps,
 * and where so configured the last, have a lower order.
 *
 * @param order 1, 2 or 3; 1 is {@link Ddim} with η = 0
 * @param stochastic whether to solve the stochastic equation, with noise at every step; orders 1 and 2, all that the paper derives
 * @param type how order 2 takes its slope
 * @param spacing which timesteps are visited; one more is spaced out, as the chain's end
 * @param stepsOffset see {@link TimestepSpacing#LEADING}
 * @param lowerOrderFinal whether chains under 15 steps end with orders 2 and 1: steadier
 * @param eulerAtFinal whether the last step has order 1 in any case
 * @param finalSigma where the chain ends; at {@link FinalSigma#ZERO} the last step has order 1 in any case
 * @param lambdaMinClipped timesteps of a smaller λ are not visited; −∞ for all (the cosine schedule begins below −5)
 * @param clip bound of |x̂_0|; +∞ for none. diffusers' class has no such bound
 */
public record DpmSolverPP(int order, boolean stochastic, Type type, TimestepSpacing spacing, int stepsOffset, boolean lowerOrderFinal,
        boolean eulerAtFinal, FinalSigma finalSigma, double lambdaMinClipped, double clip) implements FixedStepSolver {
    /** From this many steps on, {@code lowerOrderFinal} changes nothing. */
    private static final int MANY_STEPS = 15;

    /** What stands for ᾱ = 0, whose λ is −∞: diffusers' value, below float16's smallest number. */
    private static final double LEAST_ALPHA_BAR = 0x1p-24;

    /** How order 2 takes its slope. */
    public enum Type {
        MIDPOINT, HEUN;

        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }

        public static Type parse(String text) {
            return switch (text.toLowerCase(Locale.ROOT)) {
                case "midpoint" -> MIDPOINT;
                case "heun" -> HEUN;
                default -> throw new IllegalArgumentException("unknown solver type \"" + text + "\"; known are midpoint, heun");
            };
        }
    }

    /** Where the chain ends. */
    public enum FinalSigma {
        /** At the clean image. */
        ZERO,
        /** At timestep 0, with its little noise. */
        SIGMA_MIN;

        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }

        public static FinalSigma parse(String text) {
            return switch (text.toLowerCase(Locale.ROOT)) {
                case "zero" -> ZERO;
                case "sigma_min" -> SIGMA_MIN;
                default -> throw new IllegalArgumentException("unknown final sigma \"" + text + "\"; known are zero, sigma_min");
            };
        }
    }

    public DpmSolverPP {
        if (order < 1 || order > 3) {
            throw new IllegalArgumentException("DPM-Solver++ order: expected 1, 2 or 3, got " + order);
        }
        if (stochastic && order > 2) {
            throw new IllegalArgumentException("SDE-DPM-Solver++: expected order 1 or 2, got " + order + "; order 3 has no stochastic form");
        }
        if (Double.isNaN(lambdaMinClipped)) {
            throw new IllegalArgumentException("lambda_min_clipped is not a number");
        }
        SolverProgram.checkClip(clip);
        SolverProgram.checkOffset(stepsOffset);
    }

    /** The method as diffusers configures it by default, of the given order. */
    public static DpmSolverPP ofOrder(int order) {
        return new DpmSolverPP(order, false, Type.MIDPOINT, TimestepSpacing.LINSPACE, 0, true, false, FinalSigma.ZERO,
                Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);
    }

    @Override
    public String name() {
        return "dpm++" + order + (order > 1 ? "m" : "") + (stochastic ? "-sde" : "");
    }

    @Override
    public SolverProgram program(ForwardProcess process, int steps) {
        DiscreteProcess discrete = process.discrete(name());
        NoiseSchedule schedule = discrete.schedule();
        int[] timesteps = spacing.solverTimesteps(schedule.T(), end(schedule), steps, stepsOffset);
        int n = timesteps.length;
        var rows = new SolverProgram.Multistep(discrete.output(), clip);
        Point[] points = new Point[n + 1];
        for (int i = 0; i < n; i++) {
            points[i] = Point.of(alphaBar(schedule, timesteps[i]));
        }
        points[n] = finalSigma == FinalSigma.ZERO ? Point.of(1) : Point.of(alphaBar(schedule, 0));
        for (int i = 0; i < n; i++) {
            Point from = points[i];
            double[] c = switch (Math.min(orderAt(i, n), i + 1)) {
                case 1 -> first(from, points[i + 1]);
                case 2 -> second(points[i - 1], from, points[i + 1]);
                default -> third(points[i - 2], points[i - 1], from, points[i + 1]);
            };
            double h = points[i + 1].lambda - from.lambda;
            double decay = stochastic ? Math.exp(-h) : 1;
            double sigma = stochastic ? points[i + 1].s * Math.sqrt(-Math.expm1(-2 * h)) : 0;
            rows.row(new Level(timesteps[i], 1, from.a, from.s), points[i + 1].s / from.s * decay, c[0], 0, c[1], c[2], sigma);
        }
        return rows.build();
    }

    /** One past the last timestep whose λ is not below the bound. */
    private int end(NoiseSchedule schedule) {
        int end = schedule.T();
        while (end > 0 && Point.of(alphaBar(schedule, end - 1)).lambda < lambdaMinClipped) {
            end--;
        }
        if (end == 0) {
            throw new IllegalArgumentException("lambda_min_clipped " + lambdaMinClipped + " leaves out every timestep");
        }
        return end;
    }

    private static double alphaBar(NoiseSchedule schedule, int t) {
        return schedule.alphaBar(t) == 0 ? LEAST_ALPHA_BAR : schedule.alphaBar(t);
    }

    /** The order wanted of step i of n; the history at hand may allow less. */
    private int orderAt(int i, int n) {
        boolean lower = lowerOrderFinal && n < MANY_STEPS;
        if (i == n - 1 && (eulerAtFinal || lower || finalSigma == FinalSigma.ZERO)) {
            return 1;
        }
        return i == n - 2 && lower ? Math.min(order, 2) : order;
    }

    /** A noise level: a = √ᾱ, s = √(1−ᾱ), λ = log(a/s). */
    private record Point(double a, double s, double lambda) {
        static Point of(double alphaBar) {
            return new Point(Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar), 0.5 * Math.log(alphaBar / (1 - alphaBar)));
        }
    }

    /** The weight of a constant x̂_0 over the step: a·(1 − e^−κ), κ = h, or 2h in the stochastic form. */
    private double constant(Point to, double kappa) {
        return -to.a * Math.expm1(-kappa);
    }

    private double kappa(Point from, Point to) {
        return (stochastic ? 2 : 1) * (to.lambda - from.lambda);
    }

    /** The weight of x̂_0's slope: a·(1 − (1 − e^−κ)/κ), the integral of a straight line. */
    private static double slope(Point to, double kappa) {
        return to.a * (Math.expm1(-kappa) / kappa + 1);
    }

    private double[] first(Point from, Point to) {
        return new double[] {constant(to, kappa(from, to)), 0, 0};
    }

    private double[] second(Point before, Point from, Point to) {
        double kappa = kappa(from, to);
        double constant = constant(to, kappa);
        double slope = type == Type.MIDPOINT ? 0.5 * constant : slope(to, kappa);
        double r0 = (from.lambda - before.lambda) / (to.lambda - from.lambda);
        return new double[] {constant + slope / r0, -slope / r0, 0};
    }

    /** With D10 = (m0 − m1)/r0 and D11 = (m1 − m2)/r1: slope D1 = D10 + r0/(r0+r1)·(D10 − D11), curvature D2 = (D10 − D11)/(r0+r1). */
    private double[] third(Point before2, Point before1, Point from, Point to) {
        double h = to.lambda - from.lambda;
        double r0 = (from.lambda - before1.lambda) / h;
        double r1 = (before1.lambda - before2.lambda) / h;
        double slope = slope(to, h);
        double curvature = to.a * (0.5 - (Math.expm1(-h) + h) / (h * h));
        double share = r0 / (r0 + r1);
        double d10 = slope * (1 + share) + curvature / (r0 + r1);
        double d11 = -slope * share - curvature / (r0 + r1);
        return new double[] {constant(to, h) + d10 / r0, -d10 / r0 + d11 / r1, -d11 / r1};
    }

    // ---- names and settings ----------------------------------------------------------------------------------------------------

    @Override
    public int usualSteps(int T) {
        return Math.min(20, T);
    }

    @Override
    public Kind kind() {
        return KIND;
    }

    /** diffusers' class has no clipping. */
    @Override
    public void writeTo(ObjectNode config) {
        config.put("algorithm_type", stochastic ? "sde-dpmsolver++" : "dpmsolver++");
        config.put("solver_order", order);
        config.put("solver_type", type.text());
        config.put("lower_order_final", lowerOrderFinal);
        config.put("euler_at_final", eulerAtFinal);
        config.put("final_sigmas_type", finalSigma.text());
        SchedulerSettings.putSpacing(config, spacing, stepsOffset);
        if (lambdaMinClipped > Double.NEGATIVE_INFINITY) {
            config.put("lambda_min_clipped", lambdaMinClipped);
        }
    }

    static final Kind KIND = new Kind() {
        @Override
        public Optional<String> className() {
            return Optional.of("DPMSolverMultistepScheduler");
        }

        @Override
        public String names() {
            return "dpm++1, dpm++2m, dpm++3m, dpm++2m-sde";
        }

        @Override
        public boolean has(String name) {
            return List.of(names().split(", ")).contains(name);
        }

        @Override
        public Solver read(String name, SolverText s) {
            return new DpmSolverPP(name.charAt(5) - '0', name.endsWith("-sde"), s.take("type", Type.MIDPOINT, Type::parse), s.spacing(TimestepSpacing.LINSPACE),
                    s.offset(), true, false, s.take("final", FinalSigma.ZERO, FinalSigma::parse), Double.NEGATIVE_INFINITY, s.clip(1));
        }

        @Override
        public Solver read(SchedulerSettings s) {
            String algorithm = s.text("algorithm_type", "dpmsolver++");
            if (!algorithm.equals("dpmsolver++") && !algorithm.equals("sde-dpmsolver++")) {
                throw new IllegalArgumentException("algorithm_type: " + algorithm + " is not supported; known are dpmsolver++, sde-dpmsolver++");
            }
            s.requireOff("use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas", "use_lu_lambdas", "use_flow_sigmas", "use_dynamic_shifting");
            return new DpmSolverPP(s.integer("solver_order", 2), algorithm.startsWith("sde"), Type.parse(s.text("solver_type", "midpoint")),
                    s.spacing("linspace"), s.integer("steps_offset", 0), s.flag("lower_order_final", true), s.flag("euler_at_final", false),
                    FinalSigma.parse(s.text("final_sigmas_type", "zero")), s.number("lambda_min_clipped", Double.NEGATIVE_INFINITY),
                    Double.POSITIVE_INFINITY);
        }
    };
}
