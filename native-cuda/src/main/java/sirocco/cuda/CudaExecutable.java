package sirocco.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import jcuda.driver.CUevent;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import sirocco.api.DType;
import sirocco.api.Executable;
import sirocco.api.Graph;
import sirocco.api.HostArrays;
import sirocco.api.Ids;
import sirocco.api.Plan;
import sirocco.api.Step;
import sirocco.api.StepTrace;
import sirocco.api.Value;
import sirocco.cuda.driver.CudaException;
import sirocco.cuda.driver.Driver;
import sirocco.cuda.driver.Holdings;
import sirocco.cuda.driver.PinnedMemory;
import sirocco.cuda.kernel.Kernel;
import sirocco.cuda.kernel.Layout;
import sirocco.cuda.kernel.Storage;
import sirocco.cuda.kernel.WeightCopies;

/**
 * A plan on the device: a list of launches, captured once as one CUDA graph. {@link #run} starts it and returns; what is read or written
 * comes after it on the same stream.
 */
final class CudaExecutable implements Executable {
    private static final String CAPTURE = "capture of a plan";
    private static final String REPLAY = "run of a captured plan";

    private final CudaDevice device;
    private final Plan plan;
    private final List<Kernel> kernels;
    private final Layout layout;
    private final Step[] steps;
    private final WeightCopies copies;
    private final PlanLaunches launches;
    /** Whether weights have to be copied before the next run. */
    private boolean stale;
    private final Ids ids;
    private final CUstream stream;
    private final Holdings held = new Holdings();
    private final DeviceImage memory;
    private final PinnedMemory fault;
    /** One for each phase. */
    private final CUgraphExec[] replays;
    /** Made when it is first wanted, if the device has loops. */
    private Optional<Loop> loop = Optional.empty();
    /** The same, for {@link #time}. */
    private Optional<TimedRun> timed = Optional.empty();
    private boolean closed;

    /**
     * The device's context must be current.
     *
     * @throws IllegalArgumentException if the device has no memory for the plan
     */
    CudaExecutable(CudaDevice device, Plan plan, List<Kernel> kernels, Layout layout) {
        this.device = device;
        this.plan = plan;
        this.kernels = kernels;
        this.layout = layout;
        stream = device.stream();
        steps = plan.graph().steps().toArray(Step[]::new);
        ids = new Ids(plan.graph());
        copies = new WeightCopies(plan.graph(), kernels);
        stale = !copies.isEmpty() && !copies.everyRun();
        List<Kernel> all = new ArrayList<>(kernels);
        all.add(copies.kernel());
        try {
            long[] room = Driver.memory(device.what());
            OutOfMemory.check(device.what(), plan, room[0], room[1]);
            fault = held.hold(new PinnedMemory(device.library(), device.what(), Long.BYTES), PinnedMemory::close);
            memory = held.hold(new DeviceImage(device.what(), plan, all, copies, device.library(), stream), DeviceImage::close);
            waitBeforeGivingBack(); // for tables that are on their way
            launches = new PlanLaunches(device, plan, all, copies, memory, fault.segment());
            replays = plan.graph().phases().stream().map(this::captured).toArray(CUgraphExec[]::new);
        } catch (RuntimeException | Error e) {
            held.close(e);
            if (e instanceof CudaException c && c.code() == CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
                throw OutOfMemory.refused(device.what(), plan, c);
            }
            throw e;
        }
    }

    private CUgraphExec captured(Graph.Phase phase) {
        return device.overlap().make(Overlap.Graph.RUN, overlap -> {
            CUgraph graph = held.hold(Driver.capture(CAPTURE, stream, () -> launches.run(phase.first(), phase.end(), overlap)),
                    g -> Driver.destroy(CAPTURE, g));
            return held.hold(Driver.instantiate(CAPTURE, graph), g -> Driver.destroy(CAPTURE, g));
        });
    }

    private void waitBeforeGivingBack() {
        held.hold(stream, s -> Driver.synchronize(REPLAY, s));
    }

    // ---- running ---------------------------------------------------------------------------------------------------------------

    @Override
    public Plan plan() {
        return plan;
    }

    @Override
    public void run() {
        ready();
        for (CUgraphExec replay : replays) {
            Driver.launch(REPLAY, replay, stream);
        }
    }

    @Override
    public void run(String phase) {
        ready();
        Driver.launch(REPLAY, replays[plan.graph().phases().indexOf(plan.graph().phase(phase))], stream);
    }

