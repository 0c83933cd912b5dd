package sirocco.api;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Gives every value of a graph its place. Persistent values lie one after the other in the order they were made. Temporaries and
 * the steps' scratch share one arena: each lives from the step that writes it to the last that reads it, and the largest are placed first,
 * each at the tightest gap that is free during its whole life (greedy by size; Pisarchyk &amp; Lee 2020).
 */
public final class MemoryPlanner {
    /** A cache line, and a 512-bit vector: every offset is a multiple of it. */
    public static final int ALIGNMENT = 64;

    /** What only a backend knows: how much memory its layout of a value and its way of computing a step take. */
    public interface Sizes {
        long bytes(Value v);

        /** Working memory of step number {@code step}, whose contents last no longer than the step. */
        default long scratchBytes(int step) {
            return 0;
        }

        /** What the backend holds beside arena and persistent values. */
        default long extraBytes() {
            return 0;
        }

        /** How step number {@code step} is computed, for the plan's dump; empty where there is one way only. */
        default String note(int step) {
            return "";
        }
    }

    /** A stretch of the arena that is taken from step {@code first} to step {@code last}. */
    private static final class Block {
        final long bytes;
        final int first;
        int last;
        long offset;

        Block(long bytes, int first, int last) {
            this.bytes = bytes;
            this.first = first;
            this.last = last;
        }
    }

    private MemoryPlanner() { }

    /** Plans with memory shared. */
    public static Plan plan(Graph graph, Sizes sizes) {
        return plan(graph, sizes, true);
    }

    /**
     * @param share false gives every temporary memory of its own: to test against, and to look at all values after a run
     */
    public static Plan plan(Graph graph, Sizes sizes, boolean share) {
        List<Step> steps = graph.steps();
        int end = steps.size();
        Block[] ofValue = new Block[graph.values().size()];
        Block[] ofStep = new Block[end];
        List<Block> blocks = new ArrayList<>();
        long unplanned = 0;
        for (int i = 0; i < end; i++) {
            for (Value v : steps.get(i).op().outputs()) {
                Block b = new Block(align(sizes.bytes(v)), i, share ? i : end);
                ofValue[v.id()] = b;
                blocks.add(b);
                unplanned += b.bytes;
            }
            for (Value v : steps.get(i).op().inputs()) {
                if (!v.persistent()) {
                    ofValue[v.id()].last = Math.max(ofValue[v.id()].last, i);
                }
            }
            long scratch = sizes.scratchBytes(i);
            if (scratch > 0) {
                ofStep[i] = new Block(align(scratch), i, i);
                blocks.add(ofStep[i]);
            }
        }
        for (Value v : graph.outputs()) {
            ofValue[v.id()].last = end;
        }

        long arena = place(blocks);

        Plan.Slot[] slots = new Plan.Slot[ofValue.length];
        long persistent = 0;
        for (Value v : graph.values()) {
            long bytes = sizes.bytes(v);
            if (v.persistent()) {
                slots[v.id()] = new Plan.Slot(Plan.Region.PERSISTENT, persistent, bytes);
                persistent += align(bytes);
            } else if (ofValue[v.id()] != null) {
                slots[v.id()] = new Plan.Slot(Plan.Region.ARENA, ofValue[v.id()].offset, bytes);
            }
        }
        long[] scratch = new long[end];
        long[] scratchBytes = new long[end];
        String[] notes = new String[end];
        for (int i = 0; i < end; i++) {
            notes[i] = sizes.note(i);
            if (ofStep[i] != null) {
                scratch[i] = ofStep[i].offset;
                scratchBytes[i] = ofStep[i].bytes;
            }
        }
        return new Plan(graph, slots, scratch, scratchBytes, notes, arena, persistent, sizes.extraBytes(), unplanned);
    }

    /** Sets every block's offset; returns the arena's size. */
    private static long place(List<Block> blocks) {
        List<Block> order = new ArrayList<>(blocks);
        order.sort(Comparator.comparingLong((Block b) -> -b.bytes).thenComparingInt(b -> b.first));
        List<Block> placed = new ArrayList<>();
        long arena = 0;
        for (Block b : order) {
            Block[] rivals = placed.stream().filter(p -> p.first <= b.last && b.first <= p.last).toArray(Block[]::new);
            Arrays.sort(rivals, Comparator.comparingLong(p -> p.offset));
            long free = 0;
            long best = -1;
            long tightest = Long.MAX_VALUE;
            for (Block r : rivals) {
                long gap = r.offset - free;
                if (gap >= b.bytes && gap < tightest) {
                    best = free;
                    tightest = gap;
                }
                free = Math.max(free, r.offset + r.bytes);
            }
            b.offset = best >= 0 ? best : free;
            arena = Math.max(arena, b.offset + b.bytes);
            placed.add(b);
        }
        return arena;
    }

    private static long align(long bytes) {
        return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
}
