package sirocco.cuda;

import java.util.function.IntConsumer;
import jcuda.driver.CUevent;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstream;
import sirocco.cuda.driver.Driver;
import sirocco.cuda.driver.Holdings;

/**
 * A plan captured as one graph with an event between any two steps. The device comes by them without hearing from the host, so what lies between
 * them is kernels, and not the host's time to launch them, which is longer than a small kernel takes.
 */
final class TimedRun implements AutoCloseable {
    private static final String WHAT = "timed run of a plan";

    private final Holdings held = new Holdings();
    private final CUstream stream;
    private final CUevent[] events;
    private final CUgraphExec graph;

    /**
     * @param first puts on the stream what comes before all steps
     * @param step puts a step's launches there
     */
    TimedRun(CUstream stream, int steps, Runnable first, IntConsumer step) {
        this.stream = stream;
        events = new CUevent[steps + 2];
        try {
            for (int i = 0; i < events.length; i++) {
                events[i] = held.hold(Driver.event(WHAT), e -> Driver.destroy(WHAT, e));
            }
            var captured = held.hold(Driver.capture(WHAT, stream, () -> {
                first.run();
                Driver.recordAtReplay(WHAT, events[0], stream);
                for (int i = 0; i < steps; i++) {
                    step.accept(i);
                    Driver.recordAtReplay(WHAT, events[i + 1], stream);
                }
                Driver.recordAtReplay(WHAT, events[steps + 1], stream);
            }), g -> Driver.destroy(WHAT, g));
            graph = held.hold(Driver.instantiate(WHAT, captured), g -> Driver.destroy(WHAT, g));
        } catch (RuntimeException | Error e) {
            held.close(e);
            throw e;
        }
    }

    /** Runs it, waits for it, and says how long each step took, less what two events take with nothing between them. */
    void run(long[] nanos) {
        Driver.launch(WHAT, graph, stream);
        Driver.synchronize(WHAT, stream);
        long nothing = Driver.nanosBetween(WHAT, events[nanos.length], events[nanos.length + 1]);
        for (int i = 0; i < nanos.length; i++) {
            nanos[i] = Math.max(0, Driver.nanosBetween(WHAT, events[i], events[i + 1]) - nothing);
        }
    }

    @Override
    public void close() {
        held.close();
    }
}
