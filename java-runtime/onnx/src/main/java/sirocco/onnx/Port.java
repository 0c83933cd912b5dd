package sirocco.onnx;

import java.util.List;
import sirocco.api.Axis;
import sirocco.api.Value;
import sirocco.onnx.proto.ElementType;

/**
 * An input or output of an exported network.
 *
 * @param value the graph's value behind it
 * @param name in the file
 * @param axes the tensor's axes, outermost first; an axis of the value that is not named here has size 1
 * @param type of the elements in the file; an I32 value may be INT64 there
 */
public record Port(Value value, String name, List<Axis> axes, ElementType type) {
    public Port {
        axes = List.copyOf(axes);
        if (axes.size() != axes.stream().distinct().count()) {
            throw new IllegalArgumentException("port \"" + name + "\": an axis is named twice (expected different axes, got " + axes + ")");
        }
    }

    /** Images in ONNX's order: [N,C,H,W], F32. */
    public static Port images(Value value, String name) {
        return new Port(value, name, Order.NCHW.axes(), ElementType.FLOAT);
    }

    /** One number for each image: [N], F32. */
    public static Port numbers(Value value, String name) {
        return new Port(value, name, List.of(Axis.N), ElementType.FLOAT);
    }

    /** One whole number for each image: [N], INT64. */
    public static Port labels(Value value, String name) {
        return new Port(value, name, List.of(Axis.N), ElementType.INT64);
    }

    /** All four axes in the logical order, in the value's own type. */
    public static Port logical(Value value, String name) {
        return new Port(value, name, Order.NHWC.axes(), switch (value.dtype()) {
            case F32 -> ElementType.FLOAT;
            case I32 -> ElementType.INT32;
            case U8 -> ElementType.UINT8;
        });
    }
}
