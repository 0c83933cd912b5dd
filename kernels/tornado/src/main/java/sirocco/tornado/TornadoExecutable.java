package sirocco.tornado;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import sirocco.api.Plan;
import sirocco.api.Value;
import sirocco.gpu.GpuExecutable;
import sirocco.tornado.kernel.Kernel;
import sirocco.tornado.kernel.Launch;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/** A plan as task graphs over two arrays, which are on the device from the first to the last. */
final class TornadoExecutable extends GpuExecutable {
    /** Runs of the graph that does nothing, whose median is a launch. */
    private static final int LAUNCHES = 9;

    private final DeviceMemory memory;
    private final TaskGraphs graphs;
    private final Transfers transfers;
    /** Numbers of the graphs that make a run, for each phase. */
    private int[][] runs;
    /** Of a graph for each step, for those who look at steps: compiled when it is first run. */
    private int[] apart;
    private int nothing;

    TornadoExecutable(TornadoDevice device, Plan plan, List<Kernel> kernels, DeviceMemory memory) {
        super(TornadoBackend.NAME, plan, kernels);
        this.memory = memory;
        graphs = new TaskGraphs(memory.floats(), memory.words());
        try {
            transfers = new Transfers(graphs, memory);
            addRuns(kernels);
            graphs.ready(device, Arrays.stream(runs).flatMapToInt(Arrays::stream).toArray());
            transfers.clear();
            graphs.runFirst();
        } catch (Throwable e) {
            graphs.close();
            throw e;
        }
    }

    private void addRuns(List<Kernel> kernels) {
        List<List<Launch>> launches = IntStream.range(0, kernels.size()).mapToObj(i -> kernels.get(i).binding().bind(memory.places(i))).toList();
        runs = plan().graph().phases().stream().map(p -> add(launches.subList(p.first(), p.end()))).toArray(int[][]::new);
        apart = launches.stream().mapToInt(graphs::add).toArray();
        nothing = graphs.addNothing();
    }

    /** Adds the graphs that run a phase's steps, as few as can be; returns their numbers. */
    private int[] add(List<List<Launch>> launches) {
        List<Integer> numbers = new ArrayList<>();
        List<Launch> together = new ArrayList<>();
        for (List<Launch> step : launches) {
            if (!together.isEmpty() && together.size() + step.size() > TaskGraphs.TASKS) {
                numbers.add(graphs.add(together));
                together.clear();
            }
            together.addAll(step);
        }
        if (!together.isEmpty()) {
            numbers.add(graphs.add(together));
        }
        return numbers.stream().mapToInt(Integer::intValue).toArray();
    }

    // ---- running ---------------------------------------------------------------------------------------------------------------

    @Override
    protected void prepare() {
        transfers.flush();
    }

    @Override
    protected void launch(int phase) {
        for (int number : runs[phase]) {
            graphs.run(number);
        }
    }

    /** A graph has ended when it returns, so only the report is fetched. */
    @Override
    protected void synchronize() {
        transfers.fetchReport();
    }

    @Override
    protected long takeReport() {
        long step = transfers.report(1);
        long report = step << 32 | transfers.report(0) & 0xFFFFFFFFL;
        if (step == 0) {
            return 0;
        }
        transfers.clearReport();
        return report;
    }

    /** Runs each step as a graph by itself and subtracts the time of an empty graph. The first call compiles the graphs. */
    @Override
    protected void runSteps(StepTimes times) {
        long launch = launchNanos();
        for (int i = 0; i < apart.length; i++) {
            times.ran(i, Math.max(0, nanos(apart[i]) - launch));
        }
    }

    private long launchNanos() {
        long[] nanos = new long[LAUNCHES];
        for (int i = 0; i < LAUNCHES; i++) {
            nanos[i] = nanos(nothing);
        }
        Arrays.sort(nanos);
        return nanos[LAUNCHES / 2];
    }

    private long nanos(int graph) {
        long start = System.nanoTime();
        graphs.run(graph);
        return System.nanoTime() - start;
    }

    // ---- host arrays -----------------------------------------------------------------------------------------------------------

    @Override
    protected void upload(Value v, long first, MemorySegment data) {
        switch (v.dtype()) {
            case F32 -> transfers.writeFloats(memory.at(v), data);
            case I32 -> transfers.writeWords(memory.at(v), data);
            case U8 -> uploadBytes(v, first, data);
        }
    }

    /** Four bytes share a word. If the part is not the whole value and does not begin and end with a word, the words around it are read first. */
    private void uploadBytes(Value v, long first, MemorySegment data) {
        int from = (int) (first / Integer.BYTES);
        int at = memory.at(v) + from;
        boolean whole = data.byteSize() == v.shape().elements();
        if (whole || first % Integer.BYTES == 0 && data.byteSize() % Integer.BYTES == 0) {
            transfers.writeBytes(at, data);
            return;
        }
        int[] words = new int[(int) (Math.ceilDiv(first + data.byteSize(), Integer.BYTES) - from)];
        transfers.read(at, words);
        MemorySegment merged = MemorySegment.ofArray(words);
        MemorySegment.copy(data, 0, merged, first - (long) from * Integer.BYTES, data.byteSize());
        transfers.writeWords(at, merged);
    }

    @Override
    protected void download(Value v, float[] data) {
        transfers.read(memory.at(v), data);
    }

    @Override
    protected void download(Value v, int[] data) {
        transfers.read(memory.at(v), data);
    }

    @Override
    protected void release() {
        graphs.close();
    }
}
