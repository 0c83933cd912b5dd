package sirocco.onnx.proto;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A constant.
 *
 * @param dims its shape; empty for a scalar
 * @param data writes its elements, little-endian, in row-major order
 */
public record TensorProto(String name, ElementType type, List<Long> dims, Fields.Body data) implements Message {
    public TensorProto {
        dims = List.copyOf(dims);
    }

    /** Returns a constant of whole numbers. */
    public static TensorProto of(String name, List<Long> dims, long... values) {
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asLongBuffer().put(values);
        return new TensorProto(name, ElementType.INT64, dims, out -> out.writeRawBytes(bytes.array()));
    }

    /** Returns a constant of whole numbers of 32 bits. */
    public static TensorProto of(String name, List<Long> dims, int... values) {
        ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(values);
        return new TensorProto(name, ElementType.INT32, dims, out -> out.writeRawBytes(bytes.array()));
    }

    /** Returns a constant of numbers. */
    public static TensorProto of(String name, List<Long> dims, float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return new TensorProto(name, ElementType.FLOAT, dims, out -> out.writeRawBytes(bytes.array()));
    }

    /** Returns the size of its elements in bytes. */
    public long dataBytes() {
        return dims.stream().reduce(1L, (a, b) -> a * b) * type.bytes();
    }

    @Override
    public void fields(Fields out) throws IOException {
        out.integers(1, dims);
        out.integer(2, type.number());
        out.text(8, name);
        out.bytes(9, dataBytes(), data);
    }
}
