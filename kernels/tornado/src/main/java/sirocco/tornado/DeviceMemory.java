package sirocco.tornado;

import java.util.List;
import java.util.Locale;
import sirocco.api.DType;
import sirocco.api.Graph;
import sirocco.api.MemoryPlanner;
import sirocco.api.Plan;
import sirocco.api.Value;
import sirocco.gpu.Alignment;
import sirocco.tornado.kernel.Places;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Where everything lies on the device, in two arrays: memory has the F32 values, persistent ones and then the arena; words has those of I32, and of
 * U8 four to a word, the first in the lowest bits, and then the report of bad data. (One array would do, if TornadoVM could take a float's bits.)
 * Values are dense NHWC. The few temporaries of I32 have words of their own and leave their place in the arena empty.
 */
final class DeviceMemory {
    /** What is wrong with a step, and the step's number from 1 on, or 0. */
    static final int REPORT_WORDS = 2;

    /** Elements that an array may have: kernels count in ints, and the last work group of a launch counts on beyond the end. */
    static final int MOST_ELEMENTS = Integer.MAX_VALUE - (1 << 20);

    /** Elements left out in front of each array: on the device a header comes before it, and what follows begins at a whole vector of 16 bytes. */
    private static final int LEAD = (int) (-TornadoNativeArray.ARRAY_HEADER & 15) / Float.BYTES;

    private static final double GIB = 1L << 30;

    private final Plan plan;
    private final int arenaAt;
    private final int floats;
    private final int[] wordsAt;
    private final int report;

    /** @throws IllegalArgumentException if places cannot be counted in an int */
    DeviceMemory(Plan plan) {
        this.plan = plan;
        List<Value> values = plan.graph().values();
        wordsAt = new int[values.size()];
        long floats = 0;
        long words = LEAD;
        for (Value v : values) {
            if (plan.slot(v) != null && v.dtype() != DType.F32) {
                wordsAt[v.id()] = (int) words;
                words += Alignment.align(bytes(v)) / Integer.BYTES;
            } else if (v.persistent()) {
                floats = Math.max(floats, plan.slot(v).offset() + plan.slot(v).bytes());
            }
        }
        long arena = LEAD + Alignment.align(floats) / Float.BYTES;
        long end = arena + Math.max(plan.arenaBytes(), MemoryPlanner.ALIGNMENT) / Float.BYTES;
        long most = Math.max(end, words + REPORT_WORDS);
        if (most > MOST_ELEMENTS) {
            throw tooLarge(most, "kernels count to " + MOST_ELEMENTS + " elements, which are " + gib(MOST_ELEMENTS * (long) Float.BYTES));
        }
        arenaAt = (int) arena;
        this.floats = (int) end;
        report = (int) words;
    }

    /**
     * @param inOnePiece bytes that the device gives for an array
     * @param inAll bytes that it has
     * @param device its name
     * @throws IllegalArgumentException if the arrays are larger
     */
    void checkFits(long inOnePiece, long inAll, String device) {
        if (Math.max(floats, words()) * (long) Float.BYTES > inOnePiece) {
            throw tooLarge(Math.max(floats, words()), device + " gives at most " + gib(inOnePiece) + " in one piece");
        }
        long all = (long) floats + words();
        if (all * Float.BYTES > inAll) {
            throw tooLarge(all, device + " has " + gib(inAll));
        }
    }

    private IllegalArgumentException tooLarge(long elements, String limit) {
        return new IllegalArgumentException("tornado: the plan needs " + gib(elements * Float.BYTES) + " (" + plan.summary() + "), and " + limit
                + "; use a smaller batch");
    }

    private static String gib(long bytes) {
        return String.format(Locale.ROOT, "%.2f GiB", bytes / GIB);
    }

    /** What a value takes. */
    static long bytes(Value v) {
        return (long) elements(v) * Float.BYTES;
    }

    /** Elements of the array that a value lies in. */
    static int elements(Value v) {
        long n = v.shape().elements();
        return (int) (v.dtype() == DType.U8 ? (n + 3) / 4 : n);
    }

    /** Beside persistent values and arena. */
    static long extraBytes(Graph graph) {
        return Alignment.align(Integer.BYTES * REPORT_WORDS) + graph.values().stream().filter(v -> v.dtype() != DType.F32 && !v.persistent())
                .mapToLong(v -> Alignment.align(bytes(v))).sum();
    }

    /** Of the array of floats. */
    int floats() {
        return floats;
    }

    /** Of the array of words. */
    int words() {
        return report + REPORT_WORDS;
    }

    int at(Value v) {
        if (v.dtype() != DType.F32) {
            return wordsAt[v.id()];
        }
        Plan.Slot slot = plan.slot(v);
        return (int) (slot.offset() / Float.BYTES) + (slot.region() == Plan.Region.ARENA ? arenaAt : LEAD);
    }

    /** Where the report of bad data is, among the words. */
    int report() {
        return report;
    }

    /** @param step its number */
    Places places(int step) {
        return new Places() {
            @Override
            public int at(Value v) {
                return DeviceMemory.this.at(v);
            }

            @Override
            public int scratch() {
                return arenaAt + (int) (plan.scratch()[step] / Float.BYTES);
            }

            @Override
            public int fault() {
                return report;
            }

            @Override
            public int faultCode() {
                return step + 1;
            }
        };
    }
}
