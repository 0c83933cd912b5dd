package sirocco.testkit;

import java.util.List;
import java.util.Optional;
import sirocco.api.Normalization;
import sirocco.api.Pointwise;
import sirocco.api.Shape;
import sirocco.api.UnaryFunction;
import sirocco.api.Value;

/** GroupNorm and SiLU. */
final class NormCases {
    private static final float EPS = 1e-5f;

    private NormCases() { }

    private record Size(Shape x, int groups) { }

    private static Size size(int n, int h, int w, int c, int groups) {
        return new Size(new Shape(n, h, w, c), groups);
    }

    /** Groups of one channel, of all, narrower and wider than 16 channels, and across a boundary of 16. */
    private static final List<Size> SIZES = List.of(size(2, 4, 4, 16, 4), size(3, 5, 7, 20, 5), size(2, 8, 8, 96, 32), size(1, 16, 16, 32, 32),
            size(2, 7, 5, 32, 1), size(5, 4, 1, 20, 2), size(1, 8, 8, 48, 2), size(2, 4, 4, 96, 4), size(2, 16, 16, 64, 32), size(1, 8, 8, 3, 3),
            size(1, 8, 8, 3, 1), size(5, 1, 8, 16, 2), size(3, 5, 5, 30, 3), size(1, 1, 1, 16, 2));

    static void addTo(List<OpCase> cases) {
        int i = 0;
        for (Size s : SIZES) {
            for (boolean silu : List.of(true, false)) {
                cases.add(forward(s, silu, 0, 1));
                cases.add(backward(s, silu, i++ % 2 == 0, 0, 1));
            }
        }
        for (double mean : List.of(10.0, 1000.0)) {
            cases.add(forward(size(2, 8, 8, 32, 8), true, mean, 1));
            cases.add(forward(size(1, 5, 7, 20, 5), false, -mean, 0.5));
            cases.add(backward(size(2, 8, 8, 32, 8), true, true, mean, 1));
            cases.add(backward(size(1, 5, 7, 20, 5), false, false, -mean, 0.5));
        }
        // Variance zero: by equal elements, or a group of a single one.
        cases.add(forward(size(2, 4, 4, 16, 4), true, 3, 0));
        cases.add(backward(size(2, 4, 4, 16, 4), true, true, 3, 0));
        cases.add(forward(size(1, 1, 1, 1, 1), false, 2, 0));
        cases.add(backward(size(1, 1, 1, 1, 1), true, false, 2, 0));
        cases.add(forward(size(2, 8, 8, 16, 4), true, 0, 1e-4)); // eps matters
        cases.add(forward(size(2, 8, 8, 16, 4), true, 0, 1e4));

        for (Shape s : MoveCases.SHAPES) {
            cases.add(silu(s, 1));
            cases.add(siluBackward(s, 1));
        }
        cases.add(silu(new Shape(2, 4, 4, 20), 50)); // exp(−x) over- and underflows
        cases.add(siluBackward(new Shape(2, 4, 4, 20), 50));

        cases.add(gradient(size(2, 3, 2, 4, 2), true));
        cases.add(gradient(size(2, 2, 3, 6, 3), false));
        cases.add(OpCase.of("gradients of Silu", c -> {
            Value x = c.activation("x", new Shape(2, 3, 2, 3), CaseBuilder.normal(0, 2));
            c.train(c.g.in("silu", () -> c.g.silu(x)));
        }));
        cases.add(fanOut());
    }

    private static String name(String op, Size s, boolean silu, double mean, double deviation, String options) {
        return op + (silu ? "+Silu" : "") + " x" + s.x + " groups " + s.groups + (mean == 0 && deviation == 1 ? "" : " of " + mean + "±" + deviation)
                + options;
    }

    /** How many standard deviations the data's mean is away from zero; sizes of a few elements vary, which the 2 is for. */
    private static double offset(double mean, double deviation) {
        return 2 * Math.abs(mean) / Math.sqrt(deviation * deviation + EPS);
    }

    private record Normed(Value gamma, Value beta, Value y, Value stats) { }

    private static Normed norm(CaseBuilder c, Value x, Size s, boolean silu) {
        Value gamma = c.parameter("gamma", Shape.vector(s.x.c()), CaseBuilder.normal(1, 0.3));
        Value beta = c.parameter("beta", Shape.vector(s.x.c()), CaseBuilder.normal(0, 0.3));
        Value y = c.temporary("y", s.x);
        Value stats = c.temporary("stats", Shape.features(s.x.n(), 2 * s.groups));
        c.op(new Normalization.GroupNorm(x, gamma, beta, s.groups, EPS, silu, y, stats));
        return new Normed(gamma, beta, y, stats);
    }

