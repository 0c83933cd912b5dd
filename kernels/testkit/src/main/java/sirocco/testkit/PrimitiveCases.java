package sirocco.testkit;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import sirocco.api.Axis;
import sirocco.api.BinaryFunction;
import sirocco.api.DType;
import sirocco.api.Diffusion;
import sirocco.api.Loss;
import sirocco.api.Movement;
import sirocco.api.Philox;
import sirocco.api.Pointwise;
import sirocco.api.Random;
import sirocco.api.Reduction;
import sirocco.api.Shape;
import sirocco.api.UnaryFunction;
import sirocco.api.Value;
import sirocco.api.Window;

/** Functions, reductions, broadcasts, products and movements over any axes. */
final class PrimitiveCases {
    /** A small shape of odd sizes with channels across 16, and one below. */
    private static final List<Shape> SHAPES = List.of(new Shape(2, 3, 5, 20), new Shape(3, 2, 7, 3), new Shape(1, 1, 1, 1), new Shape(2, 1, 9, 64));

    private PrimitiveCases() { }

    static void addTo(List<OpCase> cases) {
        for (UnaryFunction f : UnaryFunction.values()) {
            if (f != UnaryFunction.SILU) { // NormCases has it
                cases.add(unary(f, new Shape(2, 3, 5, 20)));
                cases.add(unary(f, new Shape(1, 2, 3, 3)));
            }
        }
        for (Shape s : SHAPES) {
            cases.add(OpCase.of("Affine x" + s, c -> {
                Value x = c.input("x", s);
                c.result(c.g.affine(x, -2.5, 0.75), Tolerance.elementwise(1));
            }));
            for (BinaryFunction f : BinaryFunction.values()) {
                cases.add(binary(f, s, s));
            }
            for (Axis axis : Axis.values()) {
                cases.add(reduce(s, EnumSet.of(axis)));
                cases.add(concat(s, axis));
                cases.add(slice(s, axis));
                cases.add(repeat(s, axis));
            }
            cases.add(reduce(s, EnumSet.of(Axis.N, Axis.H, Axis.W)));
            cases.add(reduce(s, EnumSet.of(Axis.H, Axis.C)));
            cases.add(reduce(s, EnumSet.allOf(Axis.class)));
            cases.add(binary(BinaryFunction.MULTIPLY, s, Shape.vector(s.c())));
            cases.add(binary(BinaryFunction.SUBTRACT, s, Shape.features(s.n(), 1)));
            cases.add(binary(BinaryFunction.ADD, Shape.features(s.n(), s.c()), s));
            cases.add(binary(BinaryFunction.DIVIDE, s, new Shape(s.n(), s.h(), s.w(), 1)));
            cases.add(binary(BinaryFunction.ADD, new Shape(s.n(), 1, 1, s.c()), new Shape(1, s.h(), s.w(), 1)));
            cases.add(reshape(s, new Shape(1, s.h() * s.n(), s.c(), s.w())));
            cases.add(reshape(s, new Shape(s.n() * s.h() * s.w(), 1, 1, s.c())));
            cases.add(reshape(s, Shape.vector((int) s.elements())));
            for (List<Axis> order : List.of(List.of(Axis.N, Axis.W, Axis.H, Axis.C), List.of(Axis.N, Axis.C, Axis.H, Axis.W),
                    List.of(Axis.C, Axis.W, Axis.N, Axis.H))) {
                cases.add(OpCase.of("Permute " + order + " x" + s, c -> c.result(c.g.permute(c.input("x", s), order), Tolerance.EXACT)));
            }
        }
        // So many terms that backends divide them.
        cases.add(reduce(new Shape(3, 17, 31, 20), EnumSet.of(Axis.N, Axis.H, Axis.W)));
        cases.add(reduce(new Shape(2, 9, 31, 33), EnumSet.allOf(Axis.class)));
        addReversed(cases);
        addProducts(cases);
        addStates(cases);
        addTables(cases);
        addDraws(cases);
        addClasses(cases);
    }

    // ---- pointwise -------------------------------------------------------------------------------------------------------------

    private static CaseBuilder.Floats domain(UnaryFunction f) {
        return switch (f) {
            case LOG, SQRT, RSQRT -> (random, i) -> 0.05 + 3 * random.nextDouble();
            case RECIPROCAL -> (random, i) -> (random.nextBoolean() ? 1 : -1) * (0.2 + 3 * random.nextDouble());
            case STEP, RELU, ABS -> (random, i) -> i == 0 ? 0 : 2 * random.nextGaussian();
            default -> CaseBuilder.normal(0, 2);
        };
    }

