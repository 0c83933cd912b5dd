package sirocco.data;

import java.util.concurrent.locks.LockSupport;

/**
 * Feeds training: shuffles, decodes on a thread of its own while the step before computes, and lends the result.
 *
 * <p>The batch of step s is a pure function of samples, seed, batch size and s: images number s·n … s·n + n − 1 of the {@link Order}.
 * A batch may reach over the end of an epoch into the next, so all have the same size and no image is left out.
 *
 * <p>There are three buffers: one with the caller, one decoded, one being decoded. After the first round nothing is allocated, unless
 * the source itself does so to decode a file.
 *
 * <p>For one caller thread at a time.
 */
public final class Batches implements AutoCloseable {
    private static final int BUFFERS = 3;
    private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

    private final Samples samples;
    private final Order order;
    private final Batch[] ring = new Batch[BUFFERS];
    private final Thread decoder;
    private final long firstStep;
    /** Steps before this one are decoded. Written by the decoder alone. */
    private volatile long decoded;
    /** Steps before this one are back from the caller. Written by the caller alone. */
    private volatile long released;
    private volatile Throwable failure;
    private volatile boolean closed;
    private volatile Thread caller;
    private long step;

    /**
     * Starts decoding.
     *
     * @param samples stays the caller's to close, after this
     * @param size images of a batch, at least 1
     * @param firstStep the step to begin at: 0, or where an earlier run stopped
     */
    public Batches(Samples samples, int size, long seed, long firstStep) {
        if (size < 1 || firstStep < 0) {
            throw new IllegalArgumentException(
                    "batches of \"" + samples.name() + "\": expected a batch size of at least 1 and a first step of at least 0, got " + size
                            + " and " + firstStep);
        }
        for (Column c : samples.columns()) {
            if ((long) size * c.elements() > MAX_ARRAY) {
                throw new IllegalArgumentException("batches of \"" + samples.name() + "\": column " + c.name() + " of " + size + " samples of " + c.elements()
                        + " elements does not fit an array of 2^31 elements. Use a smaller batch.");
            }
        }
        this.samples = samples;
        this.order = new Order(samples.size(), seed);
        this.firstStep = firstStep;
        for (int i = 0; i < BUFFERS; i++) {
            ring[i] = new Batch(size, samples.columns());
        }
        decoded = firstStep;
        released = firstStep;
        step = firstStep;
        decoder = Thread.ofPlatform().daemon().name("sirocco-data").start(this::decode);
    }

    /**
     * The next step's batch, waiting for it if need be. Takes back the one lent before.
     *
     * @throws DataException where an image of this batch could not be read; all earlier batches were delivered
     */
    public Batch next() {
        released = step;
        LockSupport.unpark(decoder);
        caller = Thread.currentThread();
        while (closed || decoded <= step) {
            if (closed) {
                throw new IllegalStateException("batches of \"" + samples.name() + "\" are closed");
            }
            Throwable failure = this.failure;
            // Looked at again, since the decoder may have published this very batch and then failed at a later one.
            if (failure != null && decoded <= step) {
                throw new DataException("batch " + step + ": " + failure.getMessage(), failure);
            }
            LockSupport.park(this);
            if (Thread.currentThread().isInterrupted()) {
                throw new DataException("interrupted while waiting for batch " + step + " of \"" + samples.name() + "\"");
            }
        }
        Batch batch = ring[(int) (step % BUFFERS)];
        step++;
        return batch;
    }

    /** Stops decoding; when this returns the thread has ended. The batch lent last stays as it is. */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(decoder);
        LockSupport.unpark(caller);
        boolean interrupted = false;
        while (true) {
            try {
                decoder.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void decode() {
        try {
            for (long s = firstStep; !closed; s++) {
                while (s - released >= BUFFERS) {
                    if (closed) {
                        return;
                    }
                    LockSupport.park(this);
                }
                fill(ring[(int) (s % BUFFERS)], s);
                decoded = s + 1;
                LockSupport.unpark(caller);
            }
        } catch (Throwable t) {
            failure = t;
            LockSupport.unpark(caller);
        }
    }

    private void fill(Batch batch, long s) {
        for (int i = 0; i < batch.size() && !closed; i++) {
            samples.read(order.index(s * batch.size() + i), batch, i);
        }
    }
}
