package sirocco.cuda.kernel;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import sirocco.api.Graph;
import sirocco.api.Value;
import sirocco.gpu.Alignment;
import sirocco.gpu.Chunks;

/**
 * bf16 copies of the weights that kernels ask for by {@link Kernel#weights}, made from the float32 masters all at once: at the start of every
 * run where a step changes them, else after the host has written them.
 */
public final class WeightCopies {
    private final Map<Value, Long> offsets = new LinkedHashMap<>();
    private final long bytes;
    private final boolean everyRun;

    public WeightCopies(Graph graph, List<Kernel> kernels) {
        long end = 0;
        for (Kernel k : kernels) {
            for (Value w : k.weights()) {
                if (!offsets.containsKey(w)) {
                    offsets.put(w, end);
                    end += Alignment.align(bytes(w));
                }
            }
        }
        bytes = end;
        Set<Value> updated = graph.steps().stream().flatMap(s -> s.op().updates().stream()).collect(Collectors.toSet());
        everyRun = offsets.keySet().stream().anyMatch(updated::contains);
    }

    /** Of the copy of {@code w}. */
    public static long bytes(Value w) {
        return w.shape().elements() * Storage.BF16.bytes();
    }

    /** Of all copies. */
    public long bytes() {
        return bytes;
    }

    /** Whether every run has to begin with {@link #kernel}. */
    public boolean everyRun() {
        return everyRun;
    }

    public boolean isEmpty() {
        return offsets.isEmpty();
    }

    public boolean contains(Value v) {
        return offsets.containsKey(v);
    }

    /** From the start of the copies to that of {@code w}. */
    public long offset(Value w) {
        return offsets.get(w);
    }

    /** Makes all copies; {@link Places#weights} says where. */
    public Kernel kernel() {
        List<Value> all = List.copyOf(offsets.keySet());
        int chunks = Chunks.count(all);
        return Kernel.of(m -> List.of(Launch.blocks("copy_weights", chunks, 1, 1, m.table(Chunks.table(List.of(
                new Chunks.Column(all, m::at, Float.BYTES), new Chunks.Column(all, m::weights, Storage.BF16.bytes()))))))).withTable(Chunks.entries(all, 2));
    }
}
