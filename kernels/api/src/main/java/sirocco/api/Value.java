package sirocco.api;

/**
 * One array of a graph. Values are made by {@link GraphBuilder}; {@code id} is their number in it.
 *
 * @param name path of the layer that makes it, as in {@code down_blocks.0.resnets.1.conv1}; for parameters the key in a model file
 */
public record Value(int id, String name, Shape shape, DType dtype, Role role) {
    /** How long a value lives and who writes it. */
    public enum Role {
        /** Written by the host, read by ops. Keeps its contents from run to run. */
        INPUT,
        /** A trainable weight: written by the host or by an optimizer op. Keeps its contents. */
        PARAMETER,
        /** Changed in place by ops, readable and writable by the host, zero at first. Keeps its contents. */
        STATE,
        /** Written once in a run by one op; its memory is reused after the last op that reads it. */
        TEMPORARY
    }

    /** Whether the contents survive from run to run. */
    public boolean persistent() {
        return role != Role.TEMPORARY;
    }

    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return id;
    }

    @Override
    public String toString() {
        return "%" + id + " " + name + shape + (dtype == DType.F32 ? "" : ":" + dtype);
    }
}
