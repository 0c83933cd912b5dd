package sirocco.api;

/** What a plan's values and the host's arrays must have in common, for all backends to check alike. */
public final class HostArrays {
    private HostArrays() { }

    /** @throws IllegalArgumentException unless the host may write {@code length} numbers of this type to it */
    public static void checkWrite(Plan plan, Value v, DType dtype, int length) {
        check("write", plan, v, dtype, length);
        checkHostWrites(v);
    }

    /** @throws IllegalArgumentException unless the host may write {@code length} numbers of this type to it, from element {@code first} on */
    public static void checkWrite(Plan plan, Value v, DType dtype, long first, int length) {
        long size = v.shape().elements();
        check("write", plan, v, dtype, size);
        checkHostWrites(v);
        if (first < 0 || first > size - length) {
            throw new IllegalArgumentException("write " + v + ": elements " + first + " to " + (first + length - 1) + " are not all of its " + size);
        }
    }

    private static void checkHostWrites(Value v) {
        if (!v.persistent()) {
            throw new IllegalArgumentException("write " + v + ": only inputs, parameters and states are written by the host; this is a temporary");
        }
    }

    /** @throws IllegalArgumentException unless the host may read {@code length} numbers of this type from it */
    public static void checkRead(Plan plan, Value v, DType dtype, int length) {
        check("read", plan, v, dtype, length);
        if (!v.persistent() && !plan.graph().outputs().contains(v)) {
            throw new IllegalArgumentException("read " + v + ": its memory has been used again; mark it as an output of the graph to read it");
        }
    }

    private static void check(String what, Plan plan, Value v, DType dtype, long length) {
        var values = plan.graph().values();
        if (v.id() >= values.size() || values.get(v.id()) != v) {
            throw new IllegalArgumentException(what + " " + v + ": not a value of this plan's graph");
        }
        if (v.dtype() != dtype) {
            throw new IllegalArgumentException(what + " " + v + ": the value is " + v.dtype() + ", the array is for " + dtype);
        }
        if (v.shape().elements() != length) {
            throw new IllegalArgumentException(what + " " + v + ": expected " + v.shape().elements() + " elements, got " + length);
        }
    }
}
