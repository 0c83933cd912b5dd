package sirocco.api;

/**
 * A value in its place in an op.
 *
 * @param name of the record component, as in {@code x} or {@code gamma}
 */
public record Operand(String name, Value value, OperandRole role, Access access) {
    /** What an op does with an operand. */
    public enum Access {
        /** Reads it. */
        READ,
        /** Writes every element. */
        WRITTEN,
        /** Changes it in place. */
        UPDATED
    }
}
