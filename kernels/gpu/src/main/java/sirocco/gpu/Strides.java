package sirocco.gpu;

import java.util.Arrays;
import sirocco.api.Axis;
import sirocco.api.Shape;

/** Strides of dense tensors in NHWC order, in elements. */
public final class Strides {
    private Strides() { }

    /** Returns the elements from one along an axis to the next. */
    public static int of(Shape s, Axis axis) {
        return switch (axis) {
            case N -> (int) s.imageElements();
            case H -> s.w() * s.c();
            case W -> s.c();
            case C -> 1;
        };
    }

    /** Returns the strides of the four axes. */
    public static int[] of(Shape s) {
        return Arrays.stream(Axis.values()).mapToInt(axis -> of(s, axis)).toArray();
    }

    /** Returns the strides of an operand that is broadcast to {@code y}: 0 along axes where only y has several elements. */
    public static int[] broadcast(Shape operand, Shape y) {
        return Arrays.stream(Axis.values()).mapToInt(axis -> operand.size(axis) == y.size(axis) ? of(operand, axis) : 0).toArray();
    }

    /** Returns the stride of a batch axis; 0 if one matrix is used for the whole axis. */
    static int batch(Shape s, Axis axis) {
        return s.size(axis) == 1 ? 0 : of(s, axis);
    }
}