    @Override
    public void repeat(int times) {
        ready();
        if (times > 1 && loop.isEmpty()) {
            loop = device.loops().loop(device, memory.counter(), launches::run);
            loop.ifPresent(l -> held.hold(l, Loop::close));
        }
        if (times > 1 && loop.isPresent()) {
            loop.get().run(times);
        } else {
            Executable.super.repeat(times);
        }
    }

    @Override
    public void await() {
        requireOpen();
        device.use();
        Driver.synchronize(REPLAY, stream);
        checkFault();
    }

    /** What comes before steps: looks at the ids, and copies weights anew if the host has written one. */
    private void ready() {
        requireOpen();
        ids.check();
        device.use();
        if (stale) {
            launches.copyWeights();
            stale = false;
        }
    }

    /** @throws IllegalStateException if a kernel has met bad data since the last time; the report is taken back */
    private void checkFault() {
        long report = fault.segment().get(ValueLayout.JAVA_LONG, 0);
        if (report != 0) {
            fault.segment().set(ValueLayout.JAVA_LONG, 0, 0);
            int step = (int) (report >>> 32) - 1;
            throw new IllegalStateException(steps[step] + ": " + kernels.get(step).fault().apply((int) report));
        }
    }

    @Override
    public void time(long[] nanos) {
        ready();
        if (timed.isEmpty()) {
            timed = Optional.of(held.hold(new TimedRun(stream, steps.length, launches::beforeSteps, launches::step), TimedRun::close));
        }
        timed.get().run(nanos);
        checkFault();
    }

    @Override
    public void trace(IntPredicate observed, Consumer<StepTrace> observer) {
        ready();
        launches.beforeSteps();
        try (Holdings events = new Holdings()) {
            CUevent start = events.hold(Driver.event("trace"), e -> Driver.destroy("trace", e));
            CUevent end = events.hold(Driver.event("trace"), e -> Driver.destroy("trace", e));
            for (int i = 0; i < steps.length; i++) {
                String what = steps[i].toString();
                Driver.record(what, start, stream);
                launches.step(i);
                Driver.record(what, end, stream);
                Driver.synchronize(what, stream);
                checkFault();
                observer.accept(StepTrace.of(i, steps[i], Driver.nanosBetween(what, start, end), plan.notes()[i], observed.test(i), this::elements));
            }
        }
    }

    private float[] elements(Value v) {
        float[] data = new float[Math.toIntExact(v.shape().elements())];
        load(v, data);
        return data;
    }

    // ---- host arrays -----------------------------------------------------------------------------------------------------------

    @Override
    public void write(Value v, float[] data) {
        write(v, DType.F32, data.length, MemorySegment.ofArray(data));
    }

    @Override
    public void write(Value v, int[] data) {
        write(v, DType.I32, data.length, MemorySegment.ofArray(data));
        ids.written(v, data);
    }

    @Override
    public void write(Value v, byte[] data) {
        write(v, DType.U8, data.length, MemorySegment.ofArray(data));
    }

    @Override
    public void write(Value v, long first, byte[] part) {
        requireOpen();
        HostArrays.checkWrite(plan, v, DType.U8, first, part.length);
        device.use();
        memory.write(v, first, MemorySegment.ofArray(part));
    }

    private void write(Value v, DType dtype, int length, MemorySegment data) {
        requireOpen();
        HostArrays.checkWrite(plan, v, dtype, length);
        device.use();
        memory.write(v, 0, data);
        stale |= copies.contains(v) && !copies.everyRun();
    }

    @Override
    public void read(Value v, float[] data) {
        readable(v, DType.F32, data.length);
        load(v, data);
        checkFault();
    }

    @Override
    public void read(Value v, int[] data) {
        readable(v, DType.I32, data.length);
        memory.read(v, MemorySegment.ofArray(data));
        checkFault();
    }

    private void load(Value v, float[] data) {
        if (layout.of(v) == Storage.F32) {
            memory.read(v, MemorySegment.ofArray(data));
        } else {
            short[] upperHalves = new short[data.length];
            memory.read(v, MemorySegment.ofArray(upperHalves));
            for (int i = 0; i < data.length; i++) {
                data[i] = Float.intBitsToFloat(upperHalves[i] << 16);
            }
        }
    }

    private void readable(Value v, DType dtype, int length) {
        requireOpen();
        HostArrays.checkRead(plan, v, dtype, length);
        device.use();
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("cuda: this executable is closed");
        }
    }

    /** Waits for what was started, and gives the memory back. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            device.use();
            waitBeforeGivingBack();
            held.close();
        }
    }
}
