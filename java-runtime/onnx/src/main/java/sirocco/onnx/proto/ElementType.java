package sirocco.onnx.proto;

/** {@code TensorProto.DataType}: the element types that an exported network uses. */
public enum ElementType {
    FLOAT(1, 4), UINT8(2, 1), INT32(6, 4), INT64(7, 8);

    private final int number;
    private final int bytes;

    ElementType(int number, int bytes) {
        this.number = number;
        this.bytes = bytes;
    }

    /** The type's number in a file. */
    public int number() {
        return number;
    }

    /** The size of an element. */
    public int bytes() {
        return bytes;
    }
}
