package sirocco.diffusion;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import sirocco.api.Axis;
import sirocco.api.BinaryFunction;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.UnaryFunction;
import sirocco.api.Value;

/**
 * The terms of the variational bound on −log p(x_0) (Ho et al. 2020, eq. 5): L_{t} = KL(q(x_{t−1} | x_t, x_0) ‖ p(x_{t−1} | x_t)) for t &gt; 0, and at t = 0 the
 * negative logarithm of the discretised Gaussian decoder (eq. 13), for images of 8 bits in [−1, 1]. With d = log σ² − log β̃,
 * <pre>
 *   KL = ½·(d − 1 + e^{−d} + δ²·e^{−d}/β̃),   δ = μ̃ − μ = k·(target − output),
 * </pre>
 * k being the factor of x_0 in μ̃ times that of the output in x̂_0. Differences of means and logarithms are never formed from the numbers themselves, which in
 * float32 would lose the small terms that T multiplies.
 *
 * @param process with its variance head, if the network has one
 * @param fixed σ² of a network without variance head
 */
record VariationalBound(DiscreteProcess process, Ddpm.Variance fixed) {
    private static final Set<Axis> EACH_IMAGE = EnumSet.of(Axis.H, Axis.W, Axis.C);
    private static final double BITS = 1 / Math.log(2);

    // Columns of the table, a row for each timestep.
    private static final int LOW = 0;
    private static final int RANGE = 1;
    private static final int MEAN = 2;
    private static final int SQUARES = 3;
    private static final int DECODER = 4;
    private static final int COLUMNS = 5;

    /** Half the width of a level of 8 bits in [−1, 1]. */
    private static final double HALF_LEVEL = 1 / 255.0;
    /** Pixels beyond this are the first or the last level, whose interval has no end. */
    private static final double EDGE = 0.999;
    /** The decoder's probabilities are not less than 1e−12. */
    private static final double LEAST_LOG = Math.log(1e-12);
    /** Bound of log(1/σ), beyond which a level is certain in any case; without it float32 overflows. */
    private static final double MOST_LOG_PRECISION = Math.log(1e6);
    // Φ(x) = ½·(1 + tanh(√(2/π)·(x + 0.044715·x³))) = sigmoid of twice the argument.
    private static final double SLOPE = 2 * Math.sqrt(2 / Math.PI);
    private static final double CUBIC = 0.044715;

    /**
     * Returns the table of the coefficients, [T, {@value #COLUMNS}]: log β̃, log β − log β̃ (or that of the fixed variance), k, k²/β̃, and 1 at t = 0.
     */
    private float[] table() {
        int T = process.schedule().T();
        float[] rows = new float[T * COLUMNS];
        for (int t = 0; t < T; t++) {
            double[] row = row(t);
            for (int c = 0; c < COLUMNS; c++) {
                rows[t * COLUMNS + c] = (float) row[c];
            }
        }
        return rows;
    }

    private double[] row(int t) {
        NoiseSchedule schedule = process.schedule();
        Level level = process.level(t);
        double low = schedule.posteriorLogVariance(t);
        boolean atPosterior = process.varianceHead().isEmpty() && (fixed == Ddpm.Variance.FIXED_SMALL || t == 0);
        double k = schedule.posterior(t, t - 1).x0() * process.output().x0FromOut(level.a(), level.s());
        return new double[] {low, atPosterior ? 0 : Math.log(schedule.beta(t)) - low, k, k * k * Math.exp(-low), t == 0 ? 1 : 0};
    }

    /**
     * Records the bound of a batch, T times the mean of its images' terms, in bits per dimension. The last term of the bound, KL(q(x_T | x_0) ‖ p(x_T)), has no
     * weights and is omitted.
     *
     * @param prediction F32 [n,h,w,c]
     * @param v F32 [n,h,w,c], the output of the variance head, if the network has one
     * @return F32 [1,1,1,1]
     */
    Value record(GraphBuilder g, HostInputs inputs, DiscreteProcess.Drawn drawn, Value prediction, Optional<Value> v) {
        int T = process.schedule().T();
        Value table = inputs.table(g, "variational_bound", new Shape(T, 1, 1, COLUMNS), table());
        return g.in("vlb", () -> {
            Value terms = terms(g, table, drawn.t(), drawn.x0(), g.subtract(drawn.noised().target(), prediction), v);
            return g.scale(g.mean(terms, EnumSet.of(Axis.N)), T);
        });
    }

