package sirocco.testkit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import sirocco.api.Axis;
import sirocco.api.BinaryFunction;
import sirocco.api.Reduction;
import sirocco.api.Shape;
import sirocco.api.UnaryFunction;

/** Adds random functions, reductions, products and losses to a sketch, and knows the makers of all other ops. */
final class RandomOps {
    /** Adds an op to a sketch; nothing if its operands do not suit. */
    @FunctionalInterface
    interface Maker {
        void make(Sketch s);
    }

    private static final double AWAY_FROM_POLES = 0.2;

    private RandomOps() { }

    /** A maker for each kind of op. */
    static List<Maker> all() {
        List<Maker> own = List.of(RandomOps::unary, RandomOps::unary, RandomOps::unary, RandomOps::affine, RandomOps::binary, RandomOps::binary,
                RandomOps::binary, RandomOps::reduce, RandomOps::reduce, RandomOps::matMul, RandomOps::matMul, RandomOps::gated, RandomOps::mse,
                RandomOps::crossEntropy);
        return Stream.of(own, RandomMoves.all(), RandomLayers.all(), RandomDiffusion.all()).flatMap(List::stream).toList();
    }

    // ---- functions -------------------------------------------------------------------------------------------------------------

    private static void unary(Sketch s) {
        UnaryFunction f = s.one(List.of(UnaryFunction.values()));
        int x = s.any();
        int argument = switch (f) {
            case LOG, SQRT, RSQRT -> positive(s, x);
            case RECIPROCAL -> distance(s.values(x), 0) > AWAY_FROM_POLES ? x : positive(s, x);
            default -> x;
        };
        boolean kink = f == UnaryFunction.RELU || f == UnaryFunction.ABS || f == UnaryFunction.STEP;
        if (!kink || distance(s.values(argument), 0) > Sketch.MARGIN) {
            s.op(f.title(), List.of(argument), (c, r) -> List.of(c.g.unary(r.getFirst(), f)));
        }
    }

    /** The value if it is positive, or a function of it that is. */
    private static int positive(Sketch s, int x) {
        for (double e : s.values(x)) {
            if (e < AWAY_FROM_POLES) {
                return s.op("2·σ(x) + 0.3", List.of(x), (c, r) -> List.of(c.g.affine(c.g.unary(r.getFirst(), UnaryFunction.SIGMOID), 2, 0.3))).orElseThrow();
            }
        }
        return x;
    }

    static double distance(double[] values, double from) {
        double least = Double.POSITIVE_INFINITY;
        for (double v : values) {
            least = Math.min(least, Math.abs(v - from));
        }
        return least;
    }

    private static void affine(Sketch s) {
        double scale = s.one(List.of(-1.5, 0.5, 1.0, 2.0));
        double shift = s.one(List.of(0.0, 0.7, -0.3));
        s.op(scale + "·x + " + shift, List.of(s.any()), (c, r) -> List.of(c.g.affine(r.getFirst(), scale, shift)));
    }

    private static void binary(Sketch s) {
        BinaryFunction f = s.one(List.of(BinaryFunction.values()));
        int a = s.any();
        int b = partner(s, a);
        if (f == BinaryFunction.DIVIDE && distance(s.values(b), 0) < AWAY_FROM_POLES) {
            b = positive(s, b);
        }
        if (f != BinaryFunction.DIVIDE && s.chance(0.3)) {
            int swapped = a;
            a = b;
            b = swapped;
        }
        boolean kink = f == BinaryFunction.MINIMUM || f == BinaryFunction.MAXIMUM;
        if (!kink || apart(s, a, b) > Sketch.MARGIN) {
            s.op(f.title(), List.of(a, b), (c, r) -> List.of(c.g.binary(r.get(0), r.get(1), f)));
        }
    }

    /** Something that broadcasts with a: of its shape, of a smaller one, or itself. */
    private static int partner(Sketch s, int a) {
        if (s.chance(0.4)) {
            return s.one(s.floats(v -> v == a || s.shape(v).broadcastsTo(s.shape(a))));
        }
        Shape shape = s.shape(a);
        for (Axis axis : Axis.values()) {
            if (s.chance(0.4)) {
                shape = shape.with(axis, 1);
            }
        }
        return s.like(shape);
    }

    private static double apart(Sketch s, int a, int b) {
        Tensor left = new Tensor(s.shape(a), s.values(a), 0);
        Tensor right = new Tensor(s.shape(b), s.values(b), 0);
        Tensor larger = s.shape(b).broadcastsTo(s.shape(a)) ? left : right;
        double[] least = {Double.POSITIVE_INFINITY};
        larger.forEach((n, h, w, c) -> least[0] = Math.min(least[0], Math.abs(left.broadcast(n, h, w, c) - right.broadcast(n, h, w, c))));
        return least[0];
    }

