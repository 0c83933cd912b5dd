package sirocco.tornado.kernel;

import uk.ac.manchester.tornado.api.types.BFloat16;

/**
 * What kernels for tensor cores share. {@code mma} takes 16 × 16 of A, by rows, and 16 × 8 of B, by rows too, two numbers a word: pairs along a
 * row. Tiles lie in local memory one after another: A's of 16 steps of the depth [rows][8 words], B's of 16 steps as blocks of 8 columns
 * [16 steps][4 words].
 *
 * <p><b>Results.</b> TornadoVM gives no element of a fragment; {@code mmaStore} writes all of it to a FloatArray. What comes out writes by a pointer
 * past a header, though, and that may be one to local memory: {@code (FloatArray) (Object) local}, which would throw in Java, and which TornadoVM does
 * not check. Elements then begin at {@link #HEADER}.
 */
final class Fragments {
    /** Steps of the depth of one mma. */
    static final int STEPS = 16;
    /** Bytes of one mma's A. */
    static final int A_BYTES = 16 * STEPS * 2;
    /** Words of one mma's B, and bytes. */
    static final int B_WORDS = 8 * STEPS / 2;
    static final int B_BYTES = 4 * B_WORDS;

    /** Floats that {@code mmaStore} leaves out in front of what it writes to: as many as this JVM's header of a float[]. */
    static final int HEADER = header();

    /** Floats from row to row of 64 × 64 results in local memory: rows of a fragment then lie in different banks, but for two each. */
    static final int PITCH = 64 + 8;
    /** Floats of all of them, with the header: a multiple of 16 bytes. */
    static final int RESULTS = 64 * PITCH + 8;

    private Fragments() { }

    private static int header() {
        try { // by name, since it is deprecated; nothing else tells
            return Class.forName("sun.misc.Unsafe").getField("ARRAY_FLOAT_BASE_OFFSET").getInt(null) / Float.BYTES;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this JVM does not tell how long a float[]'s header is, which bf16 on TornadoVM needs; use F32", e);
        }
    }

    /** Two numbers in a word, as bf16. In longs, since TornadoVM computes what is made of a short in 16 bits. */
    static int pair(float low, float high) {
        long lowBits = BFloat16.bf16FromFloat(low);
        long highBits = BFloat16.bf16FromFloat(high);
        return (int) (lowBits & 0xFFFFL | (highBits & 0xFFFFL) << 16);
    }
}
