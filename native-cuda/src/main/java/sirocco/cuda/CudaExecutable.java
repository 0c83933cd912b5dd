package sirocco.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import jcuda.driver.CUevent;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import sirocco.api.Graph;
import sirocco.api.Plan;
import sirocco.api.Value;
import sirocco.cuda.driver.CudaException;
import sirocco.cuda.driver.Driver;
import sirocco.cuda.driver.Holdings;
import sirocco.cuda.driver.PinnedMemory;
import sirocco.cuda.kernel.Kernel;
import sirocco.cuda.kernel.Layout;
import sirocco.cuda.kernel.Storage;
import sirocco.cuda.kernel.WeightCopies;
import sirocco.gpu.GpuExecutable;

/**
 * A plan on the device: a list of launches, captured once as one CUDA graph. {@link #run} starts it and returns; what is read or written
 * comes after it on the same stream.
 */
final class CudaExecutable extends GpuExecutable {
    private static final String CAPTURE = "capture of a plan";
    private static final String REPLAY = "run of a captured plan";

    private final CudaDevice device;
    private final Layout layout;
    private final WeightCopies copies;
    private final PlanLaunches launches;
    /** Whether weights have to be copied before the next run. */
    private boolean stale;
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

    /**
     * The device's context must be current.
     *
     * @throws IllegalArgumentException if the device has no memory for the plan
     */
    CudaExecutable(CudaDevice device, Plan plan, List<Kernel> kernels, Layout layout) {
        super(CudaBackend.NAME, plan, kernels);
        this.device = device;
        this.layout = layout;
        stream = device.stream();
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
    protected void prepare() {
        device.use();
        if (stale) {
            launches.copyWeights();
            stale = false;
        }
    }

    @Override
    protected void launch(int phase) {
        Driver.launch(REPLAY, replays[phase], stream);
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
            super.repeat(times);
        }
    }

    @Override
    protected void synchronize() {
        device.use();
        Driver.synchronize(REPLAY, stream);
    }

    /** Kernels write the report to host memory. */
    @Override
    protected long takeReport() {
        long report = fault.segment().get(ValueLayout.JAVA_LONG, 0);
        if (report != 0) {
            fault.segment().set(ValueLayout.JAVA_LONG, 0, 0);
        }
        return report;
    }

    @Override
    public void time(long[] nanos) {
        ready();
        if (timed.isEmpty()) {
            timed = Optional.of(held.hold(new TimedRun(stream, steps().size(), launches::beforeSteps, launches::step), TimedRun::close));
        }
        timed.get().run(nanos);
        checkFault();
    }

    @Override
    protected void runSteps(StepTimes times) {
        launches.beforeSteps();
        try (Holdings events = new Holdings()) {
            CUevent start = events.hold(Driver.event("trace"), e -> Driver.destroy("trace", e));
            CUevent end = events.hold(Driver.event("trace"), e -> Driver.destroy("trace", e));
            for (int i = 0; i < steps().size(); i++) {
                String what = steps().get(i).toString();
                Driver.record(what, start, stream);
                launches.step(i);
                Driver.record(what, end, stream);
                Driver.synchronize(what, stream);
                times.ran(i, Driver.nanosBetween(what, start, end));
            }
        }
    }

    // ---- host arrays -----------------------------------------------------------------------------------------------------------

    @Override
    protected void upload(Value v, long first, MemorySegment data) {
        device.use();
        memory.write(v, first * v.dtype().bytes(), data);
        stale |= copies.contains(v) && !copies.everyRun();
    }

    @Override
    protected void download(Value v, float[] data) {
        device.use();
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

    @Override
    protected void download(Value v, int[] data) {
        device.use();
        memory.read(v, MemorySegment.ofArray(data));
    }

    @Override
    protected void release() {
        device.use();
        waitBeforeGivingBack();
        held.close();
    }
}
