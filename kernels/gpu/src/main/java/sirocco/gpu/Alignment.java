package sirocco.gpu;

import sirocco.api.MemoryPlanner;

/** Alignment of regions in device memory. */
public final class Alignment {
    private Alignment() { }

    /** Returns {@code bytes} rounded up to a multiple of {@link MemoryPlanner#ALIGNMENT}. */
    public static long align(long bytes) {
        return Math.ceilDiv(bytes, MemoryPlanner.ALIGNMENT) * MemoryPlanner.ALIGNMENT;
    }
}
