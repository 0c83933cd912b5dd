package sirocco.gpu;

/**
 * Device memory that a launch may read and write.
 *
 * @param address of the first byte, on the device
 */
public record DeviceBuffer(long address, long bytes) { }
