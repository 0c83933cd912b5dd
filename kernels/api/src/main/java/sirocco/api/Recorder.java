package sirocco.api;

import java.util.function.Supplier;

/** What the recording methods of the op families need of a {@link GraphBuilder}. */
public interface Recorder {
    /** A temporary F32 value, named by the path so far; {@code what} distinguishes several of one layer. */
    Value temporary(String what, Shape shape);

    /** A temporary value of any type. */
    Value temporary(String what, Shape shape, DType dtype);

    /**
     * Adds a step. Its operands must have been written before; whether their shapes fit together is the caller's responsibility.
     *
     * @return {@code result}
     * @throws IllegalArgumentException if an operand is read before anything wrote it, or if its element type does not suit its role
     */
    Value record(Op op, Value result);

    /** The path of layers so far. */
    String path();

    /** @throws IllegalArgumentException unless {@code ok}, naming op, path and problem */
    default void check(boolean ok, String op, Supplier<String> problem) {
        if (!ok) {
            throw new IllegalArgumentException(op + " \"" + path() + "\": " + problem.get());
        }
    }

    /** @throws IllegalArgumentException unless the shapes are equal */
    default void same(String op, String what, Shape actual, Shape expected) {
        check(actual.equals(expected), op, () -> what + " has shape " + actual + ", expected " + expected);
    }

    /** @throws IllegalArgumentException unless these are a random key and n sample indices */
    default void checkRng(String op, Value rng, Value index, int n) {
        checkKey(op, rng);
        check(index.dtype() == DType.I32 && index.shape().equals(Shape.features(n, 1)), op, () -> "index must be I32 [" + n + ",1,1,1], got " + index);
    }

    /** @throws IllegalArgumentException unless this is a random key */
    default void checkKey(String op, Value rng) {
        check(rng.dtype() == DType.I32 && rng.shape().equals(Shape.vector(4)), op, () -> "rng must be I32 [1,1,1,4], got " + rng);
    }
}