    private static OpCase forward(Size s, boolean silu, double mean, double deviation) {
        return OpCase.of(name("GroupNorm", s, silu, mean, deviation, ""), c -> {
            Value x = c.input("x", s.x, CaseBuilder.normal(mean, deviation));
            Normed n = norm(c, x, s, silu);
            double offset = offset(mean, deviation);
            c.result(n.y, Tolerance.groupNorm(offset, 1));
            c.result(n.stats, Tolerance.groupNorm(offset, 0));
        });
    }

    private static OpCase backward(Size s, boolean silu, boolean addend, double mean, double deviation) {
        return OpCase.of(name("GroupNormBackward", s, silu, mean, deviation, addend ? " addend" : ""), c -> {
            Value x = c.input("x", s.x, CaseBuilder.normal(mean, deviation));
            Value dy = c.input("dy", s.x);
            Optional<Value> other = addend ? Optional.of(c.input("addend", s.x)) : Optional.empty();
            Normed n = norm(c, x, s, silu);
            Value dx = c.temporary("dx", s.x);
            Value dGamma = c.state("dGamma", Shape.vector(s.x.c()));
            Value dBeta = c.state("dBeta", Shape.vector(s.x.c()));
            c.op(new Normalization.GroupNormBackward(x, n.stats, n.gamma, n.beta, dy, other, s.groups, silu, dx, dGamma, dBeta));
            double offset = offset(mean, deviation);
            long terms = (long) s.x.n() * s.x.h() * s.x.w();
            long group = (long) s.x.h() * s.x.w() * s.x.c() / s.groups;
            c.result(dx, Tolerance.groupNormBackward(offset, group, 1 / Math.sqrt(deviation * deviation + EPS)));
            c.result(dGamma, Tolerance.groupNormBackward(offset, terms, Math.sqrt(terms)));
            c.result(dBeta, Tolerance.groupNormBackward(offset, terms, Math.sqrt(terms)));
        });
    }

    private static OpCase silu(Shape s, double deviation) {
        return OpCase.of("Silu x" + s + (deviation == 1 ? "" : " ±" + deviation), c -> {
            Value x = c.input("x", s, CaseBuilder.normal(0, deviation));
            c.result(c.g.in("silu", () -> c.g.silu(x)), Tolerance.elementwise(deviation));
        });
    }

    private static OpCase siluBackward(Shape s, double deviation) {
        return OpCase.of("SiluBackward x" + s + (deviation == 1 ? "" : " ±" + deviation), c -> {
            Value x = c.input("x", s, CaseBuilder.normal(0, deviation));
            Value dy = c.input("dy", s);
            Value dx = c.temporary("dx", s);
            c.op(new Pointwise.UnaryBackward(x, dy, UnaryFunction.SILU, dx));
            // x(1 − σ(x)) with σ near 1 cancels: the error is u·x where the truth is 1
            c.result(dx, Tolerance.elementwise(deviation));
        });
    }

    private static OpCase gradient(Size s, boolean silu) {
        return OpCase.of(name("gradients of GroupNorm", s, silu, 0, 1, ""), c -> {
            Value x = c.activation("x", s.x, CaseBuilder.normal(0.5, 1));
            c.train(norm(c, x, s, silu).y);
        });
    }

    /** x goes to two norms and a sum: gradients are added by Add and by GroupNormBackward's addend. */
    private static OpCase fanOut() {
        return OpCase.of("gradients of an activation used four times", c -> {
            Shape s = new Shape(2, 2, 2, 4);
            Value x = c.activation("x", s);
            Value gamma = c.parameter("gamma", Shape.vector(4), CaseBuilder.normal(1, 0.3));
            Value beta = c.parameter("beta", Shape.vector(4), CaseBuilder.normal(0, 0.3));
            Value a = c.g.in("norm1", () -> c.g.groupNorm(x, gamma, beta, 2, EPS, true));
            Value b = c.g.in("norm2", () -> c.g.groupNorm(x, gamma, beta, 1, EPS, false));
            Value twice = c.g.in("twice", () -> c.g.add(x, x));
            c.train(c.g.in("sum", () -> c.g.add(c.g.in("ab", () -> c.g.add(a, b)), twice)));
        });
    }
}
