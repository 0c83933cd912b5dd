package sirocco.testkit;

import java.util.EnumSet;
import java.util.List;
import sirocco.api.Axis;
import sirocco.api.DType;
import sirocco.api.Movement;
import sirocco.api.Reduction;
import sirocco.api.Shape;
import sirocco.api.Value;

/** Moving and adding. */
final class MoveCases {
    /** Shapes for ops that treat each element, or each pixel, alike: one element, odd sizes, channels below, at and across 16. */
    static final List<Shape> SHAPES = List.of(new Shape(1, 1, 1, 1), new Shape(2, 4, 4, 3), new Shape(3, 5, 7, 20), new Shape(2, 8, 8, 16),
            new Shape(5, 7, 1, 32), new Shape(1, 16, 16, 96), new Shape(4, 1, 1, 20), new Shape(1, 1, 5, 17));

    private MoveCases() { }

    static void addTo(List<OpCase> cases) {
        for (Shape s : SHAPES) {
            cases.add(OpCase.of("Add " + s, c -> {
                Value a = c.input("a", s);
                Value b = c.input("b", s);
                c.result(c.g.in("add", () -> c.g.add(a, b)), Tolerance.rounded(0));
            }));
            cases.add(OpCase.of("Upsample x" + s, c -> {
                Value x = c.input("x", s);
                c.result(c.g.in("up", () -> c.g.upsample(x)), Tolerance.EXACT);
            }));
            cases.add(OpCase.of("UpsampleBackward dx" + s, c -> {
                Value dy = c.input("dy", new Shape(s.n(), 2 * s.h(), 2 * s.w(), s.c()));
                Value dx = c.temporary("dx", s);
                c.op(new Movement.UpsampleBackward(dy, dx));
                c.result(dx, Tolerance.sum(4, 2));
            }));
            cases.add(OpCase.of("SumPixels x" + s, c -> {
                Value x = c.input("x", s);
                Value y = c.temporary("y", Shape.features(s.n(), s.c()));
                c.op(new Reduction.Reduce(x, Reduction.Function.SUM, EnumSet.of(Axis.H, Axis.W), y));
                long terms = (long) s.h() * s.w();
                c.result(y, Tolerance.sum(terms, Math.sqrt(terms)));
            }));
            cases.add(OpCase.of("Repeat x" + s, c -> {
                Value x = c.input("x", s);
                c.result(c.g.in("repeat", () -> c.g.repeat(x)), Tolerance.EXACT);
            }));
            for (int channels : List.of(1, 3, 16, 20)) {
                cases.add(concat(s, channels));
            }
            for (int from : List.of(0, 3, 16, 17)) {
                if (from < s.c()) {
                    cases.add(slice(s, from, Math.max(1, (s.c() - from) / 2)));
                }
            }
            cases.add(slice(s, 0, s.c()));
        }
        cases.add(OpCase.of("Repeat I32", c -> {
            Value x = c.ids("labels", 4, 0, 7);
            c.result(c.g.in("repeat", () -> c.g.repeat(x)), Tolerance.EXACT);
        }));
        cases.add(OpCase.of("Add and Concat of a value with itself", c -> {
            Value x = c.input("x", new Shape(2, 3, 5, 20));
            Value sum = c.g.in("add", () -> c.g.add(x, x));
            c.result(c.g.in("concat", () -> c.g.concat(sum, sum)), Tolerance.rounded(0));
        }));
        cases.add(manyConcats());
        cases.add(gradients());
    }

    private static OpCase concat(Shape s, int channels) {
        return OpCase.of("Concat " + s + " with " + channels + " channels", c -> {
            Value a = c.input("a", s);
            Value b = c.input("b", s.withC(channels));
            Value ab = c.g.in("ab", () -> c.g.concat(a, b));
            c.result(ab, Tolerance.EXACT);
            c.result(c.g.in("ba", () -> c.g.concat(b, a)), Tolerance.EXACT);
        });
    }

    private static OpCase slice(Shape s, int from, int channels) {
        return OpCase.of("Slice x" + s + " from " + from + " of " + channels, c -> {
            Value x = c.input("x", s);
            c.result(c.g.in("slice", () -> c.g.slice(x, from, channels)), Tolerance.EXACT);
        });
    }

    /** A backend may make a concatenation's parts in place: here a part is in two concatenations, in both orders, and read by others too. */
    private static OpCase manyConcats() {
        return OpCase.of("Concat of parts that others read", c -> {
            Value x = c.input("x", new Shape(2, 4, 4, 16));
            Value a = c.g.in("a", () -> c.g.silu(x));
            Value b = c.g.in("b", () -> c.g.add(x, a));
            Value ab = c.g.in("ab", () -> c.g.concat(a, b));
            Value ba = c.g.in("ba", () -> c.g.concat(b, a));
            Value abx = c.g.in("abx", () -> c.g.concat(ab, x));
            Value both = c.g.in("both", () -> c.g.add(ab, ba));
            c.result(List.of(a, b, both, abx), Tolerance.elementwise(1));
        });
    }

    private static OpCase gradients() {
        return OpCase.of("gradients of Concat, Upsample, Dropout, Add", c -> {
            Value rng = c.rng(5, 3);
            Value index = c.index(2, 9);
            Value a = c.activation("a", new Shape(2, 2, 3, 3));
            Value b = c.activation("b", new Shape(2, 2, 3, 2));
            Value frozen = c.g.input("frozen", new Shape(2, 2, 3, 5), DType.F32);
            Value ab = c.g.in("concat", () -> c.g.concat(a, b));
            Value sum = c.g.in("add", () -> c.g.add(ab, frozen));
            Value up = c.g.in("up", () -> c.g.upsample(sum));
            c.train(c.g.in("dropout", () -> c.g.dropout(up, rng, index, 0.3f)));
        });
    }
}
