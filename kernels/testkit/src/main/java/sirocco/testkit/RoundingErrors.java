package sirocco.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntToDoubleFunction;
import sirocco.api.Attention;
import sirocco.api.Conditioning;
import sirocco.api.Convolution;
import sirocco.api.DType;
import sirocco.api.Diffusion;
import sirocco.api.Loss;
import sirocco.api.Movement;
import sirocco.api.Normalization;
import sirocco.api.Op;
import sirocco.api.Optimizer;
import sirocco.api.Pointwise;
import sirocco.api.Product;
import sirocco.api.Random;
import sirocco.api.Reduction;
import sirocco.api.Shape;
import sirocco.api.Step;
import sirocco.api.UnaryFunction;
import sirocco.api.Value;

/**
 * Derives tolerances for graphs of any ops (Monte Carlo arithmetic, Parker 1997): the reference runs the graph several times, and after each primitive adds
 * normally distributed errors as large as {@link Tolerance} allows that op by itself, given the length of its sums and the sizes of its operands. How far the
 * results move is how far float32 may move them: whatever the rest of the graph amplifies or cancels is in it.
 */
final class RoundingErrors {
    private static final double U = Tolerance.U;
    private static final int RUNS = 6;
    /** The rms of so few runs may be below the true one by this factor. */
    private static final double NORM = 3;
    /** For single elements, of which there are many. */
    private static final double ELEMENT = 8;
    /** Results are rounded to float32 at least, and a kernel may do so once more. */
    private static final double FLOOR = 2 * U;
    /** Of a formula for each element by itself. */
    private static final double FORMULA = Tolerance.elementwise(1).relative();

    private RoundingErrors() { }

    /** The case with the tolerances of all its F32 results derived; others are exact. */
    static OpCase withTolerances(OpCase c) {
        try (ReferenceDevice device = new ReferenceDevice(); ReferenceExecutable e = (ReferenceExecutable) device.load(device.plan(c.graph()))) {
            c.fill(e);
            e.run();
            List<double[]> exact = c.compared().stream().map(e::readExact).toList();
            List<double[]> squares = exact.stream().map(x -> new double[x.length]).toList();
            for (int run = 0; run < RUNS; run++) {
                SplittableRandom random = new SplittableRandom(run);
                c.fill(e);
                for (Step step : e.plan().graph().steps()) {
                    e.run(step);
                    perturb(e, step.op(), random);
                }
                for (int i = 0; i < exact.size(); i++) {
                    double[] moved = e.readExact(c.compared().get(i));
                    for (int j = 0; j < moved.length; j++) {
                        squares.get(i)[j] += Math.pow(moved[j] - exact.get(i)[j], 2) / RUNS;
                    }
                }
            }
            List<OpCase.Result> results = new ArrayList<>();
            for (int i = 0; i < exact.size(); i++) {
                Value v = c.compared().get(i);
                results.add(new OpCase.Result(List.of(v), v.dtype() == DType.F32 ? tolerance(exact.get(i), squares.get(i)) : Tolerance.EXACT));
            }
            return new OpCase(c.name(), c.graph(), c.data(), results, c.loss(), c.gradients());
        }
    }

    /** @param squares mean square errors of the elements */
    private static Tolerance tolerance(double[] exact, double[] squares) {
        double mean = 0;
        for (double s : squares) {
            mean += s / squares.length;
        }
        double size = Tolerance.rms(exact);
        double scale = Math.max(size, Math.sqrt(mean));
        if (scale == 0) {
            return Tolerance.rounded(0);
        }
        double relative = Math.max(FLOOR, NORM * Math.sqrt(mean) / scale);
        for (int i = 0; i < exact.length; i++) {
            relative = Math.max(relative, ELEMENT * Math.sqrt(squares[i]) / Tolerance.PEAK / (scale + Math.abs(exact[i])));
        }
        return new Tolerance(relative, scale);
    }

    // ---- the error of one primitive --------------------------------------------------------------------------------------------

    private static void perturb(ReferenceExecutable e, Op op, SplittableRandom random) {
        List<Value> changed = new ArrayList<>(op.outputs());
        changed.addAll(op.updates());
        for (Value v : changed) {
            if (v.dtype() == DType.F32) {
                Tensor t = e.of(v);
                IntToDoubleFunction deviation = deviation(e, op, t);
                for (int i = 0; i < t.size(); i++) {
                    t.add(i, deviation.applyAsDouble(i) * random.nextGaussian());
                }
            }
        }
    }

