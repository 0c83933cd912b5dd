package sirocco.diffusion;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * The probability-flow ODE dx/dσ = (x − x̂_0)/σ (Song et al. 2021, eq. 13; Karras et al. 2022, eq. 1 with s = 1) by {@link DormandPrince}, from the largest σ of the
 * process to the smallest, with steps chosen for each image. Where sampling ends at σ = 0, Euler's step from the smallest σ follows, whose slope is known by then.
 *
 * @param rtol relative tolerance of a step's error, above 0
 * @param atol absolute tolerance of a step's error in units of x, above 0
 * @param end where sampling ends
 * @param limit most evaluations of the network for an image
 */
public record Rk45(double rtol, double atol, DpmSolverPP.FinalSigma end, int limit) implements Solver {
    private static final String NAME = "rk45";
    private static final double TOLERANCE = 1e-5;
    private static final int LIMIT = 5000;

    public Rk45 {
        check("rtol", rtol);
        check("atol", atol);
        if (limit < DormandPrince.FEWEST) {
            throw new IllegalArgumentException(NAME + ": limit: expected at least " + DormandPrince.FEWEST + " evaluations, which the first step takes, got " + limit);
        }
    }

    private static void check(String what, double tolerance) {
        if (!(tolerance > 0 && tolerance < Double.POSITIVE_INFINITY && (float) tolerance > 0)) {
            throw new IllegalArgumentException(NAME + ": " + what + ": expected a number of float32 above 0, got " + tolerance);
        }
    }

    @Override
    public SamplingMethod method(ForwardProcess process, OptionalInt steps) {
        if (steps.isPresent()) {
            throw new IllegalArgumentException("steps: " + NAME + " chooses its steps itself (expected none, got " + steps.getAsInt() + "). Set rtol and atol instead.");
        }
        SigmaRange range = process.sigmaRange();
        return new DormandPrince(range.max(), range.min(), range.at(), range.start(), rtol, atol,
                end == DpmSolverPP.FinalSigma.ZERO ? OptionalDouble.of(0) : OptionalDouble.empty(), limit);
    }

    // ---- names and settings ----------------------------------------------------------------------------------------------------

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Kind kind() {
        return KIND;
    }

    @Override
    public void writeTo(ObjectNode config) {
        throw new IllegalArgumentException("sampler " + NAME + ": diffusers has no class for it, so there are no settings to write. Name it when sampling instead.");
    }

    static final Kind KIND = new Kind() {
        @Override
        public Optional<String> className() {
            return Optional.empty();
        }

        @Override
        public String names() {
            return NAME;
        }

        @Override
        public boolean has(String name) {
            return NAME.equals(name);
        }

        @Override
        public Solver read(String name, SolverText s) {
            return new Rk45(s.take("rtol", TOLERANCE, Double::valueOf), s.take("atol", TOLERANCE, Double::valueOf),
                    s.take("final", DpmSolverPP.FinalSigma.ZERO, DpmSolverPP.FinalSigma::parse), s.take("limit", LIMIT, Integer::valueOf));
        }

        @Override
        public Solver read(SchedulerSettings s) {
            throw new IllegalStateException("no scheduler class of diffusers is " + NAME);
        }
    };
}
