package sirocco.api;

import java.util.ArrayList;
import java.util.List;

/**
 * Gives every value of a graph its place. Persistent values lie one after the other in the order they were made, those of a
 * type together and F32 first, so that a backend may keep the types in memories of their own. Temporaries and
 * the steps' scratch share one arena: each lives from the step that writes it to the last that reads it, and takes what {@link Packing} finds
 * free for that time.
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

        /**
         * Returns the size of the pieces that the backend allocates arena and persistent values in, such as its largest array; a multiple of {@link #ALIGNMENT}. No
         * value and no step's scratch begins in one piece and ends in another.
         */
        default long pieceBytes() {
            return Long.MAX_VALUE / ALIGNMENT * ALIGNMENT;
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

    private MemoryPlanner() { }

    /** Plans with memory shared. */
    public static Plan plan(Graph graph, Sizes sizes) {
        return plan(graph, sizes, true);
    }

    /**
     * @param share false gives every temporary memory of its own: to test against, and to look at all values after a run
     * @throws IllegalArgumentException if a value or a step's scratch is larger than a piece of the backend's memory
     */
    public static Plan plan(Graph graph, Sizes sizes, boolean share) {
        long piece = sizes.pieceBytes();
        List<Step> steps = graph.steps();
        int end = steps.size();
        Packing.Block[] ofValue = new Packing.Block[graph.values().size()];
        Packing.Block[] ofStep = new Packing.Block[end];
        List<Packing.Block> blocks = new ArrayList<>();
        List<Packing.Block> scratches = new ArrayList<>();
        long unplanned = 0;
        for (int i = 0; i < end; i++) {
            for (Value v : steps.get(i).op().outputs()) {
                Packing.Block b = new Packing.Block(align(fitting(v, sizes.bytes(v), piece)), i, share ? i : end);
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
                ofStep[i] = new Packing.Block(align(fitting("the scratch memory of step " + steps.get(i).name(), scratch, piece)), i, i);
                scratches.add(ofStep[i]);
            }
        }
        for (Value v : graph.outputs()) {
            ofValue[v.id()].last = end;
        }
        keepForRepeatedPhases(graph, ofValue);

        long arena = Packing.place(scratches, blocks, piece);

        Plan.Slot[] slots = new Plan.Slot[ofValue.length];
        long persistent = 0;
        for (DType type : DType.values()) {
            for (Value v : graph.values()) {
                if (v.persistent() && v.dtype() == type) {
                    long bytes = fitting(v, sizes.bytes(v), piece);
                    persistent = within(persistent, bytes, piece);
                    slots[v.id()] = new Plan.Slot(Plan.Region.PERSISTENT, persistent, bytes);
                    persistent += align(bytes);
                }
            }
        }
        for (Value v : graph.values()) {
            if (ofValue[v.id()] != null) {
                slots[v.id()] = new Plan.Slot(Plan.Region.ARENA, ofValue[v.id()].offset, sizes.bytes(v));
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

    /** What a phase reads of an earlier one keeps its memory to the end of the phase, so that the phase may run again. */
    private static void keepForRepeatedPhases(Graph graph, Packing.Block[] ofValue) {
        for (Graph.Phase phase : graph.phases()) {
            for (Step step : graph.steps().subList(phase.first(), phase.end())) {
                for (Value v : step.op().inputs()) {
                    if (!v.persistent() && ofValue[v.id()].first < phase.first()) {
                        ofValue[v.id()].last = Math.max(ofValue[v.id()].last, phase.end() - 1);
                    }
                }
            }
        }
    }

    /** Returns the first offset from {@code offset} on at which so many bytes lie in one piece. */
    public static long within(long offset, long bytes, long piece) {
        return offset % piece + bytes <= piece ? offset : (offset / piece + 1) * piece;
    }

    private static long fitting(Object what, long bytes, long piece) {
        if (bytes > piece) {
            throw new IllegalArgumentException("plan: " + what + " takes " + bytes + " bytes, and this backend holds at most " + piece
                    + " in one piece. Use a smaller batch, smaller images or a smaller dataset.");
        }
        return bytes;
    }

    private static long align(long bytes) {
        return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
}
