package sirocco.api;

/**
 * How a device is to be opened.
 *
 * @param threads CPU threads; 0 for one per processor
 * @param device which of the backend's devices, from 0
 * @param precision of storage and products
 * @param tuning which variants of kernels were measured to be the fastest, for backends that have several
 */
public record Settings(int threads, int device, Precision precision, Tuning tuning) {
    public enum Precision { F32, TF32, BF16 }

    public static final Settings DEFAULT = new Settings(0, 0, Precision.F32);

    /** Without measurements. */
    public Settings(int threads, int device, Precision precision) {
        this(threads, device, precision, Tuning.NONE);
    }

    public Settings {
        if (threads < 0 || threads > 4096) {
            throw new IllegalArgumentException("threads: expected 1 to 4096, or 0 for one per processor, got " + threads);
        }
        if (device < 0) {
            throw new IllegalArgumentException("device: expected 0 or more, got " + device);
        }
    }
}
