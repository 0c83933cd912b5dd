package sirocco.tornado;

import sirocco.api.DType;
import sirocco.api.Graph;
import sirocco.api.MemoryPlanner;
import sirocco.api.Plan;
import sirocco.api.Value;
import sirocco.tornado.kernel.Places;

/**
 * Where everything lies in the device's one array of 32-bit words: persistent values, then the arena, then the report of bad data. Values are
 * dense NHWC; those of I32 are kept as the bits of a float, those of U8 four to a word, the first in the lowest bits.
 */
final class DeviceMemory {
    /** Two words: a step's number from 1 on, or 0, and what is wrong with it. */
    static final int FAULT_WORDS = 2;

    private final Plan plan;
    private final int arenaAt;
    private final int faultAt;

    DeviceMemory(Plan plan) {
        this.plan = plan;
        arenaAt = Math.toIntExact(plan.persistentBytes() / Float.BYTES);
        faultAt = Math.toIntExact(arenaAt + plan.arenaBytes() / Float.BYTES);
    }

    /** What a value takes. */
    static long bytes(Value v) {
        return (long) words(v) * Float.BYTES;
    }

    static int words(Value v) {
        long n = v.shape().elements();
        return (int) (v.dtype() == DType.U8 ? (n + 3) / 4 : n);
    }

    /** Beside persistent values and arena. */
    static long extraBytes() {
        return MemoryPlanner.ALIGNMENT;
    }

    /** Of the whole array. */
    int words() {
        return faultAt + MemoryPlanner.ALIGNMENT / Float.BYTES;
    }

    /** @throws IllegalArgumentException if places cannot be counted in an int */
    static void checkCounts(Graph graph) {
        for (Value v : graph.values()) {
            if (v.shape().elements() > Integer.MAX_VALUE) {
                throw new IllegalArgumentException("tornado: " + v + " has " + v.shape().elements() + " elements, and kernels count to " + Integer.MAX_VALUE
                        + "; use a smaller batch");
            }
        }
    }

    int at(Value v) {
        Plan.Slot slot = plan.slot(v);
        return (int) (slot.offset() / Float.BYTES) + (slot.region() == Plan.Region.ARENA ? arenaAt : 0);
    }

    int fault() {
        return faultAt;
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
                return faultAt;
            }

            @Override
            public int faultCode() {
                return step + 1;
            }
        };
    }
}
