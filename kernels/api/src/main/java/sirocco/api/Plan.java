package sirocco.api;

import java.util.Locale;

/**
 * A graph with a place in memory for every value: made by a backend's {@link Device#plan}, run by {@link Device#load}.
 *
 * @param graph what runs: the graph that was planned, with the fused ops that the backend has no kernel for lowered. Persistent values and outputs are the same
 * @param slots where each value lies, at its id
 * @param scratch byte offset in the arena of each step's working memory, at the step's number
 * @param scratchBytes its size; 0 for none
 * @param notes how the backend computes each step, at the step's number; empty where there is one way only
 * @param arenaBytes the arena: all temporaries and scratch, overlapping where their lifetimes do not
 * @param persistentBytes inputs, parameters and states
 * @param extraBytes what the backend holds beside the two: prepared weights, per-thread buffers
 * @param unplannedBytes what the temporaries would take if none shared memory
 */
public record Plan(Graph graph, Slot[] slots, long[] scratch, long[] scratchBytes, String[] notes, long arenaBytes, long persistentBytes,
                   long extraBytes, long unplannedBytes) {
    /** Bytes from the start of the region to the value, and its size there, which a padded layout makes larger than the shape. */
    public record Slot(Region region, long offset, long bytes) { }

    public enum Region { ARENA, PERSISTENT }

    public Slot slot(Value v) {
        return slots[v.id()];
    }

    /** All the memory a run needs, known before it starts. */
    public long totalBytes() {
        return arenaBytes + persistentBytes + extraBytes;
    }

    /** A readable listing: each step with its operands, where they lie, bytes and FLOPs. */
    public String dump() {
        return PlanDump.of(this);
    }

    /** One line of sizes. */
    public String summary() {
        return String.format(Locale.ROOT,
                "%d steps, %.3f GFLOP; memory %s = arena %s (%.1f %% of the %s that temporaries take unplanned) + persistent %s + prepared %s",
                graph.steps().size(), graph.flops() * 1e-9, PlanDump.bytes(totalBytes()), PlanDump.bytes(arenaBytes),
                100.0 * arenaBytes / Math.max(1, unplannedBytes), PlanDump.bytes(unplannedBytes), PlanDump.bytes(persistentBytes),
                PlanDump.bytes(extraBytes));
    }
}