    /**
     * Records L_t of each image in bits per dimension.
     *
     * @param row I32 [n,1,1,1], t of each image
     * @param error F32 [n,h,w,c], target − prediction
     * @return F32 [n,1,1,1]
     */
    private Value terms(GraphBuilder g, Value table, Value row, Value x0, Value error, Optional<Value> v) {
        List<Value> c = List.of(g.lookup(table, row, LOW), g.lookup(table, row, RANGE), g.lookup(table, row, MEAN), g.lookup(table, row, SQUARES),
                g.lookup(table, row, DECODER));
        Value low = c.get(LOW);
        Value above = v.map(value -> g.in("variance", () -> process.varianceHead().orElseThrow().above(g, value, low, c.get(RANGE)))).orElse(c.get(RANGE));
        Value kl = g.in("kl", () -> divergence(g, above, error, c.get(SQUARES)));
        Value decoder = g.in("decoder", () -> negativeLogLikelihood(g, x0, g.multiply(error, c.get(MEAN)), g.add(low, above)));
        Value chosen = g.add(g.multiply(kl, g.affine(c.get(DECODER), -1, 1)), g.multiply(decoder, c.get(DECODER)));
        return g.scale(g.mean(chosen, EACH_IMAGE), BITS);
    }

    /** ½·(d − 1 + e^{−d} + squares·error²·e^{−d}) in nats; 1 − e^{−d} = tanh(d/2)·(1 + e^{−d}) has no cancellation at small d. */
    private static Value divergence(GraphBuilder g, Value d, Value error, Value squares) {
        Value inverse = g.unary(g.scale(d, -1), UnaryFunction.EXP);
        Value lost = g.multiply(g.unary(g.scale(d, 0.5), UnaryFunction.TANH), g.affine(inverse, 1, 1));
        Value means = g.multiply(g.multiply(g.unary(error, UnaryFunction.SQUARE), squares), inverse);
        return g.scale(g.add(g.subtract(d, lost), means), 0.5);
    }

    /**
     * −log P(x_0) in nats for a Gaussian of mean x_0 − δ whose distribution function Φ is approximated by a sigmoid s: with a = s⁻¹Φ of the upper end of x_0's level
     * and b of its lower end, log(s(a) − s(b)) = log s(a) + log s(−b) + log(1 − e^{b−a}), each of which float32 has without cancellation.
     *
     * @param logVariance log σ²
     */
    static Value negativeLogLikelihood(GraphBuilder g, Value x0, Value delta, Value logVariance) {
        Value precision = g.unary(g.binary(g.scale(logVariance, -0.5), g.constant(MOST_LOG_PRECISION, Shape.SCALAR), BinaryFunction.MINIMUM), UnaryFunction.EXP);
        Value middle = g.multiply(delta, precision);
        Value half = g.scale(precision, HALF_LEVEL);
        Value below = g.unary(g.scale(logit(g, g.add(middle, half)), -1), UnaryFunction.SOFTPLUS); // −log s(a)
        Value beyond = g.unary(logit(g, g.subtract(middle, half)), UnaryFunction.SOFTPLUS); // −log s(−b)
        // a − b = SLOPE·2·half·(1 + CUBIC·(3·middle² + half²))
        Value width = g.multiply(g.scale(half, 2 * SLOPE), g.affine(g.add(g.scale(g.unary(middle, UnaryFunction.SQUARE), 3), g.unary(half, UnaryFunction.SQUARE)),
                CUBIC, 1));
        Value tanh = g.unary(g.scale(width, 0.5), UnaryFunction.TANH);
        Value inside = g.unary(g.divide(g.scale(tanh, 2), g.affine(tanh, 1, 1)), UnaryFunction.LOG); // log(1 − e^{b−a})

        Value first = g.step(g.affine(x0, -1, -EDGE));
        Value last = g.step(g.affine(x0, 1, -EDGE));
        Value notLast = g.affine(last, -1, 1);
        Value notFirst = g.affine(first, -1, 1);
        Value ends = g.add(g.multiply(below, notLast), g.multiply(beyond, notFirst));
        Value negative = g.subtract(ends, g.multiply(inside, g.multiply(notFirst, notLast)));
        return g.binary(negative, g.constant(-LEAST_LOG, Shape.SCALAR), BinaryFunction.MINIMUM);
    }

    /** The argument of the sigmoid that approximates Φ(x). */
    private static Value logit(GraphBuilder g, Value x) {
        return g.multiply(g.scale(x, SLOPE), g.affine(g.unary(x, UnaryFunction.SQUARE), CUBIC, 1));
    }
}
