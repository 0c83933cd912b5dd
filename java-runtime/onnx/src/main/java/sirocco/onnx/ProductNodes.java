package sirocco.onnx;

import java.util.List;
import sirocco.api.Axis;
import sirocco.api.Product;
import sirocco.api.Reduction;
import sirocco.onnx.proto.AttributeProto;

/** Writes matrix products and reductions. */
final class ProductNodes {
    private final Writer w;

    ProductNodes(Writer w) {
        this.w = w;
    }

    /** y = op(a)·op(b), or its transpose op(b)ᵀ·op(a)ᵀ, whichever needs fewer transpositions. */
    void matMul(Product.MatMul op) {
        Order a = op.transposeA() ? Order.NHCW : Order.NHWC;
        Order b = op.transposeB() ? Order.NHCW : Order.NHWC;
        Order otherA = op.transposeA() ? Order.NHWC : Order.NHCW;
        Order otherB = op.transposeB() ? Order.NHWC : Order.NHCW;
        long straight = cost(op, a, b, Order.NHWC);
        long transposed = cost(op, otherA, otherB, Order.NHCW);
        if (straight <= transposed) {
            w.tensors.define(op.y(), Order.NHWC, w.nodes.node("MatMul", w.tensors.in(op.a(), a), w.tensors.in(op.b(), b)));
        } else {
            w.tensors.define(op.y(), Order.NHCW, w.nodes.node("MatMul", w.tensors.in(op.b(), otherB), w.tensors.in(op.a(), otherA)));
        }
    }

    private long cost(Product.MatMul op, Order a, Order b, Order y) {
        boolean wished = w.wishes.of(op.y()).map(o -> o.same(y, w.dims(op.y()))).orElse(y.equals(Order.NHWC));
        return w.tensors.cost(op.a(), a) + w.tensors.cost(op.b(), b) + (wished ? 0 : w.dims(op.y()).elements().first());
    }

    void reduce(Reduction.Reduce op) {
        Order o = w.order(op.y(), List.of(op.x()));
        String x = w.tensors.in(op.x(), o);
        List<Long> axes = op.axes().stream().map((Axis a) -> (long) o.position(a)).sorted().toList();
        AttributeProto attribute = AttributeProto.of("axes", axes.stream().mapToLong(Long::longValue).toArray());
        w.tensors.define(op.y(), o, switch (op.function()) {
            case SUM -> w.nodes.node("ReduceSum", x, w.nodes.vector(axes)); // an input since operator set 13
            case MEAN -> w.nodes.node("ReduceMean", x, attribute);
            case MAXIMUM -> w.nodes.node("ReduceMax", x, attribute);
        });
    }
}
