package sirocco.gpu;

import java.util.Arrays;
import java.util.List;
import sirocco.api.Axis;
import sirocco.api.Movement;
import sirocco.api.Shape;

/**
 * A box of elements that is copied from one tensor to another. Element (n, h, w, c) of the box is read at {@code from} + Σ (index % size) · stride of x and
 * written at {@code to} + Σ index · stride of y. Strides and sizes are in the order of {@link Axis}.
 *
 * @param shape of the box
 * @param x strides of the tensor that is read
 * @param size indices along each axis after which reading begins again
 * @param y strides of the tensor that is written
 */
public record Box(Shape shape, int from, int[] x, int[] size, int to, int[] y) {
    /** Returns the box of a slice. */
    public static Box of(Movement.Slice op) {
        Shape x = op.x().shape();
        Shape y = op.y().shape();
        return new Box(y, op.from() * Strides.of(x, op.axis()), Strides.of(x), sizes(x), 0, Strides.of(y));
    }

    /** Returns the boxes of a concatenation: a's and b's. */
    public static List<Box> of(Movement.Concat op) {
        Shape a = op.a().shape();
        Shape b = op.b().shape();
        int[] y = Strides.of(op.y().shape());
        return List.of(new Box(a, 0, Strides.of(a), sizes(a), 0, y),
                new Box(b, 0, Strides.of(b), sizes(b), a.size(op.axis()) * y[op.axis().ordinal()], y));
    }

    /** Returns the box of a repetition. */
    public static Box of(Movement.Repeat op) {
        Shape x = op.x().shape();
        Shape y = op.y().shape();
        return new Box(y, 0, Strides.of(x), sizes(x), 0, Strides.of(y));
    }

    /** Returns the box of a permutation. */
    public static Box of(Movement.Permute op) {
        Shape y = op.y().shape();
        int[] x = op.order().stream().mapToInt(axis -> Strides.of(op.x().shape(), axis)).toArray();
        return new Box(y, 0, x, sizes(y), 0, Strides.of(y));
    }

    /** Returns the box of a copy in logical order. */
    public static Box copy(long elements) {
        Shape flat = Shape.vector((int) elements);
        return new Box(flat, 0, Strides.of(flat), sizes(flat), 0, Strides.of(flat));
    }

    private static int[] sizes(Shape s) {
        return Arrays.stream(Axis.values()).mapToInt(s::size).toArray();
    }
}
