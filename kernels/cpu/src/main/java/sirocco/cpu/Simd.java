package sirocco.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector width of every kernel: the machine's preferred one, at most 512 bits since a channel block is 16 floats.
 *
 * <p>The system property {@code sirocco.cpu.vectorBits} (64, 128, 256 or 512) overrides it, so that one machine can test the code that
 * another one will run. The fields are static finals: the compiler takes them for constants.
 */
public final class Simd {
    /** Bits of a vector. */
    public static final int BITS = bits();
    /** float32 vectors. */
    public static final VectorSpecies<Float> F = VectorSpecies.of(float.class, VectorShape.forBitSize(BITS));
    /** int32 vectors, as many lanes as {@link #F}. */
    public static final VectorSpecies<Integer> I = VectorSpecies.of(int.class, VectorShape.forBitSize(BITS));
    /** int64 vectors, half as many lanes as {@link #F}. */
    public static final VectorSpecies<Long> L = VectorSpecies.of(long.class, VectorShape.forBitSize(BITS));
    /** Lanes of {@link #F}: 2, 4, 8 or 16, a divisor of {@link Layout#BLOCK}. */
    public static final int LANES = F.length();

    private Simd() { }

    private static int bits() {
        int preferred = Math.min(512, Math.max(64, FloatVector.SPECIES_PREFERRED.vectorBitSize()));
        int bits = Integer.getInteger("sirocco.cpu.vectorBits", preferred);
        if (bits != 64 && bits != 128 && bits != 256 && bits != 512) {
            throw new IllegalArgumentException("sirocco.cpu.vectorBits: expected 64, 128, 256 or 512, got " + bits);
        }
        return bits;
    }

    /** The float vector at {@code a[i]}. */
    public static FloatVector load(float[] a, int i) {
        return FloatVector.fromArray(F, a, i);
    }

    /** {@code value} in every lane. */
    public static FloatVector all(float value) {
        return FloatVector.broadcast(F, value);
    }

    /** {@code value} in every lane. */
    public static IntVector all(int value) {
        return IntVector.broadcast(I, value);
    }

    /** {@code value} in every lane. */
    public static LongVector all(long value) {
        return LongVector.broadcast(L, value);
    }
}
