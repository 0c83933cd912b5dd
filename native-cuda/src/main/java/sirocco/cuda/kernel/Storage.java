package sirocco.cuda.kernel;

/** How activations lie in device memory. Parameters, optimizer state, statistics, losses and gradients of weights are always float32. */
public enum Storage {
    F32(4), BF16(2);

    private final int bytes;

    Storage(int bytes) {
        this.bytes = bytes;
    }

    public int bytes() {
        return bytes;
    }

    /** Elements of a 16-byte access. */
    public int vector() {
        return 16 / bytes;
    }

    /** A kernel that is compiled for each storage type, as in {@code add_f32}. */
    public String kernel(String name) {
        return name + (this == F32 ? "_f32" : "_bf16");
    }
}