    private static OpCase unary(UnaryFunction f, Shape s) {
        return OpCase.of(f.title() + " and its gradient x" + s, c -> {
            Value x = c.input("x", s, domain(f));
            c.result(c.g.unary(x, f), Tolerance.elementwise(f == UnaryFunction.SIN || f == UnaryFunction.COS ? 4 : 2));
            Value dy = c.input("dy", s);
            Value dx = c.temporary("dx", s);
            c.op(new Pointwise.UnaryBackward(x, dy, f, dx));
            c.result(dx, Tolerance.elementwise(4));
        });
    }

    private static OpCase binary(BinaryFunction f, Shape a, Shape b) {
        return OpCase.of(f.title() + " a" + a + " b" + b, c -> {
            Value left = c.input("a", a);
            Value right = c.input("b", b, f == BinaryFunction.DIVIDE ? domain(UnaryFunction.RECIPROCAL) : CaseBuilder.normal(0, 1));
            c.result(c.g.binary(left, right, f), Tolerance.elementwise(1));
        });
    }

    private static OpCase reduce(Shape s, Set<Axis> axes) {
        return OpCase.of("Sum, Mean and Max along " + axes + " x" + s, c -> {
            Value x = c.input("x", s);
            for (Reduction.Function f : Reduction.Function.values()) {
                Shape y = s;
                for (Axis a : axes) {
                    y = y.with(a, 1);
                }
                Value result = c.temporary(f.name(), y);
                Reduction.Reduce op = new Reduction.Reduce(x, f, axes, result);
                c.op(op);
                double root = Math.sqrt(op.terms());
                c.result(result, switch (f) {
                    case SUM -> Tolerance.sum(op.terms(), root);
                    case MEAN -> Tolerance.sum(op.terms(), 1 / root);
                    case MAXIMUM -> Tolerance.rounded(0);
                });
            }
        });
    }

    // ---- movement --------------------------------------------------------------------------------------------------------------

    private static OpCase concat(Shape s, Axis axis) {
        return OpCase.of("Concat along " + axis + " of " + s, c -> {
            Value a = c.input("a", s);
            Value b = c.input("b", s.with(axis, 2));
            c.result(c.g.concat(a, b, axis), Tolerance.EXACT);
        });
    }

    private static OpCase slice(Shape s, Axis axis) {
        return OpCase.of("Slice along " + axis + " of " + s, c -> {
            Value x = c.input("x", s);
            int size = s.size(axis);
            c.result(c.g.slice(x, axis, size / 3, size - size / 3 - size / 4), Tolerance.EXACT);
        });
    }

    private static OpCase repeat(Shape s, Axis axis) {
        return OpCase.of("Repeat along " + axis + " x" + s, c -> {
            Value x = c.input("x", s);
            c.result(c.g.repeat(x, s.with(axis, 3 * s.size(axis))), Tolerance.EXACT);
            Value one = c.input("one", s.with(axis, 1));
            c.result(c.g.repeat(one, s.with(axis, 5)), Tolerance.EXACT);
        });
    }

    private static OpCase reshape(Shape s, Shape to) {
        return OpCase.of("Reshape x" + s + " to " + to, c -> {
            Value x = c.input("x", s);
            Value y = c.temporary("y", to);
            c.op(new Movement.Reshape(x, y));
            c.result(y, Tolerance.EXACT);
        });
    }

