package sirocco.cuda;

import java.lang.foreign.MemorySegment;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import jcuda.driver.CUstream;
import sirocco.api.DType;
import sirocco.api.Graph;
import sirocco.api.MemoryPlanner;
import sirocco.api.Movement;
import sirocco.api.Plan;
import sirocco.api.Step;
import sirocco.api.Value;
import sirocco.cuda.driver.DeviceMemory;
import sirocco.cuda.driver.Driver;
import sirocco.cuda.driver.DriverLibrary;
import sirocco.cuda.driver.Holdings;
import sirocco.cuda.driver.Prefetch;
import sirocco.cuda.driver.Staging;
import sirocco.cuda.kernel.Kernel;
import sirocco.cuda.kernel.Places;
import sirocco.cuda.kernel.WeightCopies;
import sirocco.gpu.Alignment;
import sirocco.gpu.DeviceBuffer;

/**
 * A plan's memory on the device: one allocation, of the persistent values, the arena, the copies of weights, the kernels' tables, a loop's
 * counter, and room for batches on their way, in this order. All zero at first.
 */
final class DeviceImage implements AutoCloseable {
    private final Holdings held = new Holdings();
    private final Plan plan;
    private final DeviceMemory memory;
    private final Staging staging;
    /** Null if there are no {@link #batches}. */
    private final Prefetch prefetch;
    private final Set<Value> batches;
    private final WeightCopies copies;
    private final long arenaAt;
    private final long copiesAt;
    private final long[] tableAt;
    private final long counterAt;

    /** @param kernels the steps' and, last, the one that copies weights */
    DeviceImage(String what, Plan plan, List<Kernel> kernels, WeightCopies copies, DriverLibrary library, CUstream stream) {
        this.plan = plan;
        this.copies = copies;
        arenaAt = plan.persistentBytes();
        copiesAt = arenaAt + plan.arenaBytes();
        tableAt = new long[kernels.size()];
        long end = copiesAt + copies.bytes();
        for (int i = 0; i < tableAt.length; i++) {
            tableAt[i] = end;
            end += tableBytes(kernels.get(i));
        }
        counterAt = end;
        batches = batches(plan.graph());
        long largestBatch = largest(batches);
        long roomAt = counterAt + MemoryPlanner.ALIGNMENT;
        long bytes = roomAt + Prefetch.bytes(largestBatch);
        memory = held.hold(Driver.allocate(what, bytes), m -> Driver.free("device memory", m));
        try {
            Driver.zero(what, memory, bytes, stream);
            staging = held.hold(new Staging(library, stream, plan.graph().values().stream().mapToLong(v -> plan.slot(v) == null ? 0 : plan.slot(v).bytes())
                    .max().orElse(0)), Staging::close);
            prefetch = batches.isEmpty() ? null : held.hold(new Prefetch(library, stream, memory.at(roomAt), largestBatch), Prefetch::close);
        } catch (RuntimeException | Error e) {
            held.close(e);
            throw e;
        }
    }

    /** What there is beside the arena and the persistent values. */
    static long extraBytes(Graph graph, List<Kernel> steps, WeightCopies copies) {
        return copies.bytes() + tableBytes(copies.kernel()) + steps.stream().mapToLong(DeviceImage::tableBytes).sum() + MemoryPlanner.ALIGNMENT
                + Prefetch.bytes(largest(batches(graph)));
    }

    /** Pixels that the host writes again and again: those that a step reads as they are, and no dataset to choose from. */
    private static Set<Value> batches(Graph graph) {
        Set<Value> found = new LinkedHashSet<>();
        for (Step step : graph.steps()) {
            if (!(step.op() instanceof Movement.GatherImages)) {
                step.op().inputs().stream().filter(v -> v.role() == Value.Role.INPUT && v.dtype() == DType.U8).forEach(found::add);
            }
        }
        return found;
    }

    private static long largest(Set<Value> values) {
        return values.stream().mapToLong(v -> v.shape().elements()).max().orElse(0);
    }

    private static long tableBytes(Kernel kernel) {
        return Alignment.align((long) kernel.tableWords() * Long.BYTES);
    }

    /**
     * @param number a kernel's, as the constructor had them
     * @param what the step, for errors
     * @param fault see {@link Places#fault}
     */
    Operands operands(int number, String what, MemorySegment fault) {
        return new Operands(number, what, fault);
    }

    /** Where a step finds its operands, and a note of those that it has asked for. */
    final class Operands implements Places {
        private final int number;
        private final String what;
        private final MemorySegment fault;
        private final Set<DeviceBuffer> asked = new LinkedHashSet<>();

        private Operands(int number, String what, MemorySegment fault) {
            this.number = number;
            this.what = what;
            this.fault = fault;
        }

        /** All that the step's launches may touch, once they are made. */
        List<DeviceBuffer> asked() {
            return List.copyOf(asked);
        }

        private long noted(long address, long bytes) {
            asked.add(new DeviceBuffer(address, bytes));
            return address;
        }

        @Override
        public long at(Value v) {
            return noted(DeviceImage.this.at(v).address(), plan.slot(v).bytes());
        }

        @Override
        public long weights(Value w) {
            return copies.contains(w) ? noted(memory.address() + copiesAt + copies.offset(w), WeightCopies.bytes(w)) : at(w);
        }

        @Override
        public long scratch() {
            return noted(memory.address() + arenaAt + plan.scratch()[number], plan.scratchBytes()[number]);
        }

        @Override
        public long table(long[] words) {
            DeviceMemory to = memory.at(tableAt[number]);
            staging.upload(what, MemorySegment.ofArray(words), to);
            return noted(to.address(), (long) words.length * Long.BYTES);
        }

        @Override
        public long fault() {
            return noted(fault.address(), fault.byteSize());
        }

        @Override
        public int faultCode() {
            return number + 1;
        }
    }

    /** An int that counts a loop's repetitions. */
    DeviceMemory counter() {
        return memory.at(counterAt);
    }

    private DeviceMemory at(Value v) {
        Plan.Slot slot = plan.slot(v);
        return memory.at(slot.offset() + (slot.region() == Plan.Region.ARENA ? arenaAt : 0));
    }

    /** @param offset bytes from the value's start */
    void write(Value v, long offset, MemorySegment array) {
        DeviceMemory to = at(v).at(offset);
        if (batches.contains(v)) {
            prefetch.upload("write " + v, array, to);
        } else {
            staging.upload("write " + v, array, to);
        }
    }

    void read(Value v, MemorySegment array) {
        staging.download("read " + v, at(v), array);
    }

    @Override
    public void close() {
        held.close();
    }
}
