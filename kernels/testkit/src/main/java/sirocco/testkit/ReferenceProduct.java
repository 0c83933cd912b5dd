package sirocco.testkit;

import sirocco.api.Product;
import sirocco.api.Reduction;

/** Sums of products, and of elements. */
final class ReferenceProduct {
    private ReferenceProduct() { }

    /** {@link Product.MatMul} */
    static void matMul(Tensor a, Tensor b, boolean transposeA, boolean transposeB, Tensor y) {
        int depth = transposeA ? a.w() : a.c();
        y.forEach((n, h, row, column) -> {
            double sum = 0;
            for (int k = 0; k < depth; k++) {
                sum += (transposeA ? a.broadcast(n, h, k, row) : a.broadcast(n, h, row, k)) * (transposeB ? b.broadcast(n, h, column, k)
                        : b.broadcast(n, h, k, column));
            }
            y.set(n, h, row, column, sum);
        });
    }

    /** {@link Reduction.Reduce} */
    static void reduce(Tensor x, Reduction.Function function, Tensor y) {
        y.fill(function == Reduction.Function.MAXIMUM ? Double.NEGATIVE_INFINITY : 0);
        x.forEach((n, h, w, c) -> {
            int i = y.broadcastAt(n, h, w, c);
            double e = x.get(n, h, w, c);
            y.set(i, function == Reduction.Function.MAXIMUM ? Math.max(y.get(i), e) : y.get(i) + e);
        });
        if (function == Reduction.Function.MEAN) {
            double terms = (double) x.size() / y.size();
            for (int i = 0; i < y.size(); i++) {
                y.set(i, y.get(i) / terms);
            }
        }
    }
}