    /** Gradients of everything here, by parameters that are used as activations. */
    private static void addReversed(List<OpCase> cases) {
        for (UnaryFunction f : UnaryFunction.values()) {
            if (f != UnaryFunction.STEP) {
                cases.add(OpCase.of("gradients of " + f.title(), c -> c.train(c.g.unary(c.activation("x", new Shape(2, 3, 2, 3), (random, i) -> {
                    double e = domain(f).at(random, i + 1);
                    return Math.abs(e) < 0.01 ? 0.5 : e; // away from a kink
                }), f))));
            }
        }
        Shape s = new Shape(2, 2, 3, 4);
        for (BinaryFunction f : BinaryFunction.values()) {
            for (Shape b : List.of(s, Shape.vector(4), new Shape(2, 1, 3, 1))) {
                cases.add(OpCase.of("gradients of " + f.title() + " with " + b, c -> {
                    Value left = c.parameter("a", s, CaseBuilder.normal(0, 1));
                    Value right = c.parameter("b", b, f == BinaryFunction.DIVIDE ? domain(UnaryFunction.RECIPROCAL) : CaseBuilder.normal(0, 1));
                    c.train(c.g.binary(left, right, f));
                }));
            }
        }
        for (Reduction.Function f : Reduction.Function.values()) {
            cases.add(OpCase.of("gradients of " + f, c -> c.train(c.g.reduce(c.parameter("x", s, CaseBuilder.normal(0, 1)), f, EnumSet.of(Axis.N, Axis.W)))));
        }
        cases.add(OpCase.of("gradients of movements", c -> {
            Value x = c.parameter("x", s, CaseBuilder.normal(0, 1));
            Value permuted = c.g.permute(x, List.of(Axis.C, Axis.H, Axis.N, Axis.W)); // [4,2,2,3]
            Value cut = c.g.slice(permuted, Axis.N, 1, 2); // [2,2,2,3]
            Value joined = c.g.concat(cut, c.g.affine(cut, 2, 1), Axis.H); // [2,4,2,3]
            Value repeated = c.g.repeat(joined, new Shape(4, 4, 2, 9));
            Value pooled = c.g.averagePool(repeated, 2); // [4,2,1,9]
            c.train(c.g.multiply(c.g.reshape(pooled, new Shape(2, 2, 2, 9)), c.g.ramp(0.5, 0.25, Axis.C, Shape.vector(9))));
        }));
        for (boolean rms : List.of(false, true)) {
            cases.add(OpCase.of("gradients of " + (rms ? "RmsNorm" : "LayerNorm"), c -> {
                Value x = c.activation("x", s, CaseBuilder.normal(0.5, 1));
                Value gamma = c.parameter("gamma", Shape.vector(4), CaseBuilder.normal(1, 0.3));
                Value beta = c.parameter("beta", Shape.vector(4), CaseBuilder.normal(0, 0.3));
                c.train(rms ? c.g.rmsNorm(x, Optional.of(gamma), 1e-5f) : c.g.layerNorm(x, Optional.of(gamma), Optional.of(beta), 1e-5f));
            }));
            for (Shape x : List.of(new Shape(2, 3, 5, 20), new Shape(1, 1, 7, 384), new Shape(2, 1, 4, 5))) {
                cases.add(OpCase.of((rms ? "RmsNorm" : "LayerNorm") + " x" + x, c -> {
                    Value value = c.input("x", x, CaseBuilder.normal(0.5, 1));
                    c.result(rms ? c.g.rmsNorm(value, Optional.empty(), 1e-5f) : c.g.layerNorm(value, Optional.empty(), Optional.empty(), 1e-5f),
                            Tolerance.groupNorm(2, 1));
                }));
            }
        }
        for (UnaryFunction f : List.of(UnaryFunction.GELU, UnaryFunction.SILU)) {
            cases.add(OpCase.of("gradients of " + f.title() + "Gated", c -> c.train(c.g.gated(c.activation("x", new Shape(2, 1, 3, 6)), f))));
            cases.add(OpCase.of(f.title() + "Gated", c -> c.result(c.g.gated(c.input("x", new Shape(2, 1, 7, 40)), f), Tolerance.elementwise(1))));
        }
        cases.add(OpCase.of("gradients of a computed weight", c -> {
            Value x = c.activation("x", new Shape(2, 3, 3, 4));
            Value half = c.g.in("half", () -> c.g.scale(c.parameter("w", new Shape(5, 1, 1, 4)), 0.5));
            Value y = c.g.in("conv", () -> c.g.conv2d(x, half, Optional.empty(), Optional.empty(), Optional.empty(), Window.same(1)));
            c.train(c.g.in("twice", () -> c.g.add(y, c.g.in("again", () -> c.g.conv2d(x, half, Optional.empty(), Optional.empty(), Optional.empty(),
                    Window.same(1))))));
        }));
    }

    // ---- products --------------------------------------------------------------------------------------------------------------

