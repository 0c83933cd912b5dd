package sirocco.cpu;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import sirocco.api.Graph;
import sirocco.api.MemoryPlanner;
import sirocco.api.Step;
import sirocco.api.Value;

/**
 * A graph's kernels, and the memory for their prepared weights. Those made from weights that no step writes are kept from run to run, each
 * in a place of its own; the others are made anew in every run, and all take turns in one place.
 */
final class Kernels {
    private static final int ALIGNMENT = 16;

    private final List<Kernel> kernels;
    private final boolean[] kept;
    private final long[] preparedAt;
    private final long preparedFloats;

    /** @param piece floats of an array, see {@link MemoryPlanner.Sizes#pieceBytes} */
    private Kernels(List<Kernel> kernels, boolean[] kept, long piece) {
        this.kernels = kernels;
        this.kept = kept;
        preparedAt = new long[kernels.size()];
        long end = 0;
        long largest = 0;
        for (int i = 0; i < preparedAt.length; i++) {
            long floats = aligned(kernels.get(i).preparedFloats());
            if (floats > piece) {
                throw new IllegalArgumentException("cpu: the prepared weights of step " + i + " take " + floats + " floats, and an array holds " + piece
                        + " at most. Make the model narrower.");
            }
            if (kept[i]) {
                end = MemoryPlanner.within(end, floats, piece);
                preparedAt[i] = end;
                end += floats;
            } else {
                largest = Math.max(largest, floats);
            }
        }
        end = MemoryPlanner.within(end, largest, piece);
        for (int i = 0; i < preparedAt.length; i++) {
            if (!kept[i]) {
                preparedAt[i] = end;
            }
        }
        preparedFloats = end + largest;
    }

    static Kernels of(Graph graph, Layouts layouts, Workers workers, long pieceBytes) {
        Set<Value> written = new HashSet<>();
        for (Step step : graph.steps()) {
            written.addAll(step.op().outputs());
            written.addAll(step.op().updates());
        }
        KernelFactory factory = new KernelFactory(layouts, v -> !written.contains(v), workers);
        List<Kernel> kernels = new ArrayList<>();
        boolean[] kept = new boolean[graph.steps().size()];
        for (Step step : graph.steps()) {
            Kernel kernel = factory.of(step);
            kept[kernels.size()] = kernel.weights() != null && !written.contains(kernel.weights());
            kernels.add(kernel);
        }
        return new Kernels(List.copyOf(kernels), kept, pieceBytes / Float.BYTES);
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

    /** Floats of all prepared weights. */
    long preparedFloats() {
        return preparedFloats;
    }

    Kernel.Bound bind(int step, Memory memory) {
        return kernels.get(step).binding().bind(memory, memory.scratch(step), memory.prepared(preparedAt[step]));
    }
}
