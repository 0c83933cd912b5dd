package sirocco.cuda;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToLongFunction;
import sirocco.api.Value;
import sirocco.cuda.kernel.Places;
import sirocco.gpu.DeviceBuffer;
import sirocco.gpu.StepBuffers;

/** Places of a step's operands in another framework's memory, all of it float32. Records the operands that are requested. */
final class ExternalPlaces implements Places {
    private final StepBuffers buffers;
    private final ToLongFunction<long[]> tables;
    private final Set<DeviceBuffer> asked = new LinkedHashSet<>();

    /** @param tables writes a table to device memory of the step's own and returns its address */
    ExternalPlaces(StepBuffers buffers, ToLongFunction<long[]> tables) {
        this.buffers = buffers;
        this.tables = tables;
    }

    /** Returns all that the step's launches may touch, once they are made. */
    List<DeviceBuffer> asked() {
        return List.copyOf(asked);
    }

    private long noted(DeviceBuffer buffer) {
        asked.add(buffer);
        return buffer.address();
    }

    @Override
    public long at(Value v) {
        return noted(buffers.values().apply(v));
    }

    @Override
    public long weights(Value w) {
        return at(w);
    }

    @Override
    public long scratch() {
        return noted(buffers.scratch());
    }

    @Override
    public long table(long[] words) {
        return noted(new DeviceBuffer(tables.applyAsLong(words), (long) words.length * Long.BYTES));
    }

    @Override
    public long fault() {
        return noted(new DeviceBuffer(buffers.fault(), Long.BYTES));
    }

    @Override
    public int faultCode() {
        return buffers.faultCode();
    }
}
