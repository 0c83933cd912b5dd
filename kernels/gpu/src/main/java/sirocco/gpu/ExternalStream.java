package sirocco.gpu;

/** A stream of another framework in this process, in that framework's context, on which {@link ExternalKernels} are launched. */
public interface ExternalStream extends AutoCloseable {
    /** Bytes of which the address of a value is a multiple: kernels access vectors. */
    int ALIGNMENT = 16;

    /**
     * Binds a kernel to memory and loads it. Must not be called while the stream is captured.
     *
     * @param step the step's name, for errors
     * @param kernel of the service that has made this stream
     * @return launches the kernel on the stream, without waiting for it; may be called while the stream is captured
     * @throws IllegalArgumentException if an operand is not aligned, or the kernel is of another service
     */
    Runnable bind(String step, PlannedKernel kernel, StepBuffers buffers);

    /** Frees tables and kernels. No launch may be running. The stream and its context remain the framework's. */
    @Override
    void close();
}
