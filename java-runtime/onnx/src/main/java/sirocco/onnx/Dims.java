package sirocco.onnx;

import java.util.List;
import sirocco.api.Axis;
import sirocco.api.Shape;

/** The sizes of a value's four axes, in their logical order. */
record Dims(List<Dim> sizes) {
    Dims {
        sizes = List.copyOf(sizes);
    }

    static Dims of(Shape s) {
        return new Dims(List.of(Dim.of(s.n()), Dim.of(s.h()), Dim.of(s.w()), Dim.of(s.c())));
    }

    Dim at(Axis axis) {
        return sizes.get(axis.ordinal());
    }

    /** Returns the shape of a tensor whose axes lie in this order. */
    List<Dim> in(Order order) {
        return order.axes().stream().map(this::at).toList();
    }

    /** Returns the number of elements. */
    Dim elements() {
        return sizes.stream().reduce(Dim.ONE, Dim::times);
    }

    boolean isConstant() {
        return sizes.stream().allMatch(Dim::isConstant);
    }
}
