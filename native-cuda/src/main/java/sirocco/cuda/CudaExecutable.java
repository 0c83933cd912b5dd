package sirocco.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import jcuda.driver.CUevent;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstream;
import sirocco.api.DType;
import sirocco.api.Executable;
import sirocco.api.Plan;
import sirocco.api.Step;
import sirocco.api.StepTrace;
import sirocco.api.Value;
import sirocco.cuda.driver.Driver;
import sirocco.cuda.driver.PinnedMemory;
import sirocco.cuda.kernel.Kernel;
import sirocco.cuda.kernel.Launch;

/**
 * A plan on the device: a list of launches, captured once as one CUDA graph. {@link #run} starts it and returns; what is read or written
 * comes after it on the same stream.
 */
final class CudaExecutable implements Executable {
    private static final String REPLAY = "run of a captured plan";

    private final CudaDevice device;
    private final Plan plan;
    private final List<Kernel> kernels;
    private final Step[] steps;
    private final BoundLaunch[][] launches;
    private final Ids ids;
    private final CUstream stream;
    private final AutoCloseable[] owned;
    private final DeviceImage memory;
    private final PinnedMemory fault;
    private final CUgraph graph;
    private final CUgraphExec replay;
    private boolean closed;

    /** The device's context must be current. */
    CudaExecutable(CudaDevice device, Plan plan, List<Kernel> kernels) {
        this.device = device;
        this.plan = plan;
        this.kernels = kernels;
        stream = device.stream();
        steps = plan.graph().steps().toArray(Step[]::new);
        ids = new Ids(plan.graph());
        long[] room = Driver.memory(device.what());
        OutOfMemory.check(device.what(), plan, room[0], room[1]);
        fault = new PinnedMemory(device.library(), device.what(), Long.BYTES);
        memory = new DeviceImage(device.what(), plan, kernels, device.library(), stream);
        launches = new BoundLaunch[steps.length][];
        for (int i = 0; i < steps.length; i++) {
            String what = steps[i].toString();
            List<Launch> bound = kernels.get(i).binding().bind(memory.places(i, what, fault.segment().address()));
            launches[i] = bound.stream().map(l -> new BoundLaunch(what, device.function(what, l), l)).toArray(BoundLaunch[]::new);
        }
        graph = Driver.capture("capture of a plan", stream, this::launchAll);
        replay = Driver.instantiate("capture of a plan", graph);
        owned = new AutoCloseable[] {fault, memory, () -> Driver.destroy(REPLAY, graph), () -> Driver.destroy(REPLAY, replay)};
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
        device.use();
        Driver.launch(REPLAY, replay, stream);
    }

    @Override
    public void await() {
        requireOpen();
        device.use();
        Driver.synchronize(REPLAY, stream);
        checkFault();
    }

    private void launchAll() {
        for (int i = 0; i < steps.length; i++) {
            launch(i);
        }
    }

    private void launch(int step) {
        for (BoundLaunch l : launches[step]) {
            l.on(stream);
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
    public void trace(Consumer<StepTrace> observer) {
        requireOpen();
        ids.check();
        device.use();
        CUevent start = Driver.event("trace");
        CUevent end = Driver.event("trace");
        try {
            for (int i = 0; i < steps.length; i++) {
                String what = steps[i].toString();
                Driver.record(what, start, stream);
                launch(i);
                Driver.record(what, end, stream);
                Driver.synchronize(what, stream);
                checkFault();
                List<Value> written = new ArrayList<>(steps[i].op().outputs());
                written.addAll(steps[i].op().updates());
                List<StepTrace.Stats> stats = written.stream().filter(v -> v.dtype() == DType.F32).map(this::stats).toList();
                observer.accept(new StepTrace(i, steps[i], Driver.nanosBetween(what, start, end), plan.notes()[i], stats));
            }
        } finally {
            Driver.destroy("trace", start);
            Driver.destroy("trace", end);
        }
    }

    private StepTrace.Stats stats(Value v) {
        float[] data = new float[Math.toIntExact(v.shape().elements())];
        memory.read(v, MemorySegment.ofArray(data));
        return StepTrace.Stats.of(v, data);
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

    private void write(Value v, DType dtype, int length, MemorySegment data) {
        check("write", v, dtype, length);
        if (!v.persistent()) {
            throw new IllegalArgumentException("write " + v + ": only inputs, parameters and states are written by the host; this is a temporary");
        }
        device.use();
        memory.write(v, data);
    }

    @Override
    public void read(Value v, float[] data) {
        read(v, DType.F32, data.length, MemorySegment.ofArray(data));
    }

    @Override
    public void read(Value v, int[] data) {
        read(v, DType.I32, data.length, MemorySegment.ofArray(data));
    }

    private void read(Value v, DType dtype, int length, MemorySegment data) {
        check("read", v, dtype, length);
        if (!v.persistent() && !plan.graph().outputs().contains(v)) {
            throw new IllegalArgumentException("read " + v + ": its memory has been used again; mark it as an output of the graph to read it");
        }
        device.use();
        memory.read(v, data);
        checkFault();
    }

    private void check(String what, Value v, DType dtype, int length) {
        requireOpen();
        List<Value> values = plan.graph().values();
        if (v.id() >= values.size() || values.get(v.id()) != v) {
            throw new IllegalArgumentException(what + " " + v + ": not a value of this plan's graph");
        }
        if (v.dtype() != dtype) {
            throw new IllegalArgumentException(what + " " + v + ": the value is " + v.dtype() + ", the array is for " + dtype);
        }
        if (v.shape().elements() != length) {
            throw new IllegalArgumentException(what + " " + v + ": expected " + v.shape().elements() + " elements, got " + length);
        }
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
            Driver.synchronize(REPLAY, stream);
            for (int i = owned.length - 1; i >= 0; i--) {
                close(owned[i]);
            }
        }
    }

    private static void close(AutoCloseable resource) {
        try {
            resource.close();
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
