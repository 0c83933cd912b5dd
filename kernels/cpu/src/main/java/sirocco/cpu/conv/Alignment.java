package sirocco.cpu.conv;

/**
 * Starts memory of a kernel's own on a cache line. A vector that straddles two lines is loaded twice: transforms of weights run at half
 * the speed, and products lose a tenth. An array's elements begin 16 bytes behind the object's start, and large objects start on
 * cache lines; should a virtual machine do otherwise, only time is lost.
 */
final class Alignment {
    /** Floats that {@link #up} skips at most. */
    static final int SLACK = 15;

    private static final int LINE = 16;
    private static final int HEADER = 4;

    private Alignment() { }

    /** The first aligned offset from {@code offset} on. */
    static int up(int offset) {
        return (offset + HEADER + LINE - 1) / LINE * LINE - HEADER;
    }
}
