package sirocco.gpu;

import java.lang.foreign.MemorySegment;
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

/**
 * What executables on a GPU have in common: checks of host arrays and ids, reports of bad data, and the executable's state. Subclasses transfer and
 * launch; their methods are called on an open executable with checked arguments.
 */
public abstract class GpuExecutable implements Executable {
    private final String backend;
    private final Plan plan;
    private final List<Step> steps;
    private final List<? extends PlannedKernel> kernels;
    private final Ids ids;
    private boolean closed;

    /**
     * @param backend the backend's name, for errors
     * @param kernels one for each step, in the order of steps
     */
    protected GpuExecutable(String backend, Plan plan, List<? extends PlannedKernel> kernels) {
        this.backend = backend;
        this.plan = plan;
        this.kernels = kernels;
        steps = plan.graph().steps();
        ids = new Ids(plan.graph());
    }

    /** Receives the time of a step that has run, in nanoseconds. */
    @FunctionalInterface
    protected interface StepTimes {
        void ran(int step, long nanos);
    }

    /** Prepares a run: whatever host writes have left to do before launches. */
    protected abstract void prepare();

    /** Starts a phase, by its number. */
    protected abstract void launch(int phase);

    /** Runs the steps in order, and times each; synchronizes with the device after each. */
    protected abstract void runSteps(StepTimes times);

    /** Waits until everything that was started is complete, and the report of bad data is on the host. */
    protected abstract void synchronize();

    /**
     * Returns and clears the report of bad data that the last {@link #synchronize} or transfer from the device has brought: the number of the step, from 1,
     * in the high half, the offending number in the low half; 0 if there is none.
     */
    protected abstract long takeReport();

    /**
     * Writes a part of a persistent value.
     *
     * @param first the first element
     * @param data a heap segment of float for F32, int for I32, byte for U8
     */
    protected abstract void upload(Value v, long first, MemorySegment data);

    /** Reads an F32 value. */
    protected abstract void download(Value v, float[] data);

    /** Reads an I32 value. */
    protected abstract void download(Value v, int[] data);

    /** Waits for what was started, and frees memory. Called once. */
    protected abstract void release();

    // ---- running ---------------------------------------------------------------------------------------------------------------

    @Override
    public final Plan plan() {
        return plan;
    }

    protected final List<Step> steps() {
        return steps;
    }

    /**
     * Checks and prepares; for subclasses that run in other ways too.
     *
     * @throws IllegalStateException if the executable is closed
     */
    protected final void ready() {
        requireOpen();
        ids.check();
        prepare();
    }

    @Override
    public final void run() {
        ready();
        for (int phase = 0; phase < plan.graph().phases().size(); phase++) {
            launch(phase);
        }
    }

    @Override
    public final void run(String phase) {
        ready();
        launch(plan.graph().phases().indexOf(plan.graph().phase(phase)));
    }

    @Override
    public final void await() {
        requireOpen();
        synchronize();
        checkFault();
    }

    /** @throws IllegalStateException if a kernel has reported bad data since the last call; the report is cleared */
    protected final void checkFault() {
        long report = takeReport();
        if (report != 0) {
            int step = (int) (report >>> 32) - 1;
            throw new IllegalStateException(steps.get(step) + ": " + kernels.get(step).fault().apply((int) report));
        }
    }

    @Override
    public final void trace(IntPredicate observed, Consumer<StepTrace> observer) {
        ready();
        runSteps((step, nanos) -> {
            await();
            observer.accept(StepTrace.of(step, steps.get(step), nanos, plan.notes()[step], observed.test(step), this::elements));
        });
    }

    private float[] elements(Value v) {
        float[] data = new float[Math.toIntExact(v.shape().elements())];
        download(v, data);
        return data;
    }

    // ---- host arrays -----------------------------------------------------------------------------------------------------------

    @Override
    public final void write(Value v, float[] data) {
        write(v, DType.F32, data.length, MemorySegment.ofArray(data));
    }

    @Override
    public final void write(Value v, int[] data) {
        write(v, DType.I32, data.length, MemorySegment.ofArray(data));
        ids.written(v, data);
    }

    @Override
    public final void write(Value v, byte[] data) {
        write(v, DType.U8, data.length, MemorySegment.ofArray(data));
    }

    private void write(Value v, DType dtype, int length, MemorySegment data) {
        requireOpen();
        HostArrays.checkWrite(plan, v, dtype, length);
        upload(v, 0, data);
    }

    @Override
    public final void write(Value v, long first, byte[] part) {
        requireOpen();
        HostArrays.checkWrite(plan, v, DType.U8, first, part.length);
        upload(v, first, MemorySegment.ofArray(part));
    }

    @Override
    public final void read(Value v, float[] data) {
        readable(v, DType.F32, data.length);
        download(v, data);
        checkFault();
    }

    @Override
    public final void read(Value v, int[] data) {
        readable(v, DType.I32, data.length);
        download(v, data);
        checkFault();
    }

    private void readable(Value v, DType dtype, int length) {
        requireOpen();
        HostArrays.checkRead(plan, v, dtype, length);
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException(backend + ": this executable is closed");
        }
    }

    @Override
    public final void close() {
        if (!closed) {
            closed = true;
            release();
        }
    }
}
