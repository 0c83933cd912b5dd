package sirocco.api;

/**
 * Loops that reach what a device's hardware can do at most, to state kernels' rates as shares of. Each call runs one loop and returns when it is done; the
 * rate is what it returns per second.
 */
public interface HardwareLimits {
    /** Multiplies and adds in registers alone. Returns the floating-point operations done, a multiply-add counting two. */
    double multiply();

    /** Copies arrays larger than any cache (McCalpin's STREAM). Returns the bytes read and written. */
    double copy();
}
