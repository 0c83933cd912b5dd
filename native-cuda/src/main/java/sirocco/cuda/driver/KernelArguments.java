package sirocco.cuda.driver;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import jcuda.Pointer;

/** A kernel's arguments outside the heap as the driver takes them, a pointer to each: laid out once, for JCuda and for java.lang.foreign. */
public final class KernelArguments {
    /** What structures may ask for: a CUtensorMap. */
    private static final int ALIGNMENT = 64;

    private final MemorySegment pointers;
    private final Pointer pointer;

    /**
     * @param what the step, for errors
     * @param values Long, Integer, Float, or byte[] for a structure
     */
    public KernelArguments(String what, List<?> values) {
        Arena arena = Arena.ofAuto();
        pointers = arena.allocate(ADDRESS, Math.max(1, values.size()));
        for (int i = 0; i < values.size(); i++) {
            pointers.setAtIndex(ADDRESS, i, switch (values.get(i)) {
                case Long l -> arena.allocateFrom(JAVA_LONG, l);
                case Integer n -> arena.allocateFrom(JAVA_INT, n);
                case Float f -> arena.allocateFrom(JAVA_FLOAT, f);
                case byte[] structure -> arena.allocate(structure.length, ALIGNMENT).copyFrom(MemorySegment.ofArray(structure));
                case Object other -> throw new IllegalArgumentException(what + ": a kernel's argument cannot be a " + other.getClass().getName());
            });
        }
        pointer = Pointer.toBuffer(pointers.asByteBuffer());
    }

    /** As JCuda takes them. */
    Pointer pointer() {
        return pointer;
    }

    MemorySegment pointers() {
        return pointers;
    }
}
