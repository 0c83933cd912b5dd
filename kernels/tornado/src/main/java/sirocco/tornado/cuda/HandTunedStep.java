package sirocco.tornado.cuda;

import sirocco.api.DType;
import sirocco.api.Step;
import sirocco.api.Value;
import sirocco.gpu.DeviceBuffer;
import sirocco.gpu.PlannedKernel;
import sirocco.gpu.StepBuffers;
import sirocco.tornado.kernel.DeviceTask;
import sirocco.tornado.kernel.Places;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryContext;

/** A step's launches of hand-tuned kernels. Their arguments have addresses in them, so they are made when it is known where the arrays lie. */
final class HandTunedStep implements DeviceTask {
    private final Step step;
    private final PlannedKernel kernel;
    private final Places places;
    private Runnable launches;
    private long memory;
    private long words;

    HandTunedStep(Step step, PlannedKernel kernel, Places places) {
        this.step = step;
        this.kernel = kernel;
        this.places = places;
    }

    void bind(LibraryContext context, long memoryAt, long wordsAt) {
        memory = memoryAt;
        words = wordsAt;
        DeviceBuffer scratch = new DeviceBuffer(float32(places.scratch()), kernel.scratchBytes());
        launches = ((HandTunedContext) context).stream().bind(step.toString(), kernel,
                new StepBuffers(this::operand, scratch, words + (long) Integer.BYTES * places.fault(), places.faultCode()));
    }

    private DeviceBuffer operand(Value v) {
        long bytes = v.shape().elements() * v.dtype().bytes();
        return new DeviceBuffer(v.dtype() == DType.F32 ? float32(places.at(v)) : words + (long) Integer.BYTES * places.at(v), bytes);
    }

    private long float32(int place) {
        return memory + (long) Float.BYTES * place;
    }

    /** @throws IllegalStateException if the arrays are not where they were */
    @Override
    public void run(LibraryContext context, long memoryAt, long wordsAt) {
        if (launches == null || memoryAt != memory || wordsAt != words) {
            throw new IllegalStateException("%s: the device's arrays are at 0x%x and 0x%x; its launches were made for 0x%x and 0x%x".formatted(step, memoryAt,
                    wordsAt, memory, words));
        }
        launches.run();
    }
}