    private static void addProducts(List<OpCase> cases) {
        for (boolean ta : List.of(false, true)) {
            for (boolean tb : List.of(false, true)) {
                cases.add(matMul(new Shape(2, 3, 5, 7), new Shape(2, 3, 7, 4), ta, tb));
                cases.add(matMul(new Shape(1, 2, 17, 40), new Shape(1, 2, 40, 33), ta, tb));
                cases.add(matMul(new Shape(2, 1, 3, 16), new Shape(1, 2, 16, 16), ta, tb));
                cases.add(OpCase.of("gradients of MatMul" + (ta ? " aᵀ" : "") + (tb ? " bᵀ" : ""), c -> {
                    Value a = c.parameter("a", swapped(new Shape(2, 2, 3, 4), ta), CaseBuilder.normal(0, 1));
                    Value b = c.parameter("b", swapped(new Shape(1, 2, 4, 2), tb), CaseBuilder.normal(0, 1));
                    c.train(c.g.matMul(a, b, ta, tb));
                }));
            }
        }
        cases.add(matMul(new Shape(1, 1, 1, 1), new Shape(1, 1, 1, 1), false, false));
        cases.add(matMul(new Shape(1, 1, 128, 300), new Shape(1, 1, 300, 130), false, false));
        for (boolean causal : List.of(false, true)) {
            for (boolean masked : List.of(false, true)) {
                cases.add(attention(new Shape(2, 3, 3, 16), 7, 2, causal, masked));
                cases.add(attention(new Shape(1, 1, 20, 40), 33, 1, causal, masked));
                cases.add(OpCase.of("gradients of Attention, other keys" + (causal ? ", causal" : "") + (masked ? ", masked" : ""), c -> {
                    Value q = c.activation("q", Shape.tokens(2, 3, 4));
                    Value k = c.activation("k", Shape.tokens(2, 5, 4));
                    Value v = c.activation("v", Shape.tokens(2, 5, 4));
                    c.train(c.g.attention(q, k, v, masked ? Optional.of(mask(c, 2, 5)) : Optional.empty(), causal, 2));
                }));
            }
        }
    }

    private static Shape swapped(Shape s, boolean swap) {
        return swap ? new Shape(s.n(), s.h(), s.c(), s.w()) : s;
    }

    private static OpCase matMul(Shape a, Shape b, boolean ta, boolean tb) {
        return OpCase.of("MatMul a" + a + (ta ? "ᵀ" : "") + " b" + b + (tb ? "ᵀ" : ""), c -> {
            Value left = c.input("a", swapped(a, ta));
            Value right = c.input("b", swapped(b, tb));
            c.result(c.g.matMul(left, right, ta, tb), Tolerance.sum(a.c(), Math.sqrt(a.c())));
        });
    }

    /** Every third key is masked, the first never. */
    private static Value mask(CaseBuilder c, int n, int keys) {
        return c.input("mask", Shape.features(n, keys), (random, i) -> i % keys % 3 == 1 ? 0 : 1);
    }

    private static OpCase attention(Shape q, int keys, int heads, boolean causal, boolean masked) {
        return OpCase.of("Attention q" + q + " of " + keys + " keys" + (causal ? ", causal" : "") + (masked ? ", masked" : ""), c -> {
            Value queries = c.input("q", q);
            Value k = c.input("k", Shape.tokens(q.n(), keys, q.c()));
            Value v = c.input("v", Shape.tokens(q.n(), keys, q.c()));
            c.result(c.g.attention(queries, k, v, masked ? Optional.of(mask(c, q.n(), keys)) : Optional.empty(), causal, heads), Tolerance.attention(5, 1));
        });
    }

    // ---- states ----------------------------------------------------------------------------------------------------------------

    private static void addStates(List<OpCase> cases) {
        for (Shape s : SHAPES) {
            cases.add(OpCase.of("Accumulate and Assign " + s, c -> {
                Value x = c.input("x", s);
                Value sum = c.state("sum", s);
                Value copy = c.state("copy", s);
                Value constant = c.state("constant", s);
                c.g.accumulate(x, sum);
                c.g.accumulate(c.g.scale(x, 2), sum);
                c.g.assign(x, copy);
                c.g.assign(c.g.constant(0.1, s), constant);
                c.result(sum, Tolerance.elementwise(1));
                c.result(copy, Tolerance.EXACT);
                c.result(constant, Tolerance.rounded(0));
            }));
        }
        cases.add(OpCase.of("Repeat I32 along two axes", c -> c.result(c.g.repeat(c.ids("x", 4, -1, 7), new Shape(9, 2, 1, 1)), Tolerance.EXACT)));
        cases.add(OpCase.of("Assign I32", c -> {
            Value x = c.ids("x", 4, -1, 7);
            Value into = c.g.state("into", x.shape(), DType.I32);
            c.g.assign(x, into);
            c.result(into, Tolerance.EXACT);
            c.result(c.g.reshape(x, Shape.vector(3)), Tolerance.EXACT);
        }));
    }

    // ---- tables ----------------------------------------------------------------------------------------------------------------

