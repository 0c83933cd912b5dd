package sirocco.tornado;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import sirocco.api.DType;
import sirocco.api.Executable;
import sirocco.api.HostArrays;
import sirocco.api.Ids;
import sirocco.api.Plan;
import sirocco.api.Step;
import sirocco.api.StepTrace;
import sirocco.api.Value;
import sirocco.tornado.kernel.Kernel;
import sirocco.tornado.kernel.Launch;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/** A plan as task graphs over two arrays, which are on the device from the first to the last. */
final class TornadoExecutable implements Executable {
    /** Runs of the graph that does nothing, whose median is a launch. */
    private static final int LAUNCHES = 9;

    private final Plan plan;
    private final List<Kernel> kernels;
    private final List<Step> steps;
    private final DeviceMemory memory;
    private final TaskGraphs graphs;
    private final Transfers transfers;
    private final Ids ids;
    /** Numbers of the graphs that make a run, for each phase. */
    private int[][] runs;
    /** Of a graph for each step, for those who look at steps: compiled when it is first run. */
    private int[] apart;
    private int nothing;
    private boolean closed;

    TornadoExecutable(TornadoDevice device, Plan plan, List<Kernel> kernels, DeviceMemory memory) {
        this.plan = plan;
        this.kernels = kernels;
        this.memory = memory;
        steps = plan.graph().steps();
        ids = new Ids(plan.graph());
        graphs = new TaskGraphs(memory.floats(), memory.words());
        try {
            transfers = new Transfers(graphs, memory);
            addRuns();
            graphs.ready(device, Arrays.stream(runs).flatMapToInt(Arrays::stream).toArray());
            transfers.clear();
            graphs.runFirst();
        } catch (Throwable e) {
            graphs.close();
            throw e;
        }
    }

    private void addRuns() {
        List<List<Launch>> launches = IntStream.range(0, steps.size()).mapToObj(i -> kernels.get(i).binding().bind(memory.places(i))).toList();
        runs = plan.graph().phases().stream().map(p -> add(launches.subList(p.first(), p.end()))).toArray(int[][]::new);
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

    @Override
    public Plan plan() {
        return plan;
    }

    // ---- running ---------------------------------------------------------------------------------------------------------------

    @Override
    public void run() {
        requireOpen();
        ids.check();
        transfers.flush();
        for (int[] phase : runs) {
            run(phase);
        }
    }

    @Override
    public void run(String phase) {
        requireOpen();
        ids.check();
        transfers.flush();
        run(runs[plan.graph().phases().indexOf(plan.graph().phase(phase))]);
    }

    private void run(int[] numbers) {
        for (int number : numbers) {
            graphs.run(number);
        }
    }

    @Override
    public void await() {
        requireOpen();
        transfers.fetchReport();
        checkFault();
    }

    /** @throws IllegalStateException if a kernel has met bad data since the last time; the report is taken back */
    private void checkFault() {
        if (transfers.report(1) != 0) {
            int step = transfers.report(1) - 1;
            int number = transfers.report(0);
            transfers.clearReport();
            throw new IllegalStateException(steps.get(step) + ": " + kernels.get(step).fault().apply(number));
        }
    }

    /** Step by step, each a graph by itself, whose launch is taken off; the first time compiles them. */
    @Override
    public void trace(IntPredicate observed, Consumer<StepTrace> observer) {
        requireOpen();
        ids.check();
        transfers.flush();
        long launch = launchNanos();
        for (int i = 0; i < steps.size(); i++) {
            long nanos = Math.max(0, nanos(apart[i]) - launch);
            await();
            observer.accept(StepTrace.of(i, steps.get(i), nanos, plan.notes()[i], observed.test(i), this::elements));
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

    private float[] elements(Value v) {
        float[] data = new float[DeviceMemory.elements(v)];
        transfers.read(memory.at(v), data);
        return data;
    }

    // ---- host arrays -----------------------------------------------------------------------------------------------------------

    @Override
    public void write(Value v, float[] data) {
        writable(v, DType.F32, data.length);
        transfers.write(memory.at(v), data);
    }

    @Override
    public void write(Value v, int[] data) {
        writable(v, DType.I32, data.length);
        transfers.write(memory.at(v), data);
        ids.written(v, data);
    }

    @Override
    public void write(Value v, byte[] data) {
        writable(v, DType.U8, data.length);
        transfers.write(memory.at(v), data);
    }

    /** Four bytes make a word, so where a part does not begin or end with one, those around it are fetched. */
    @Override
    public void write(Value v, long first, byte[] part) {
        requireOpen();
        HostArrays.checkWrite(plan, v, DType.U8, first, part.length);
        int from = (int) (first / Integer.BYTES);
        int at = memory.at(v) + from;
        if (first % Integer.BYTES == 0 && part.length % Integer.BYTES == 0) {
            transfers.write(at, part);
            return;
        }
        int[] words = new int[(int) ((first + part.length + Integer.BYTES - 1) / Integer.BYTES) - from];
        transfers.read(at, words);
        MemorySegment.copy(MemorySegment.ofArray(part), 0, MemorySegment.ofArray(words), first - (long) from * Integer.BYTES, part.length);
        transfers.write(at, words);
    }

    private void writable(Value v, DType dtype, int length) {
        requireOpen();
        HostArrays.checkWrite(plan, v, dtype, length);
    }

    @Override
    public void read(Value v, float[] data) {
        readable(v, DType.F32, data.length);
        transfers.read(memory.at(v), data);
        checkFault();
    }

    @Override
    public void read(Value v, int[] data) {
        readable(v, DType.I32, data.length);
        transfers.read(memory.at(v), data);
        checkFault();
    }

    private void readable(Value v, DType dtype, int length) {
        requireOpen();
        HostArrays.checkRead(plan, v, dtype, length);
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("tornado: this executable is closed");
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            graphs.close();
        }
    }
}
