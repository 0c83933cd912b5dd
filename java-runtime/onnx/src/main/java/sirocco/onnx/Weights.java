package sirocco.onnx;

import com.google.protobuf.CodedOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.function.Function;
import sirocco.api.Axis;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.onnx.proto.ElementType;
import sirocco.onnx.proto.TensorProto;

/**
 * Writes a network's weights, in the order of axes that the nodes need.
 *
 * @param arrays returns a parameter's elements in logical order; it is asked when a file is written, once for each tensor
 */
record Weights(Function<Value, float[]> arrays) {
    /** Elements that are converted at a time. */
    private static final int CHUNK = 1 << 14;

    /** Returns a parameter as a tensor. Only the given axes appear in the tensor's shape; the others must have size 1. */
    TensorProto tensor(String name, Value parameter, List<Axis> axes) {
        Shape s = parameter.shape();
        List<Long> dims = axes.stream().map(a -> (long) s.size(a)).toList();
        return new TensorProto(name, ElementType.FLOAT, dims, out -> write(arrays.apply(parameter), parameter, axes, out));
    }

    private static void write(float[] elements, Value parameter, List<Axis> axes, CodedOutputStream out) throws IOException {
        Shape s = parameter.shape();
        if (elements.length != s.elements()) {
            throw new IllegalArgumentException("export: weight \"" + parameter.name() + "\" has " + elements.length + " elements (expected " + s.elements()
                    + ", shape " + s + ")");
        }
        int[] sizes = new int[axes.size()];
        int[] strides = new int[axes.size()];
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = s.size(axes.get(i));
            strides[i] = stride(s, axes.get(i));
        }
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * CHUNK).order(ByteOrder.LITTLE_ENDIAN);
        int[] index = new int[sizes.length];
        int from = 0;
        for (int i = 0; i < elements.length; i++) {
            bytes.putFloat(elements[from]);
            if (!bytes.hasRemaining() || i == elements.length - 1) {
                out.writeRawBytes(bytes.array(), 0, bytes.position());
                bytes.clear();
            }
            for (int axis = sizes.length - 1; axis >= 0; axis--) {
                from += strides[axis];
                if (++index[axis] < sizes[axis]) {
                    break;
                }
                from -= strides[axis] * sizes[axis];
                index[axis] = 0;
            }
        }
    }

    private static int stride(Shape s, Axis axis) {
        return switch (axis) {
            case N -> s.h() * s.w() * s.c();
            case H -> s.w() * s.c();
            case W -> s.c();
            case C -> 1;
        };
    }
}
