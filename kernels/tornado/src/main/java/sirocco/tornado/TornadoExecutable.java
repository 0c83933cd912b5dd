package sirocco.tornado;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
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
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** A plan as task graphs over two arrays, which are on the device from the first to the last. */
final class TornadoExecutable implements Executable {
    private final TornadoDevice device;
    private final Plan plan;
    private final List<Kernel> kernels;
    private final List<Step> steps;
    private final DeviceMemory memory;
    private final TaskGraphs graphs;
    private final Transfers transfers;
    /** Numbers of the graphs that make a run. */
    private final int[] runs;
    private final Ids ids;
    /** A copy whose steps are graphs of their own; made when it is first wanted, since every one of them is compiled. */
    private TornadoExecutable apart;
    private boolean closed;

    /** @param tasks at most so many in a graph; a step's are never parted, so that 1 gives every step a graph of its own */
    TornadoExecutable(TornadoDevice device, Plan plan, List<Kernel> kernels, int tasks) {
        this.device = device;
        this.plan = plan;
        this.kernels = kernels;
        steps = plan.graph().steps();
        ids = new Ids(plan.graph());
        memory = new DeviceMemory(plan);
        graphs = new TaskGraphs(new FloatArray(memory.floats()), new IntArray(memory.words()));
        transfers = new Transfers(graphs, memory);
        runs = addRuns(tasks);
        graphs.ready(device, runs);
        transfers.clear();
        graphs.runFirst();
    }

    private int[] addRuns(int tasks) {
        List<Integer> numbers = new ArrayList<>();
        List<Launch> together = new ArrayList<>();
        for (int i = 0; i < steps.size(); i++) {
            List<Launch> launches = kernels.get(i).binding().bind(memory.places(i));
            if (!together.isEmpty() && together.size() + launches.size() > tasks) {
                numbers.add(graphs.add(together));
                together.clear();
            }
            together.addAll(launches);
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
        for (int number : runs) {
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

    /** Step by step; the first time includes compilation. */
    @Override
    public void trace(IntPredicate observed, Consumer<StepTrace> observer) {
        requireOpen();
        ids.check();
        if (apart == null) {
            apart = new TornadoExecutable(device, plan, kernels, 1);
        }
        copy(transfers, apart.transfers);
        for (int i = 0; i < steps.size(); i++) {
            long start = System.nanoTime();
            apart.graphs.run(apart.runs[i]);
            long nanos = System.nanoTime() - start;
            apart.await();
            observer.accept(StepTrace.of(i, steps.get(i), nanos, plan.notes()[i], observed.test(i), apart::elements));
        }
        copy(apart.transfers, transfers);
    }

    private void copy(Transfers from, Transfers to) {
        float[] floats = new float[memory.floats()];
        from.read(0, floats);
        to.write(0, floats);
        int[] words = new int[memory.words()];
        from.read(0, words);
        to.write(0, words);
        to.flush();
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
        int[] words = new int[DeviceMemory.elements(v)];
        MemorySegment.copy(MemorySegment.ofArray(data), 0, MemorySegment.ofArray(words), 0, data.length);
        transfers.write(memory.at(v), words);
    }

    /** Four bytes make a word, so those around the part are fetched. */
    @Override
    public void write(Value v, long first, byte[] part) {
        requireOpen();
        HostArrays.checkWrite(plan, v, DType.U8, first, part.length);
        int from = (int) first / Integer.BYTES;
        int[] words = new int[((int) first + part.length + Integer.BYTES - 1) / Integer.BYTES - from];
        transfers.read(memory.at(v) + from, words);
        MemorySegment.copy(MemorySegment.ofArray(part), 0, MemorySegment.ofArray(words), first - (long) from * Integer.BYTES, part.length);
        transfers.write(memory.at(v) + from, words);
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
            if (apart != null) {
                apart.close();
            }
            graphs.close();
        }
    }
}
