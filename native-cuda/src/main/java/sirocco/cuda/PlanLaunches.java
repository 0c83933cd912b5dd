package sirocco.cuda;

import java.lang.foreign.MemorySegment;
import java.util.List;
import sirocco.api.Plan;
import sirocco.cuda.kernel.Kernel;
import sirocco.cuda.kernel.WeightCopies;

/** A plan's launches, bound to its memory: those of each step, and those that copy weights. */
final class PlanLaunches {
    private final CudaDevice device;
    private final DeviceImage memory;
    private final MemorySegment fault;
    private final BoundLaunch[][] steps;
    private final BoundLaunch[] copy;
    private final boolean copyEveryRun;

    /**
     * @param kernels the steps' and, last, the one that copies weights
     * @param fault see {@link sirocco.cuda.kernel.Places#fault}
     */
    PlanLaunches(CudaDevice device, Plan plan, List<Kernel> kernels, WeightCopies copies, DeviceImage memory, MemorySegment fault) {
        this.device = device;
        this.memory = memory;
        this.fault = fault;
        steps = new BoundLaunch[plan.graph().steps().size()][];
        for (int i = 0; i < steps.length; i++) {
            steps[i] = bind(i, kernels.get(i), plan.graph().steps().get(i).toString());
        }
        copy = copies.isEmpty() ? new BoundLaunch[0] : bind(steps.length, kernels.getLast(), "copies of weights");
        copyEveryRun = copies.everyRun();
    }

    private BoundLaunch[] bind(int number, Kernel kernel, String what) {
        DeviceImage.Operands operands = memory.operands(number, what, fault);
        var bound = kernel.binding().bind(operands);
        Runnable before = device.operands().before(what, operands.asked());
        return bound.stream().map(l -> new BoundLaunch(device, what, device.function(what, l), l, before)).toArray(BoundLaunch[]::new);
    }

    /**
     * All of a run.
     *
     * @param overlap see {@link BoundLaunch#run}
     */
    void run(boolean overlap) {
        run(0, steps.length, overlap);
    }

    /**
     * A phase: steps {@code first} to {@code end} − 1, after the copies of weights that they read.
     *
     * @param overlap see {@link BoundLaunch#run}
     */
    void run(int first, int end, boolean overlap) {
        if (copyEveryRun) {
            run(copy, overlap);
        }
        for (int i = first; i < end; i++) {
            run(steps[i], overlap);
        }
    }

    /** What a run has before its steps. */
    void beforeSteps() {
        if (copyEveryRun) {
            copyWeights();
        }
    }

    void step(int number) {
        run(steps[number], false);
    }

    void copyWeights() {
        run(copy, false);
    }

    private static void run(BoundLaunch[] step, boolean overlap) {
        for (BoundLaunch l : step) {
            l.run(overlap);
        }
    }
}
