package sirocco.io;

import java.util.List;

/**
 * What a safetensors header says of one tensor, checked: {@code end − begin} is the shape's number of elements times the type's bytes.
 *
 * @param shape outermost dimension first; empty for a scalar
 * @param begin first byte, counted from the end of the header
 * @param end one past the last byte
 */
public record TensorInfo(String name, TensorType type, List<Long> shape, long begin, long end) {
    public TensorInfo {
        shape = List.copyOf(shape);
    }

    /** How many elements it has; 1 for a scalar. */
    public long elements() {
        return (end - begin) / type.bytes();
    }

    /** The bytes of {@code shape} elements, or −1 when a dimension is negative or the product exceeds a long. */
    static long byteSize(TensorType type, List<Long> shape) {
        try {
            long size = type.bytes();
            for (long d : shape) {
                if (d < 0) {
                    return -1;
                }
                size = Math.multiplyExact(size, d);
            }
            return size;
        } catch (ArithmeticException overflow) {
            return -1;
        }
    }
}
