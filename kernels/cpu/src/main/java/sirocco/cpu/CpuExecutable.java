package sirocco.cpu;

import java.util.function.Consumer;
import java.util.function.IntPredicate;
import sirocco.api.DType;
import sirocco.api.Executable;
import sirocco.api.Graph;
import sirocco.api.HostArrays;
import sirocco.api.Plan;
import sirocco.api.Shape;
import sirocco.api.Step;
import sirocco.api.StepTrace;
import sirocco.api.Value;
import sirocco.cpu.pointwise.Convert;

/** A plan in the heap: an array of kernels, each bound to its operands' places, run one after the other. */
final class CpuExecutable implements Executable {
    private final Plan plan;
    private final Layouts layouts;
    private final Kernels kernels;
    private final Workers workers;
    private final Step[] steps;
    private Memory memory;
    private Runnable[] run;
    /** What comes before a step; null where there is nothing to prepare. */
    private Runnable[] prepare;
    /** Whether it has to, this time. */
    private final boolean[] stale;

    CpuExecutable(Plan plan, Layouts layouts, Kernels kernels, Workers workers, long pieceBytes) {
        this.plan = plan;
        this.layouts = layouts;
        this.kernels = kernels;
        this.workers = workers;
        steps = plan.graph().steps().toArray(Step[]::new);
        memory = new Memory(plan, pieceBytes);
        run = new Runnable[steps.length];
        prepare = new Runnable[steps.length];
        stale = new boolean[steps.length];
        for (int i = 0; i < steps.length; i++) {
            Kernel.Bound bound = kernels.bind(i, memory);
            run[i] = bound.run();
            prepare[i] = bound.prepare();
            stale[i] = true;
        }
    }

    @Override
    public Plan plan() {
        return plan;
    }

    // ---- running ---------------------------------------------------------------------------------------------------------------

    @Override
    public void run() {
        requireOpen();
        synchronized (workers) {
            for (int i = 0; i < steps.length; i++) {
                run(i);
            }
        }
    }

    @Override
    public void run(String phase) {
        requireOpen();
        Graph.Phase p = plan.graph().phase(phase);
        synchronized (workers) {
            for (int i = p.first(); i < p.end(); i++) {
                run(i);
            }
        }
    }

    private void run(int step) {
        try {
            if (prepare[step] != null && stale[step]) {
                prepare[step].run();
                stale[step] = !kernels.keepsPrepared(step);
            }
            run[step].run();
        } catch (RuntimeException e) {
            throw new IllegalStateException(steps[step] + ": " + e.getMessage(), e);
        }
    }

    @Override
    public void trace(IntPredicate observed, Consumer<StepTrace> observer) {
        requireOpen();
        for (int i = 0; i < steps.length; i++) {
            long nanos;
            synchronized (workers) {
                long start = System.nanoTime();
                run(i);
                nanos = System.nanoTime() - start;
            }
            observer.accept(StepTrace.of(i, steps[i], nanos, kernels.get(i).algorithm(), observed.test(i), this::elements));
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
        writable(v, DType.F32, data.length);
        Slice to = memory.at(v);
        Layout layout = layouts.of(v);
        copy(data, 0, dense(v), to.array(), to.offset(), layout);
        for (int i = 0; i < steps.length; i++) {
            if (kernels.get(i).weights() == v) {
                stale[i] = true;
            }
        }
    }

    @Override
    public void write(Value v, int[] data) {
        writable(v, DType.I32, data.length);
        System.arraycopy(data, 0, memory.ints(v), 0, data.length);
    }

    @Override
    public void write(Value v, byte[] data) {
        writable(v, DType.U8, data.length);
        System.arraycopy(data, 0, memory.bytes(v), 0, data.length);
    }

    @Override
    public void write(Value v, long first, byte[] part) {
        requireOpen();
        HostArrays.checkWrite(plan, v, DType.U8, first, part.length);
        System.arraycopy(part, 0, memory.bytes(v), (int) first, part.length);
    }

    @Override
    public void read(Value v, float[] data) {
        readable(v, DType.F32, data.length);
        load(v, data);
    }

    @Override
    public void read(Value v, int[] data) {
        readable(v, DType.I32, data.length);
        System.arraycopy(memory.ints(v), 0, data, 0, data.length);
    }

    private void load(Value v, float[] data) {
        Slice from = memory.at(v);
        copy(from.array(), from.offset(), layouts.of(v), data, 0, dense(v));
    }

    private void copy(float[] from, int fromAt, Layout fromLayout, float[] to, int toAt, Layout toLayout) {
        if (fromLayout.dense() && toLayout.dense()) {
            System.arraycopy(from, fromAt, to, toAt, Math.toIntExact(toLayout.floats()));
        } else {
            synchronized (workers) {
                new Convert(fromLayout, toLayout, workers).run(from, fromAt, to, toAt);
            }
        }
    }

    /** How the host has it. */
    private static Layout dense(Value v) {
        Shape s = v.shape();
        return Layout.plain(s.n(), s.h(), s.w(), s.c());
    }

    private void writable(Value v, DType dtype, int length) {
        requireOpen();
        HostArrays.checkWrite(plan, v, dtype, length);
    }

    private void readable(Value v, DType dtype, int length) {
        requireOpen();
        HostArrays.checkRead(plan, v, dtype, length);
    }

    private void requireOpen() {
        if (memory == null) {
            throw new IllegalStateException("cpu: this executable is closed");
        }
    }

    /** Gives its memory back to the heap. */
    @Override
    public void close() {
        memory = null;
        run = null;
        prepare = null;
    }
}
