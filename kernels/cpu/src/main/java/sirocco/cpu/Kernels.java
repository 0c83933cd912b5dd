package sirocco.cpu;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import sirocco.api.Graph;
import sirocco.api.Step;
import sirocco.api.Value;

/**
 * A graph's kernels, and what they need beside their operands. Prepared weights are kept where no step writes the weights they are made
 * from; where one does, they are made anew in every run, in the step's scratch memory.
 */
final class Kernels {
    private static final int ALIGNMENT = 16;

    private final List<Kernel> kernels;
    private final boolean[] kept;
    private final long[] preparedAt;
    private final long preparedFloats;

    private Kernels(List<Kernel> kernels, boolean[] kept) {
        this.kernels = kernels;
        this.kept = kept;
        preparedAt = new long[kernels.size()];
        long end = 0;
        for (int i = 0; i < preparedAt.length; i++) {
            if (kept[i]) {
                preparedAt[i] = end;
                end += aligned(kernels.get(i).preparedFloats());
            } else {
                preparedAt[i] = aligned(kernels.get(i).scratchFloats());
            }
        }
        preparedFloats = end;
    }

    static Kernels of(Graph graph, Layouts layouts, Workers workers) {
        Set<Value> written = new HashSet<>();
        for (Step step : graph.steps()) {
            written.addAll(step.op().outputs());
            written.addAll(step.op().updates());
        }
        KernelFactory factory = new KernelFactory(layouts, workers);
        List<Kernel> kernels = new ArrayList<>();
        boolean[] kept = new boolean[graph.steps().size()];
        for (Step step : graph.steps()) {
            Kernel kernel = factory.of(step);
            kept[kernels.size()] = kernel.weights() != null && !written.contains(kernel.weights());
            kernels.add(kernel);
        }
        return new Kernels(List.copyOf(kernels), kept);
    }

    private static long aligned(long floats) {
        return (floats + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    Kernel get(int step) {
        return kernels.get(step);
    }

    /** Whether the step's prepared weights outlast the run. */
    boolean keepsPrepared(int step) {
        return kept[step];
    }

    long scratchFloats(int step) {
        Kernel kernel = kernels.get(step);
        return kept[step] ? kernel.scratchFloats() : kernel.preparedFloats() == 0 ? kernel.scratchFloats() : preparedAt[step] + kernel.preparedFloats();
    }

    /** Floats of all prepared weights that are kept. */
    long preparedFloats() {
        return preparedFloats;
    }

    Kernel.Bound bind(int step, Memory memory) {
        Slice scratch = memory.scratch(step);
        int at = Math.toIntExact(preparedAt[step]);
        Slice prepared = kept[step] ? memory.prepared(at) : new Slice(scratch.array(), scratch.offset() + at);
        return kernels.get(step).binding().bind(memory, scratch, prepared);
    }
}
