package sirocco.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets Ctrl-C (and a polite kill) end work in good order: the signal asks the work to stop, and the process waits for it to say that it
 * has.
 */
public final class Interrupt implements AutoCloseable {
    /** Enough to write a large checkpoint. */
    private static final long PATIENCE_SECONDS = 120;

    private final CountDownLatch finished = new CountDownLatch(1);
    private volatile boolean asked;
    private final Runnable stop;
    private final Thread hook = new Thread(this::stopAndWait, "sirocco-interrupt");

    Interrupt() {
        this(() -> { });
    }

    /** @param stop what makes the work end, where it does not look at {@link #asked} */
    public Interrupt(Runnable stop) {
        this.stop = stop;
        Runtime.getRuntime().addShutdownHook(hook);
    }

    private void stopAndWait() {
        asked = true;
        stop.run();
        try {
            finished.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    public boolean asked() {
        return asked;
    }

    /** The work is over, whether it was asked to stop or not. */
    @Override
    public void close() {
        finished.countDown();
        if (!asked) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                // The signal came this very moment; the hook finds the latch open.
            }
        }
    }
}
