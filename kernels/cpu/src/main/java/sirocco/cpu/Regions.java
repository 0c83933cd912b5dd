package sirocco.cpu;

import java.util.ArrayList;
import java.util.List;
import sirocco.api.MemoryPlanner;
import sirocco.api.Value;

/**
 * Lists of values that run in parallel (parameters, their gradients, …), as few contiguous stretches of memory: neighbours that lie one
 * after the other in every list become one. What lies between two of them is the planner's alignment, zeros that nothing reads.
 *
 * @param starts where each stretch begins, [stretch][list]
 * @param floats its length
 */
record Regions(Slice[][] starts, int[] floats) {
    private static final int ALIGNMENT = MemoryPlanner.ALIGNMENT / Float.BYTES;

    /** @param lists all of the same length and, place by place, of values of the same layout */
    static Regions of(Memory memory, Layouts layouts, List<List<Value>> lists) {
        List<Slice[]> starts = new ArrayList<>();
        List<Integer> floats = new ArrayList<>();
        int values = lists.get(0).size();
        for (int i = 0; i < values; i++) {
            Slice[] here = new Slice[lists.size()];
            for (int l = 0; l < here.length; l++) {
                here[l] = memory.at(lists.get(l).get(i));
            }
            int size = Math.toIntExact(layouts.of(lists.get(0).get(i)).floats());
            int last = starts.size() - 1;
            if (last >= 0 && follows(starts.get(last), aligned(floats.get(last)), here)) {
                floats.set(last, aligned(floats.get(last)) + size);
            } else {
                starts.add(here);
                floats.add(size);
            }
        }
        return new Regions(starts.toArray(Slice[][]::new), floats.stream().mapToInt(Integer::intValue).toArray());
    }

    private static int aligned(int floats) {
        return (floats + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    private static boolean follows(Slice[] region, int length, Slice[] next) {
        for (int l = 0; l < next.length; l++) {
            if (region[l].array() != next[l].array() || region[l].offset() + length != next[l].offset()) {
                return false;
            }
        }
        return true;
    }

    int count() {
        return floats.length;
    }
}
