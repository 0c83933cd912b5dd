package sirocco.tornado;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Copies 32-bit words between host arrays and the device's memory, through small arrays and a kernel: so the memory itself, weights and all, never
 * travels. Few words at a time are collected and go together, before the next run: the step's parameters.
 */
final class Transfers {
    /** Words that wait to go together. */
    private static final int PARAMETERS = 1024;
    /** Words of a chunk of what is large. */
    private static final int CHUNK = 1 << 20;
    private static final int SMALL_CHUNK = 1024;
    private static final int GROUP = 128;
    /** Neighbours that a work item clears. */
    private static final int CLEARED = 64;

    /** Count; then for each its place in memory; then for each its word. */
    private final IntArray parameters = new IntArray(1 + 2 * PARAMETERS);
    /** Place in memory, words, place of the report. */
    private final IntArray range = new IntArray(3);
    private final IntArray chunk;
    private final IntArray report = new IntArray(DeviceMemory.FAULT_WORDS);
    private final IntArray smallChunk = new IntArray(SMALL_CHUNK);
    private final TaskGraphs graphs;
    private final int scatter;
    private final int upload;
    private final int download;
    private final int smallDownload;
    private int waiting;

    /**
     * Adds its graphs, the first ones of all; the very first clears the memory.
     *
     * @param words of the memory
     * @param largest words of a value
     */
    Transfers(TaskGraphs graphs, DeviceMemory memory, int largest) {
        this.graphs = graphs;
        int words = memory.words();
        range.set(2, memory.fault());
        chunk = new IntArray(Math.clamp(largest, 1, CHUNK));
        IntArray c = chunk;
        Object[] none = {};
        graphs.add("clear", groups((words + CLEARED - 1) / CLEARED), GROUP, none, none, (g, id, k, m) -> g.task(id, Transfers::clear, k, m, words));
        scatter = graphs.add("parameters", groups(PARAMETERS), GROUP, new Object[] {parameters}, none,
                (g, id, k, m) -> g.task(id, Transfers::scatter, k, m, parameters, PARAMETERS));
        upload = graphs.add("upload", groups(c.getSize()), GROUP, new Object[] {range, c}, none, (g, id, k, m) -> g.task(id, Transfers::put, k, m, range, c));
        download = graphs.add("download", groups(c.getSize()), GROUP, new Object[] {range}, new Object[] {c, report},
                (g, id, k, m) -> g.task(id, Transfers::get, k, m, range, c, report));
        smallDownload = graphs.add("smallDownload", groups(SMALL_CHUNK), GROUP, new Object[] {range}, new Object[] {smallChunk, report},
                (g, id, k, m) -> g.task(id, Transfers::get, k, m, range, smallChunk, report));
    }

    private static int groups(int items) {
        return (items + GROUP - 1) / GROUP;
    }

    /** To be called first: the memory holds what it did before. */
    void clear() {
        graphs.run(0);
    }

    static void clear(KernelContext k, FloatArray m, int words) {
        int from = k.globalIdx * CLEARED;
        for (int i = 0; i < CLEARED; i++) {
            if (from + i < words) {
                m.set(from + i, 0);
            }
        }
    }

    // ---- to the device ---------------------------------------------------------------------------------------------------------

    /** @param words how many, from the start of {@code data} */
    void write(int at, MemorySegment data, int words) {
        if (words <= PARAMETERS / 4) {
            if (waiting + words > PARAMETERS) {
                flush();
            }
            for (int i = 0; i < words; i++) {
                parameters.set(1 + waiting + i, at + i);
                parameters.set(1 + PARAMETERS + waiting + i, data.get(ValueLayout.JAVA_INT_UNALIGNED, 4L * i));
            }
            waiting += words;
            return;
        }
        flush();
        for (int from = 0; from < words; from += chunk.getSize()) {
            int n = Math.min(chunk.getSize(), words - from);
            MemorySegment.copy(data, 4L * from, chunk.getSegment(), 0, 4L * n);
            range.set(0, at + from);
            range.set(1, n);
            graphs.run(upload);
        }
    }

    static void put(KernelContext k, FloatArray m, IntArray range, IntArray chunk) {
        int i = k.globalIdx;
        if (i < range.get(1)) {
            m.set(range.get(0) + i, Float.intBitsToFloat(chunk.get(i)));
        }
    }

    /** Sends what waits. */
    void flush() {
        if (waiting > 0) {
            parameters.set(0, waiting);
            graphs.run(scatter);
            waiting = 0;
        }
    }

    /** Where a place was written twice, the later word counts: items of one group run in no order, so only the last of a place may write. */
    static void scatter(KernelContext k, FloatArray m, IntArray parameters, int most) {
        int i = k.globalIdx;
        int n = parameters.get(0);
        if (i < n) {
            int at = parameters.get(1 + i);
            boolean last = true;
            for (int j = i + 1; j < n; j++) {
                if (parameters.get(1 + j) == at) {
                    last = false;
                }
            }
            if (last) {
                m.set(at, Float.intBitsToFloat(parameters.get(1 + most + i)));
            }
        }
    }

    // ---- from the device -------------------------------------------------------------------------------------------------------

    void read(int at, MemorySegment data, int words) {
        flush();
        for (int from = 0; from < words; from += chunk.getSize()) {
            int n = Math.min(chunk.getSize(), words - from);
            boolean small = n <= SMALL_CHUNK;
            fetch(at + from, n, small);
            MemorySegment.copy((small ? smallChunk : chunk).getSegment(), 0, data, 4L * from, 4L * n);
        }
    }

    private void fetch(int at, int n, boolean small) {
        range.set(0, at);
        range.set(1, n);
        graphs.run(small ? smallDownload : download);
    }

    static void get(KernelContext k, FloatArray m, IntArray range, IntArray chunk, IntArray report) {
        int i = k.globalIdx;
        if (i < range.get(1)) {
            chunk.set(i, Float.floatToRawIntBits(m.get(range.get(0) + i)));
        }
        if (i < DeviceMemory.FAULT_WORDS) {
            report.set(i, Float.floatToRawIntBits(m.get(range.get(2) + i)));
        }
    }

    /** Brings the report of bad data without anything else. */
    void fetchReport() {
        flush();
        fetch(0, 0, true);
    }

    /** Word {@code i} of the report as it came with the last read. */
    int report(int i) {
        return report.get(i);
    }

    void clearReport(DeviceMemory memory) {
        write(memory.fault(), MemorySegment.ofArray(new int[DeviceMemory.FAULT_WORDS]), DeviceMemory.FAULT_WORDS);
        flush();
    }
}
