package sirocco.cpu;

/**
 * Where in an array a cache line begins. A vector that straddles two lines is loaded twice and stored twice: Winograd's transforms run
 * at half the speed, and products lose a tenth.
 *
 * <p>An array's elements begin 16 bytes behind the object's start, and objects start on cache lines if the virtual machine was started
 * with {@link #FLAG}. Without it only time is lost.
 */
public final class Alignment {
    /** What the launchers start the virtual machine with. */
    public static final String FLAG = "-XX:ObjectAlignmentInBytes=64";
    /** Floats that {@link #up} skips at most. */
    public static final int SLACK = 15;
    /** The first aligned element of a {@code float[]}. */
    public static final int FIRST = 12;

    private static final int LINE = 16;
    private static final int HEADER = LINE - FIRST;

    private Alignment() { }

    /** The first aligned offset from {@code offset} on. */
    public static int up(int offset) {
        return (offset + HEADER + LINE - 1) / LINE * LINE - HEADER;
    }
}
