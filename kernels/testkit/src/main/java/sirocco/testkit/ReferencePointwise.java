package sirocco.testkit;

import sirocco.api.BinaryFunction;
import sirocco.api.Pointwise;
import sirocco.api.UnaryFunction;

/** Functions of elements. */
final class ReferencePointwise {
    private ReferencePointwise() { }

    /** {@link Pointwise.Unary} */
    static void unary(Tensor x, UnaryFunction function, Tensor y) {
        for (int i = 0; i < y.size(); i++) {
            y.set(i, function.of(x.get(i)));
        }
    }

    /** {@link Pointwise.UnaryBackward} */
    static void unaryBackward(Tensor x, Tensor dy, UnaryFunction function, Tensor dx) {
        for (int i = 0; i < dx.size(); i++) {
            dx.set(i, dy.get(i) * function.derivative(x.get(i)));
        }
    }

    /** {@link Pointwise.Affine} */
    static void affine(Tensor x, double scale, double shift, Tensor y) {
        for (int i = 0; i < y.size(); i++) {
            y.set(i, scale * x.get(i) + shift);
        }
    }

    /** {@link Pointwise.Binary} */
    static void binary(Tensor a, Tensor b, BinaryFunction function, Tensor y) {
        y.forEach((n, h, w, c) -> y.set(n, h, w, c, function.of(a.broadcast(n, h, w, c), b.broadcast(n, h, w, c))));
    }
}
