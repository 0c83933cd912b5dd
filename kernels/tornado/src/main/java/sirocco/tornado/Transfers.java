package sirocco.tornado;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.IntStream;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Copies between host arrays and the arrays on the device, through small arrays and a kernel: so the large ones, weights and all, never travel.
 * Few elements at a time are collected and go together, before the next run: the step's parameters.
 */
final class Transfers {
    /** Elements that wait to go together, and what is worth waiting. */
    private static final int PARAMETERS = 1024;
    private static final int FEW = PARAMETERS / 4;
    /** Writes that wait, at most. */
    private static final int WRITES = 64;
    /** Elements of chunks: the smallest that fits is taken, since it travels as a whole; what is larger than all goes in several. */
    private static final int[] CHUNKS = {PARAMETERS, 1 << 15, 1 << 20};
    private static final int GROUP = 128;
    /** Neighbours that a work item clears. */
    private static final int CLEARED = 64;

    private static final Object[] NOTHING = {};

    /** Count; then for each its place in memory, or the complement of its place among the words; then for each word what it is. */
    private final IntArray parameters = new IntArray(1 + 2 * PARAMETERS);
    /** For each float what it is. */
    private final FloatArray floatParameters = new FloatArray(PARAMETERS);
    /** Of each write that waits its first place, and its last. They are stored in no order, so no two of them may meet. */
    private final int[] firsts = new int[WRITES];
    private final int[] lasts = new int[WRITES];
    private int writes;
    /** Elements of these. */
    private int waiting;
    /** Place in the large array, elements, place of the report. */
    private final IntArray range = new IntArray(3);
    private final IntArray report = new IntArray(DeviceMemory.REPORT_WORDS);
    private final TaskGraphs graphs;
    private final DeviceMemory memory;
    private final int scatter;
    private final List<Way> floats;
    private final List<Way> words;

    /** A chunk and the graphs that take it there and back. */
    private record Way(MemorySegment chunk, int elements, int there, int back) { }

    /** Adds its graphs, the first ones of all; the very first clears the memory. */
    Transfers(TaskGraphs graphs, DeviceMemory memory) {
        this.graphs = graphs;
        this.memory = memory;
        range.set(2, memory.report());
        int allFloats = memory.floats();
        int allWords = memory.words();
        int stride = GROUP * groups((Math.max(allFloats, allWords) + CLEARED - 1) / CLEARED);
        graphs.add("clear", true, stride / GROUP, GROUP, NOTHING, NOTHING, (g, id, c, m, w) -> g.task(id, Transfers::clear, c, m, w, allFloats, allWords, stride));
        scatter = graphs.add("parameters", true, groups(PARAMETERS), GROUP, new Object[] {parameters, floatParameters}, NOTHING,
                (g, id, c, m, w) -> g.task(id, Transfers::scatter, c, m, w, parameters, floatParameters, PARAMETERS));
        floats = chunks(allFloats).mapToObj(n -> floats("Floats" + n, n)).toList();
        words = chunks(allWords).mapToObj(n -> words("Words" + n, n)).toList();
    }

    /** Those that an array of so many elements may want. */
    private static IntStream chunks(int elements) {
        return IntStream.range(0, CHUNKS.length).filter(i -> i == 0 || CHUNKS[i - 1] < elements).map(i -> CHUNKS[i]);
    }

    private Way floats(String name, int elements) {
        FloatArray chunk = new FloatArray(elements);
        return new Way(chunk.getSegment(), elements, there(name, false, chunk, (g, id, c, m, _) -> g.task(id, Transfers::put, c, m, range, chunk)),
                back(name, chunk, (g, id, c, m, w) -> g.task(id, Transfers::get, c, m, w, range, chunk, report)));
    }

    private Way words(String name, int elements) {
        IntArray chunk = new IntArray(elements);
        return new Way(chunk.getSegment(), elements, there(name, true, chunk, (g, id, c, m, w) -> g.task(id, Transfers::putWords, c, m, w, range, chunk)),
                back(name, chunk, (g, id, c, m, w) -> g.task(id, Transfers::getWords, c, m, w, range, chunk, report)));
    }

    private int there(String name, boolean withWords, TornadoNativeArray chunk, TaskGraphs.Task task) {
        return graphs.add("put" + name, withWords, groups(chunk.getSize()), GROUP, new Object[] {range, chunk}, NOTHING, task);
    }

    private int back(String name, TornadoNativeArray chunk, TaskGraphs.Task task) {
        return graphs.add("get" + name, true, groups(chunk.getSize()), GROUP, new Object[] {range}, new Object[] {chunk, report}, task);
    }

    private static int groups(int items) {
        return (items + GROUP - 1) / GROUP;
    }

    /** To be called first: the arrays hold what the device's memory did before. */
    void clear() {
        graphs.run(0);
    }

    static void clear(KernelContext c, FloatArray m, IntArray w, int floats, int words, int stride) {
        for (int k = 0; k < CLEARED; k++) {
            int i = c.globalIdx + k * stride;
            if (i < floats) {
                m.set(i, 0);
            }
            if (i < words) {
                w.set(i, 0);
            }
        }
    }

    // ---- to the device ---------------------------------------------------------------------------------------------------------