    private static void addTables(List<OpCase> cases) {
        for (Shape s : SHAPES) {
            for (boolean each : List.of(false, true)) {
                cases.add(OpCase.of("Combine of three to two, x" + s + (each ? " by rows of images" : " by a cursor"), c -> {
                    Value table = c.input("table", new Shape(5, 1, 2, 3));
                    Value row = each ? c.ids("rows", rows(s.n())) : c.cursor(3);
                    List<Value> y = c.g.combine(table, row, List.of(c.input("a", s), c.input("b", s), c.input("d", s)));
                    c.result(y, Tolerance.sum(3, 2));
                    c.result(c.g.lookup(table, row, 4, s.n()), Tolerance.EXACT);
                }));
            }
        }
        cases.add(OpCase.of("Combine of eight to eight", c -> {
            Value table = c.input("table", new Shape(2, 1, 8, 8));
            List<Value> x = IntStream.range(0, 8).mapToObj(i -> c.input("x" + i, new Shape(2, 3, 3, 3))).toList();
            c.result(c.g.combine(table, c.cursor(1), x), Tolerance.sum(8, 3));
        }));
        cases.add(OpCase.of("gradients of Combine", c -> {
            Value table = c.input("table", new Shape(3, 1, 2, 2));
            Value a = c.activation("a", new Shape(2, 2, 2, 3));
            Value b = c.activation("b", new Shape(2, 2, 2, 3));
            List<Value> y = c.g.combine(table, c.ids("rows", 2, 0), List.of(a, b));
            c.train(c.g.multiply(y.get(0), y.get(1)));
        }));
        cases.add(OpCase.of("Advance", c -> {
            Value cursor = c.cursor(41);
            c.op(new Diffusion.Advance(cursor));
            c.op(new Diffusion.Advance(cursor));
            c.result(cursor, Tolerance.EXACT);
        }));
    }

    private static int[] rows(int n) {
        int[] rows = new int[n];
        for (int i = 0; i < n; i++) {
            rows[i] = (4 + 3 * i) % 5;
        }
        return rows;
    }

    // ---- draws -----------------------------------------------------------------------------------------------------------------

    private static void addDraws(List<OpCase> cases) {
        for (Shape s : List.of(new Shape(2, 3, 5, 3), new Shape(3, 8, 8, 20), new Shape(1, 1, 1, 1), new Shape(2, 1, 40, 64))) {
            for (Random.Distribution d : Random.Distribution.values()) {
                cases.add(OpCase.of("Draw " + d + " " + s, c -> {
                    Value rng = c.rng(0x9876_5432_1234L, 12);
                    Value index = c.index(s.n(), 5);
                    c.result(c.g.draw(d, rng, index, Optional.empty(), Philox.NOISE, s), Tolerance.elementwise(0));
                    c.result(c.g.draw(d, rng, index, Optional.of(c.cursor(3)), Philox.SAMPLING, s), Tolerance.elementwise(0));
                }));
            }
            cases.add(OpCase.of("Pixels " + s, c -> {
                Value images = c.images(s);
                c.result(c.g.pixels(images, c.rng(7, 1), c.index(s.n(), 0), true), Tolerance.elementwise(1));
            }));
        }
        for (int bound : List.of(1, 1000, Integer.MAX_VALUE)) {
            cases.add(OpCase.of("DrawTimestep below " + bound, c -> c.result(c.g.drawTimestep(c.rng(-3, 9), c.index(17, 2), bound), Tolerance.EXACT)));
        }
    }

    // ---- classes and tokens ----------------------------------------------------------------------------------------------------

    private static void addClasses(List<OpCase> cases) {
        for (int classes : List.of(1, 10, 33)) {
            cases.add(OpCase.of("CrossEntropy of " + classes + " classes", c -> {
                Shape s = new Shape(2, 3, 2, classes);
                Value logits = c.input("logits", s, CaseBuilder.normal(0, 3));
                Value labels = labels(c, s);
                c.result(c.g.crossEntropy(logits, labels), Tolerance.elementwise(10));
                Value d = c.temporary("d", s);
                c.op(new Loss.CrossEntropyBackward(logits, labels, d));
                c.result(d, Tolerance.attention(12, 1.0 / 12));
            }));
        }
        cases.add(OpCase.of("gradients of CrossEntropy", c -> {
            Shape s = new Shape(2, 1, 3, 4);
            c.backward(c.g.crossEntropy(c.activation("logits", s), labels(c, s)));
        }));
        cases.add(OpCase.of("Embedding of tokens and its gradient", c -> {
            Value ids = with(c, new Shape(2, 1, 5, 1), 7);
            Value table = c.parameter("table", new Shape(7, 1, 1, 20), CaseBuilder.normal(0, 1));
            c.train(c.g.embedding(ids, table));
        }));
    }

    private static Value labels(CaseBuilder c, Shape logits) {
        return with(c, logits.withC(1), logits.c());
    }

    private static Value with(CaseBuilder c, Shape s, int bound) {
        int[] all = new int[(int) s.elements()];
        for (int i = 0; i < all.length; i++) {
            all[i] = i * 5 % bound;
        }
        return c.integers("ids", s, all);
    }
}
