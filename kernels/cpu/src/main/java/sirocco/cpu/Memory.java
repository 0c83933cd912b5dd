package sirocco.cpu;

import java.util.List;
import java.util.Optional;
import sirocco.api.DType;
import sirocco.api.Plan;
import sirocco.api.Value;

/**
 * A plan's memory: F32 values in two arrays, persistent ones and the arena; prepared weights in a third; every I32 and U8 value in an array
 * of its own. So the persistent array ends where F32 values do; I32 temporaries, a few bytes an image, leave their places in the arena empty.
 * The three begin with a few floats for nothing, so that what the plan aligned is aligned.
 */
final class Memory {
    /** Elements that every virtual machine gives an array, if it has the memory. */
    static final int LARGEST_ARRAY = Integer.MAX_VALUE - 8;

    private static final Slice NOWHERE = new Slice(null, 0);

    private final Plan plan;
    private final float[] persistent;
    private final float[] arena;
    private final float[] prepared;
    private final int[][] ints;
    private final byte[][] bytes;

    /** @throws IllegalArgumentException if the plan is larger than an array or the heap can be */
    Memory(Plan plan) {
        this.plan = plan;
        int persistentFloats = floats(persistentFloatBytes(plan), "persistent values");
        int arenaFloats = floats(plan.arenaBytes(), "the arena");
        int preparedFloats = floats(plan.extraBytes(), "prepared weights");
        if (plan.totalBytes() > Runtime.getRuntime().maxMemory()) {
            throw tooLarge();
        }
        ints = new int[plan.graph().values().size()][];
        bytes = new byte[plan.graph().values().size()][];
        try {
            persistent = new float[Alignment.FIRST + persistentFloats];
            arena = new float[Alignment.FIRST + arenaFloats];
            prepared = new float[Alignment.FIRST + preparedFloats];
            for (Value v : plan.graph().values()) {
                switch (v.dtype()) {
                    case F32 -> { }
                    case I32 -> ints[v.id()] = new int[Math.toIntExact(v.shape().elements())];
                    case U8 -> bytes[v.id()] = new byte[Math.toIntExact(v.shape().elements())];
                }
            }
        } catch (OutOfMemoryError e) {
            throw tooLarge();
        }
    }

    /** The planner has F32 values first. */
    private static long persistentFloatBytes(Plan plan) {
        return plan.graph().values().stream().filter(v -> v.persistent() && v.dtype() == DType.F32).map(plan::slot)
                .mapToLong(slot -> slot.offset() + slot.bytes()).max().orElse(0);
    }

    private static int floats(long bytes, String what) {
        long floats = bytes / Float.BYTES;
        if (floats > LARGEST_ARRAY - Alignment.FIRST) {
            throw new IllegalArgumentException("cpu: " + what + " take " + floats + " floats, and a Java array holds " + (LARGEST_ARRAY - Alignment.FIRST)
                    + " at most; use a smaller batch");
        }
        return (int) floats;
    }

    private IllegalArgumentException tooLarge() {
        long mib = 1 << 20;
        return new IllegalArgumentException("cpu: the plan needs " + (plan.totalBytes() + mib - 1) / mib + " MiB (" + plan.summary()
                + "), and the JVM's heap is at most " + Runtime.getRuntime().maxMemory() / mib + " MiB; raise it with -Xmx or use a smaller batch");
    }

    /** Where an F32 value lies. */
    Slice at(Value v) {
        Plan.Slot slot = plan.slot(v);
        return new Slice(slot.region() == Plan.Region.ARENA ? arena : persistent, Alignment.FIRST + (int) (slot.offset() / Float.BYTES));
    }

    /** Where each of several F32 values lies. */
    Slice[] at(List<Value> values) {
        return values.stream().map(this::at).toArray(Slice[]::new);
    }

    /** Null if there is no value. */
    Slice at(Optional<Value> v) {
        return v.isPresent() ? at(v.get()) : null;
    }

    /** The same, with no array behind the place of a value that is not there: for kernels that take an array and an offset. */
    Slice atOrNowhere(Optional<Value> v) {
        return v.isPresent() ? at(v.get()) : NOWHERE;
    }

    /** A step's scratch; a slice of no length if it has none. */
    Slice scratch(int step) {
        return new Slice(arena, Alignment.FIRST + (int) (plan.scratch()[step] / Float.BYTES));
    }

    Slice prepared(int offset) {
        return new Slice(prepared, Alignment.FIRST + offset);
    }

    int[] ints(Value v) {
        return ints[v.id()];
    }

    byte[] bytes(Value v) {
        return bytes[v.id()];
    }
}
