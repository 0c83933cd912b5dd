package sirocco.cpu;

import java.util.List;
import java.util.Optional;
import sirocco.api.DType;
import sirocco.api.MemoryPlanner;
import sirocco.api.Plan;
import sirocco.api.Value;

/**
 * A plan's memory: persistent F32 values, the arena and prepared weights, each in one array, or in several where it is larger than an array can be; every I32 and
 * U8 value in an array of its own. So the persistent arrays end where F32 values do; I32 temporaries, a few bytes an image, leave their places in the arena empty.
 * An array begins with a few floats for nothing, so that what the plan aligned is aligned.
 */
final class Memory {
    /** Elements that every virtual machine gives an array, if it has the memory. */
    static final int LARGEST_ARRAY = Integer.MAX_VALUE - 8;

    /** The largest piece of a plan's memory that an array holds behind its first floats: almost 8 GiB. */
    static final long PIECE_BYTES = (long) (LARGEST_ARRAY - Alignment.FIRST) * Float.BYTES / MemoryPlanner.ALIGNMENT * MemoryPlanner.ALIGNMENT;

    private static final Slice NOWHERE = new Slice(null, 0);
    private static final Slice EMPTY = new Slice(new float[Alignment.FIRST], Alignment.FIRST);

    private final Plan plan;
    private final long piece;
    private final float[][] persistent;
    private final float[][] arena;
    private final float[][] prepared;
    private final int[][] ints;
    private final byte[][] bytes;

    /**
     * @param pieceBytes size of the arrays, that of the plan's pieces
     * @throws IllegalArgumentException if the plan is larger than the heap can be
     */
    Memory(Plan plan, long pieceBytes) {
        this.plan = plan;
        piece = pieceBytes / Float.BYTES;
        if (plan.totalBytes() > Runtime.getRuntime().maxMemory()) {
            throw tooLarge();
        }
        ints = new int[plan.graph().values().size()][];
        bytes = new byte[plan.graph().values().size()][];
        try {
            persistent = pieces(persistentFloatBytes(plan) / Float.BYTES);
            arena = pieces(plan.arenaBytes() / Float.BYTES);
            prepared = pieces(plan.extraBytes() / Float.BYTES);
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

    private float[][] pieces(long floats) {
        float[][] arrays = new float[Math.toIntExact((floats + piece - 1) / piece)][];
        for (int i = 0; i < arrays.length; i++) {
            arrays[i] = new float[Alignment.FIRST + (int) Math.min(piece, floats - i * piece)];
        }
        return arrays;
    }

    private Slice slice(float[][] arrays, long floats) {
        int array = (int) (floats / piece);
        // What is empty has a place, but may have no array.
        return array < arrays.length ? new Slice(arrays[array], Alignment.FIRST + (int) (floats % piece)) : EMPTY;
    }

    private IllegalArgumentException tooLarge() {
        long mib = 1 << 20;
        return new IllegalArgumentException("cpu: the plan needs " + (plan.totalBytes() + mib - 1) / mib + " MiB (" + plan.summary()
                + "), and the JVM's heap is at most " + Runtime.getRuntime().maxMemory() / mib + " MiB; raise it with -Xmx or use a smaller batch");
    }

    /** Where an F32 value lies. */
    Slice at(Value v) {
        Plan.Slot slot = plan.slot(v);
        return slice(slot.region() == Plan.Region.ARENA ? arena : persistent, slot.offset() / Float.BYTES);
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
        return slice(arena, plan.scratch()[step] / Float.BYTES);
    }

    Slice prepared(long offset) {
        return slice(prepared, offset);
    }

    int[] ints(Value v) {
        return ints[v.id()];
    }

    byte[] bytes(Value v) {
        return bytes[v.id()];
    }
}
