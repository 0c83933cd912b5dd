package sirocco.gpu;

import java.util.List;
import java.util.function.ToLongFunction;
import sirocco.api.MemoryPlanner;
import sirocco.api.Value;

/**
 * Memory requirements of a graph whose kernels are chosen.
 *
 * @param kernels one for each step, in the order of steps
 * @param valueBytes bytes that a value takes in the backend's layout
 * @param extraBytes bytes beside the arena and the persistent values
 */
public record KernelSizes(List<? extends PlannedKernel> kernels, ToLongFunction<Value> valueBytes, long extraBytes) implements MemoryPlanner.Sizes {
    @Override
    public long bytes(Value v) {
        return valueBytes.applyAsLong(v);
    }

    @Override
    public long scratchBytes(int step) {
        return kernels.get(step).scratchBytes();
    }

    @Override
    public String note(int step) {
        return kernels.get(step).algorithm();
    }
}