    private static void gated(Sketch s) {
        UnaryFunction f = s.one(List.of(UnaryFunction.GELU, UnaryFunction.SILU, UnaryFunction.SIGMOID, UnaryFunction.TANH, UnaryFunction.GELU_TANH));
        List<Integer> even = s.floats(v -> s.shape(v).c() % 2 == 0);
        int x = even.isEmpty() ? s.leaf(s.anyShape().withC(6)) : s.one(even);
        s.op(f.title() + "Gated", List.of(x), (c, r) -> List.of(c.g.gated(r.getFirst(), f)));
    }

    // ---- sums ------------------------------------------------------------------------------------------------------------------

    private static Set<Axis> axes(Sketch s) {
        EnumSet<Axis> axes = EnumSet.of(s.one(List.of(Axis.values())));
        for (Axis axis : Axis.values()) {
            if (s.chance(0.3)) {
                axes.add(axis);
            }
        }
        return axes;
    }

    private static void reduce(Sketch s) {
        int x = s.any();
        Set<Axis> axes = axes(s);
        Reduction.Function f = s.one(List.of(Reduction.Function.values()));
        if (f != Reduction.Function.MAXIMUM || distinctMaxima(new Tensor(s.shape(x), s.values(x), 0), axes)) {
            s.op(f + " along " + axes, List.of(x), (c, r) -> List.of(c.g.reduce(r.getFirst(), f, axes)));
        }
    }

    /** Whether each maximum is larger than all else by the margin. */
    private static boolean distinctMaxima(Tensor x, Set<Axis> axes) {
        Shape to = x.shape();
        for (Axis axis : axes) {
            to = to.with(axis, 1);
        }
        double[] first = new double[(int) to.elements()];
        double[] second = first.clone();
        Arrays.fill(first, Double.NEGATIVE_INFINITY);
        Arrays.fill(second, Double.NEGATIVE_INFINITY);
        Tensor at = new Tensor(to, first, 0);
        x.forEach((n, h, w, c) -> {
            int i = at.broadcastAt(n, h, w, c);
            double e = x.get(n, h, w, c);
            second[i] = Math.max(second[i], Math.min(first[i], e));
            first[i] = Math.max(first[i], e);
        });
        return IntStream.range(0, first.length).allMatch(i -> first[i] - second[i] > Sketch.MARGIN);
    }

    private static void matMul(Sketch s) {
        int a = s.any();
        Shape as = s.shape(a);
        boolean ta = s.chance(0.5);
        boolean tb = s.chance(0.5);
        int depth = ta ? as.w() : as.c();
        int columns = s.channels();
        int n = as.n() == 1 ? s.one(List.of(1, 2)) : s.one(List.of(1, as.n()));
        int h = as.h() == 1 ? s.one(List.of(1, 3)) : s.one(List.of(1, as.h()));
        Shape bs = tb ? new Shape(n, h, columns, depth) : new Shape(n, h, depth, columns);
        Shape y = new Shape(Math.max(n, as.n()), Math.max(h, as.h()), ta ? as.c() : as.w(), columns);
        if (Sketch.small(bs) && Sketch.small(y)) {
            s.op("matMul" + (ta ? " aᵀ" : "") + (tb ? " bᵀ" : ""), List.of(a, s.like(bs)), (c, r) -> List.of(c.g.matMul(r.get(0), r.get(1), ta, tb)));
        }
    }

    // ---- losses ----------------------------------------------------------------------------------------------------------------

    private static void mse(Sketch s) {
        int prediction = s.any();
        mse(s, prediction, s.like(s.shape(prediction)));
    }

    private static Optional<Integer> mse(Sketch s, int prediction, int target) {
        List<Integer> reads = new ArrayList<>(List.of(prediction, target));
        if (s.chance(0.5)) {
            reads.add(s.like(Shape.features(s.shape(prediction).n(), 1)));
        }
        return s.op("mseLoss" + (reads.size() == 3 ? " weighted" : ""), reads, (c, r) -> List.of(c.g.mseLoss(r.get(0), r.get(1),
                r.size() == 3 ? Optional.of(r.get(2)) : Optional.empty())));
    }

    private static void crossEntropy(Sketch s) {
        int logits = s.any();
        Shape shape = s.shape(logits);
        int labels = s.ids(shape.withC(1), shape.c());
        s.op("crossEntropy", List.of(logits, labels), (c, r) -> List.of(c.g.crossEntropy(r.get(0), r.get(1))));
    }

    /** A scalar that depends on each element of x. */
    static int scalarOf(Sketch s, int x) {
        int other = s.constant(s.shape(x), 0, 1);
        if (s.chance(0.25)) {
            return mse(s, x, other).orElseThrow();
        }
        int product = s.op("Multiply", List.of(x, other), (c, r) -> List.of(c.g.multiply(r.get(0), r.get(1)))).orElseThrow();
        return s.op("MEAN of all", List.of(product), (c, r) -> List.of(c.g.mean(r.getFirst(), EnumSet.allOf(Axis.class)))).orElseThrow();
    }
}