    /** @param data a heap segment of float */
    void writeFloats(int at, MemorySegment data) {
        int n = Math.toIntExact(data.byteSize() / Float.BYTES);
        if (n > FEW) {
            write(floats, at, data, n);
            return;
        }
        int number = reserve(at, at + n - 1);
        for (int i = 0; i < n; i++) {
            parameters.set(1 + number + i, at + i);
            floatParameters.set(number + i, data.getAtIndex(ValueLayout.JAVA_FLOAT, i));
        }
    }

    /** @param data a heap segment of int */
    void writeWords(int at, MemorySegment data) {
        int n = Math.toIntExact(data.byteSize() / Integer.BYTES);
        if (n > FEW) {
            write(words, at, data, n);
            return;
        }
        int number = reserve(~(at + n - 1), ~at);
        for (int i = 0; i < n; i++) {
            parameters.set(1 + number + i, ~(at + i));
            parameters.set(1 + PARAMETERS + number + i, data.getAtIndex(ValueLayout.JAVA_INT, i));
        }
    }

    /** Four bytes a word; the last word is filled up with anything. */
    void writeBytes(int at, MemorySegment data) {
        write(words, at, data, Math.toIntExact(Math.ceilDiv(data.byteSize(), Integer.BYTES)));
    }

    /** Room among those that travel together for the places from {@code first} to {@code last}; returns the number of the first. */
    private int reserve(int first, int last) {
        int elements = last - first + 1;
        if (writes == WRITES || waiting + elements > PARAMETERS || meets(first, last)) {
            flush();
        }
        firsts[writes] = first;
        lasts[writes++] = last;
        waiting += elements;
        return waiting - elements;
    }

    private boolean meets(int first, int last) {
        for (int i = 0; i < writes; i++) {
            if (first <= lasts[i] && firsts[i] <= last) {
                return true;
            }
        }
        return false;
    }

    /** Sends what waits. */
    void flush() {
        if (waiting > 0) {
            parameters.set(0, waiting);
            writes = 0;
            waiting = 0;
            graphs.run(scatter);
        }
    }

    static void scatter(KernelContext c, FloatArray m, IntArray w, IntArray parameters, FloatArray floats, int most) {
        int i = c.globalIdx;
        if (i < parameters.get(0)) {
            int place = parameters.get(1 + i);
            if (place >= 0) {
                m.set(place, floats.get(i));
            } else {
                w.set(~place, parameters.get(1 + most + i));
            }
        }
    }

    private static Way way(List<Way> ways, int n) {
        return ways.stream().filter(w -> w.elements >= n).findFirst().orElse(ways.getLast());
    }

    private void write(List<Way> ways, int at, MemorySegment data, int n) {
        flush();
        Way way = way(ways, n);
        for (int from = 0; from < n; from += way.elements) {
            int part = range(at, from, Math.min(way.elements, n - from));
            MemorySegment.copy(data, 4L * from, way.chunk, 0, Math.min(4L * part, data.byteSize() - 4L * from));
            graphs.run(way.there);
        }
    }

    private int range(int at, int from, int part) {
        range.set(0, at + from);
        range.set(1, part);
        return part;
    }

    static void put(KernelContext c, FloatArray m, IntArray range, FloatArray chunk) {
        int i = c.globalIdx;
        if (i < range.get(1)) {
            m.set(range.get(0) + i, chunk.get(i));
        }
    }

    static void putWords(KernelContext c, FloatArray m, IntArray w, IntArray range, IntArray chunk) {
        int i = c.globalIdx;
        if (i < range.get(1)) {
            w.set(range.get(0) + i, chunk.get(i));
        }
    }

    // ---- from the device -------------------------------------------------------------------------------------------------------

    void read(int at, float[] data) {
        read(floats, at, MemorySegment.ofArray(data), data.length);
    }

    void read(int at, int[] data) {
        read(words, at, MemorySegment.ofArray(data), data.length);
    }

    private void read(List<Way> ways, int at, MemorySegment data, int n) {
        flush();
        Way way = way(ways, n);
        for (int from = 0; from < n; from += way.elements) {
            int part = range(at, from, Math.min(way.elements, n - from));
            graphs.run(way.back);
            MemorySegment.copy(way.chunk, 0, data, 4L * from, 4L * part);
        }
    }

    static void get(KernelContext c, FloatArray m, IntArray w, IntArray range, FloatArray chunk, IntArray report) {
        int i = c.globalIdx;
        if (i < range.get(1)) {
            chunk.set(i, m.get(range.get(0) + i));
        }
        if (i < DeviceMemory.REPORT_WORDS) {
            report.set(i, w.get(range.get(2) + i));
        }
    }

    static void getWords(KernelContext c, FloatArray m, IntArray w, IntArray range, IntArray chunk, IntArray report) {
        int i = c.globalIdx;
        if (i < range.get(1)) {
            chunk.set(i, w.get(range.get(0) + i));
        }
        if (i < DeviceMemory.REPORT_WORDS) {
            report.set(i, w.get(range.get(2) + i));
        }
    }

    // ---- bad data --------------------------------------------------------------------------------------------------------------

    /** Brings the report and nothing else. */
    void fetchReport() {
        flush();
        range(0, 0, 0);
        graphs.run(words.getFirst().back);
    }

    /** Word {@code i} of the report as it came with the last read. */
    int report(int i) {
        return report.get(i);
    }

    void clearReport() {
        writeWords(memory.report(), MemorySegment.ofArray(new int[DeviceMemory.REPORT_WORDS]));
        flush();
        report.set(1, 0);
    }
}
