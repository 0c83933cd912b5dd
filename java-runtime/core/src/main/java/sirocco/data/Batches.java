package sirocco.data;

import java.util.concurrent.locks.LockSupport;

/**
 * Feeds training: shuffles, decodes on a thread of its own while the step before computes, and lends the result.
 *
 * <p>The batch of step s is a pure function of dataset, seed, batch size and s: images number s·n … s·n + n − 1 of the {@link Order}.
 * A batch may reach over the end of an epoch into the next, so all have the same size and no image is left out.
 *
 * <p>There are three buffers: one with the caller, one decoded, one being decoded. After the first round nothing is allocated, unless
 * the dataset itself does so to decode a file.
 *
 * <p>For one caller thread at a time.
 */
public final class Batches implements AutoCloseable {
    private static final int BUFFERS = 3;

    private final Dataset dataset;
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
     * @param dataset stays the caller's to close, after this
     * @param size images of a batch, at least 1
     * @param firstStep the step to begin at: 0, or where an earlier run stopped
     */
    public Batches(Dataset dataset, int size, long seed, long firstStep) {
        if (size < 1 || firstStep < 0) {
            throw new IllegalArgumentException(
                    "batches of \"" + dataset.name() + "\": expected a batch size of at least 1 and a first step of at least 0, got " + size
                            + " and " + firstStep);
        }
        if ((long) size * dataset.imageBytes() > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("batches of \"" + dataset.name() + "\": " + size + " images of " + dataset.imageBytes()
                    + " bytes do not fit one array of 2^31 bytes; take a smaller batch");
        }
        this.dataset = dataset;
        this.order = new Order(dataset.size(), seed);
        this.firstStep = firstStep;
        for (int i = 0; i < BUFFERS; i++) {
            ring[i] = new Batch(size, dataset.imageBytes());
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
                throw new IllegalStateException("batches of \"" + dataset.name() + "\" are closed");
            }
            Throwable failure = this.failure;
            // Looked at again, since the decoder may have published this very batch and then failed at a later one.
            if (failure != null && decoded <= step) {
                throw new DataException("batch " + step + ": " + failure.getMessage(), failure);
            }
            LockSupport.park(this);
            if (Thread.currentThread().isInterrupted()) {
                throw new DataException("interrupted while waiting for batch " + step + " of \"" + dataset.name() + "\"");
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
        int bytes = dataset.imageBytes();
        for (int i = 0; i < batch.size() && !closed; i++) {
            batch.labels()[i] = dataset.read(order.index(s * batch.size() + i), batch.images(), i * bytes);
        }
        batch.step(s);
    }
}
