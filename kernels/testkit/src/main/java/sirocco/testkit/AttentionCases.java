package sirocco.testkit;

import java.util.List;
import java.util.Optional;
import sirocco.api.Attention;
import sirocco.api.Shape;
import sirocco.api.Value;

/** Attention: lengths from 1 to 256, head sizes from 1 to 256. */
final class AttentionCases {
    private AttentionCases() { }

    private record Size(Shape q, int heads) { }

    private static Size size(int n, int h, int w, int c, int heads) {
        return new Size(new Shape(n, h, w, c), heads);
    }

    private static final List<Size> SIZES = List.of(size(1, 1, 1, 1, 1), size(3, 1, 1, 16, 4), size(2, 3, 3, 16, 1), size(2, 3, 3, 20, 5),
            size(1, 4, 5, 20, 1), size(2, 8, 8, 32, 4), size(1, 8, 8, 96, 3), size(1, 16, 16, 32, 1), size(1, 16, 16, 16, 2), size(5, 4, 4, 32, 8),
            size(2, 8, 8, 48, 2), size(1, 5, 7, 64, 1), size(1, 7, 7, 3, 3), size(2, 1, 9, 3, 1), size(1, 4, 4, 96, 1), size(1, 4, 4, 32, 32), size(1, 7, 10, 256, 1),
            size(1, 5, 7, 130, 1), size(1, 1, 3, 300, 1));

    static void addTo(List<OpCase> cases) {
        for (Size s : SIZES) {
            cases.add(forward(s, 1));
            cases.add(backward(s, 1));
        }
        // Logits of several hundred: exponentials overflow unless the largest is taken out first; rows become one-hot.
        for (double deviation : List.of(8.0, 100.0)) {
            cases.add(forward(size(2, 8, 8, 32, 2), deviation));
            cases.add(backward(size(2, 8, 8, 32, 2), deviation));
            cases.add(forward(size(1, 3, 3, 20, 1), deviation));
        }
        cases.add(equalLogits());
        cases.add(gradient(size(2, 2, 3, 4, 2)));
        cases.add(gradient(size(1, 3, 2, 3, 1)));
        cases.add(oneValueAsAllThree());
    }

    private static String name(String op, Size s, double deviation) {
        return op + " q" + s.q + " heads " + s.heads + (deviation == 1 ? "" : " q ±" + deviation);
    }

    /** A logit q·k/√d of normal q and k is normal too, with q's deviation: five of it. */
    private static double largestLogit(double deviation) {
        return 5 * deviation;
    }

    private static OpCase forward(Size s, double deviation) {
        return OpCase.of(name("Attention", s, deviation), c -> {
            Value q = c.input("q", s.q, CaseBuilder.normal(0, deviation));
            Value k = c.input("k", s.q);
            Value v = c.input("v", s.q);
            Value y = c.temporary("y", s.q);
            Value logSumExp = c.temporary("logSumExp", Shape.features(s.q.n(), s.heads * s.q.h() * s.q.w()));
            c.op(new Attention.Forward(q, k, v, Optional.empty(), false, s.heads, y, logSumExp));
            c.result(y, Tolerance.attention(largestLogit(deviation), 1));
            c.result(logSumExp, Tolerance.elementwise(largestLogit(deviation)));
        });
    }

    private static OpCase backward(Size s, double deviation) {
        return OpCase.of(name("AttentionBackward", s, deviation), c -> {
            Value q = c.input("q", s.q, CaseBuilder.normal(0, deviation));
            Value k = c.input("k", s.q);
            Value v = c.input("v", s.q);
            Value dy = c.input("dy", s.q);
            Value y = c.temporary("y", s.q);
            Value logSumExp = c.temporary("logSumExp", Shape.features(s.q.n(), s.heads * s.q.h() * s.q.w()));
            c.op(new Attention.Forward(q, k, v, Optional.empty(), false, s.heads, y, logSumExp));
            Value dq = c.temporary("dq", s.q);
            Value dk = c.temporary("dk", s.q);
            Value dv = c.temporary("dv", s.q);
            c.op(new Attention.Backward(q, k, v, Optional.empty(), false, y, logSumExp, dy, s.heads, dq, dk, dv));
            c.result(dq, Tolerance.attentionBackward(largestLogit(deviation), 1));
            c.result(dk, Tolerance.attentionBackward(largestLogit(deviation), deviation));
            c.result(dv, Tolerance.attentionBackward(largestLogit(deviation), 1));
        });
    }

    /** All logits 3000 and equal: the output is the mean of v. */
    private static OpCase equalLogits() {
        return OpCase.of("Attention of equal, large logits", c -> {
            Shape s = new Shape(1, 4, 4, 16);
            Value q = c.input("q", s, (random, i) -> 750);
            Value k = c.input("k", s, (random, i) -> 1);
            Value v = c.input("v", s);
            c.result(c.g.in("attention", () -> c.g.attention(q, k, v, 1)), Tolerance.attention(3000, 0));
        });
    }

    private static OpCase gradient(Size s) {
        return OpCase.of(name("gradients of Attention", s, 1), c -> {
            Value q = c.activation("q", s.q);
            Value k = c.activation("k", s.q);
            Value v = c.activation("v", s.q);
            c.train(c.g.in("attention", () -> c.g.attention(q, k, v, s.heads)));
        });
    }

    private static OpCase oneValueAsAllThree() {
        return OpCase.of("gradients of Attention of x to itself", c -> {
            Value x = c.activation("x", new Shape(1, 2, 2, 4));
            c.train(c.g.in("attention", () -> c.g.attention(x, x, x, 2)));
        });
    }
}