    /** The rms error of each element of what a primitive wrote to y. */
    private static IntToDoubleFunction deviation(ReferenceExecutable e, Op any, Tensor y) {
        IntToDoubleFunction size = i -> Math.abs(y.get(i));
        return switch (any) {
            case Convolution.Conv2d op -> all(convolution(op.w().shape().imageElements(), rms(e, op.x()) * rms(e, op.w())));
            case Convolution.Conv2dBackwardData op -> {
                Shape w = op.w().shape();
                yield all(convolution((long) w.n() * w.h() * w.w(), rms(e, op.dy()) * rms(e, op.w())));
            }
            case Convolution.Conv2dBackwardWeights op -> {
                Shape dy = op.dy().shape();
                double added = convolution((long) dy.n() * dy.h() * dy.w(), rms(e, op.x()) * rms(e, op.dy()));
                yield i -> added + U * size.applyAsDouble(i);
            }
            case Product.MatMul op -> all(sum(op.transposeA() ? op.a().shape().w() : op.a().shape().c(), rms(e, op.a()) * rms(e, op.b())));
            case Reduction.Reduce op -> switch (op.function()) {
                case SUM -> all(sum(op.terms(), rms(e, op.x())));
                case MEAN -> all(sum(op.terms(), rms(e, op.x())) / op.terms());
                case MAXIMUM -> all(0);
            };
            case Pointwise.Unary op -> {
                Tensor x = e.of(op.x());
                yield switch (op.function()) {
                    case RELU, ABS, STEP -> all(0);
                    case EXP, SIGMOID, SQUARE, SQRT, RSQRT, RECIPROCAL -> i -> FORMULA * size.applyAsDouble(i);
                    default -> i -> FORMULA * Math.max(size.applyAsDouble(i), Math.min(1, Math.abs(x.get(i))));
                };
            }
            case Pointwise.UnaryBackward op -> {
                Tensor dy = e.of(op.dy());
                yield op.function() == UnaryFunction.STEP ? all(0) : i -> FORMULA * Math.max(size.applyAsDouble(i), Math.abs(dy.get(i)));
            }
            case Pointwise.Affine op -> {
                // What float32 makes of it, rather than a bound: the mask of an open key is 1·1e30 − 1e30, which is exact.
                Tensor x = e.of(op.x());
                yield i -> U * size.applyAsDouble(i) + Math.abs((float) op.scale() * (float) x.get(i) + (float) op.shift() - y.get(i));
            }
            case Pointwise.Binary op -> switch (op.function()) {
                case ADD, SUBTRACT, MULTIPLY -> i -> (float) y.get(i) == y.get(i) ? 0 : U * size.applyAsDouble(i); // 1·1 is exact
                case DIVIDE -> i -> 2 * U * size.applyAsDouble(i);
                case MINIMUM, MAXIMUM -> all(0);
            };
            case Movement.Ramp _ -> i -> 2 * Math.abs((float) y.get(i) - y.get(i)); // whole numbers are exact
            case Movement.Accumulate _ -> i -> U * size.applyAsDouble(i);
            case Random.Draw op -> op.distribution() == Random.Distribution.NORMAL ? i -> FORMULA * Math.max(size.applyAsDouble(i), 1) : all(0);
            case Conditioning.EmbeddingBackward op -> all(sum(op.ids().shape().elements(), rms(e, op.dy())));
            case Loss.CrossEntropy op -> all(FORMULA * Math.max(1, largest(e, op.logits())));
            case Loss.CrossEntropyBackward op -> {
                double share = Tolerance.attention(largest(e, op.logits()), 1).relative();
                yield i -> share * Math.max(size.applyAsDouble(i), 1.0 / op.labels().shape().elements());
            }
            case Diffusion.Combine op -> all(sum(op.x().size(), rms(e, op.table()) * op.x().stream().mapToDouble(x -> rms(e, x)).max().orElse(0)));
            case Diffusion.Pixels _ -> all(2 * U);
            case Optimizer.GradientNorm op -> {
                double share = Tolerance.sum(op.gradients().stream().mapToLong(g -> g.shape().elements()).sum(), 1).relative();
                yield i -> share * size.applyAsDouble(i);
            }
            case Optimizer.AdamEma _, Optimizer.Average _ -> i -> FORMULA * size.applyAsDouble(i);
            case Optimizer.RecordStep _, Movement _, Conditioning.Embedding _, Diffusion.Lookup _, Diffusion.Advance _, Random _ -> all(0);
            case Attention _, Normalization _, Pointwise.Gated _, Pointwise.GatedBackward _, Conditioning.TimestepEmbedding _, Loss.MseLoss _,
                    Loss.MseLossBackward _, Diffusion.Noising _, Diffusion.Guidance _, Diffusion.SamplingStep _ ->
                    throw new IllegalStateException(any.kind() + " should have been lowered");
        };
    }

    private static IntToDoubleFunction all(double deviation) {
        return _ -> deviation;
    }

    /** @param term rms size of a term */
    private static double convolution(long terms, double term) {
        return Tolerance.convolution(terms, 1).relative() * Math.sqrt(terms) * term;
    }

    private static double sum(long terms, double term) {
        return Tolerance.sum(terms, 1).relative() * Math.sqrt(terms) * term;
    }

    private static double rms(ReferenceExecutable e, Value v) {
        Tensor t = e.of(v);
        double squares = 0;
        for (int i = 0; i < t.size(); i++) {
            squares += t.get(i) * t.get(i);
        }
        return Math.sqrt(squares / t.size());
    }

    private static double largest(ReferenceExecutable e, Value v) {
        Tensor t = e.of(v);
        double largest = 0;
        for (int i = 0; i < t.size(); i++) {
            largest = Math.max(largest, Math.abs(t.get(i)));
        }
        return largest;
    }
}
