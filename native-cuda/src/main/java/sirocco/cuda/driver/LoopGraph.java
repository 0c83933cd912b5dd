package sirocco.cuda.driver;

import java.util.function.LongConsumer;

/**
 * A graph of one conditional node (CUDA 12.4): its body is done again and again, without the host, until a kernel in it says that it is enough.
 */
public final class LoopGraph implements AutoCloseable {
    private static final String CAPTURE = "capture of a plan as a loop";
    private static final String RUN = "run of a plan as a loop";

    private final ForeignDriver driver;
    private final StreamHandle stream;
    private final long graph;
    private final long executable;

    /**
     * @param body puts the body's launches on the stream; given the handle that the last of them has to set
     * @throws CudaException with code CUDA_ERROR_NOT_SUPPORTED where the driver knows the calls and the device cannot
     */
    public LoopGraph(ForeignDriver driver, StreamHandle stream, LongConsumer body) {
        this.driver = driver;
        this.stream = stream;
        graph = driver.graph(CAPTURE);
        try {
            long context = driver.context(CAPTURE);
            long conditional = driver.conditional(CAPTURE, graph, context);
            driver.capture(CAPTURE, stream, driver.whileNode(CAPTURE, graph, conditional, context), () -> body.accept(conditional));
            executable = driver.instantiate(CAPTURE, graph);
        } catch (RuntimeException | Error e) {
            driver.destroyGraph(CAPTURE, graph);
            throw e;
        }
    }

    /** Starts it, and returns. */
    public void launch() {
        driver.launch(RUN, executable, stream);
    }

    @Override
    public void close() {
        driver.destroyExecutable(RUN, executable);
        driver.destroyGraph(RUN, graph);
    }
}
