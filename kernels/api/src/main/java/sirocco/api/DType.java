package sirocco.api;

/** Element types a value can have. */
public enum DType {
    F32(4), I32(4), U8(1);

    private final int bytes;

    DType(int bytes) {
        this.bytes = bytes;
    }

    public int bytes() {
        return bytes;
    }
}
