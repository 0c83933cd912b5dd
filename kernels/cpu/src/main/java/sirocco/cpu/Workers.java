package sirocco.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * A fixed team of threads that runs one loop at a time, the caller among them.
 *
 * <p>Items are handed out one by one, so a thread that the system took off its core costs the loop one item's time at most, and a
 * thread that never wakes is not waited for. Idle threads spin briefly, since a plan is hundreds of loops of some tens of
 * microseconds, then park. {@link #run} allocates nothing.
 *
 * <p>Which thread runs which item is left to chance: an item must write only what no other item writes, and then the results do not
 * depend on the number of threads.
 */
public final class Workers implements AutoCloseable {
    /** The body of a loop. */
    @FunctionalInterface
    public interface Task {
        /**
         * @param item 0 … items − 1
         * @param worker the thread that runs it, 0 … threads − 1: the key to per-thread scratch memory
         */
        void run(int item, int worker);
    }

    /** Most items of one loop. */
    public static final int MAX_ITEMS = (1 << 22) - 1;

    private static final int SPINS = 4_000;

    /** The loop's epoch (20 bits), its item count (22) and the next item to hand out (22), changed together. */
    private final AtomicLong ticket = new AtomicLong();
    private final AtomicInteger done = new AtomicInteger();
    private final Thread[] helpers;
    private final Parked[] parked;
    private Task task;
    private volatile Throwable failure;
    private volatile boolean closed;

    /** Alone on its cache line as far as object layout allows; written by one helper, read by the caller. */
    private static final class Parked {
        volatile boolean yes;
    }

    /** @param threads how many run a loop, the caller included; at least 1 */
    public Workers(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads: expected at least 1, got " + threads);
        }
        helpers = new Thread[threads - 1];
        parked = new Parked[threads - 1];
        for (int i = 0; i < helpers.length; i++) {
            int helper = i;
            parked[i] = new Parked();
            helpers[i] = Thread.ofPlatform().daemon().name("sirocco-cpu-" + (i + 1)).start(() -> help(helper));
        }
    }

    public int threads() {
        return helpers.length + 1;
    }

    /**
     * Runs {@code task} for every item and returns when all are done. Calls from one thread at a time; a task must not call it.
     *
     * @throws RuntimeException or Error that an item threw; other items may have run
     */
    public void run(int items, Task task) {
        if (items < 0 || items > MAX_ITEMS) {
            throw new IllegalArgumentException("items: expected 0 to " + MAX_ITEMS + ", got " + items);
        }
        if (items == 0) {
            return;
        }
        if (helpers.length == 0 || items == 1) {
            for (int i = 0; i < items; i++) {
                task.run(i, 0);
            }
            return;
        }
        this.task = task;
        failure = null;
        done.set(0);
        long epoch = (ticket.get() >>> 44) + 1;
        ticket.set(epoch << 44 | (long) items << 22);
        for (int i = 0; i < helpers.length && i < items - 1; i++) {
            if (parked[i].yes) {
                LockSupport.unpark(helpers[i]);
            }
        }
        work(0);
        for (int spins = 0; done.get() != items; spins++) {
            if (spins < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.parkNanos(20_000);
            }
        }
        Throwable thrown = failure;
        if (thrown instanceof RuntimeException e) {
            throw e;
        }
        if (thrown instanceof Error e) {
            throw e;
        }
    }

    /** Takes items while there are any. The task is read after an item was won: until that item is done, the loop cannot change. */
    private void work(int worker) {
        while (true) {
            long t = ticket.get();
            int next = (int) (t & MAX_ITEMS);
            if (next >= (int) (t >>> 22 & MAX_ITEMS)) {
                return;
            }
            if (ticket.compareAndSet(t, t + 1)) {
                try {
                    task.run(next, worker);
                } catch (Throwable e) {
                    failure = e;
                }
                done.incrementAndGet();
            }
        }
    }

    private boolean itemsLeft() {
        long t = ticket.get();
        return (t & MAX_ITEMS) < (t >>> 22 & MAX_ITEMS);
    }

    private void help(int helper) {
        while (!closed) {
            work(helper + 1);
            for (int spins = 0; spins < SPINS && !itemsLeft() && !closed; spins++) {
                Thread.onSpinWait();
            }
            if (!itemsLeft()) {
                parked[helper].yes = true;
                if (!itemsLeft() && !closed) {
                    LockSupport.park(this);
                }
                parked[helper].yes = false;
            }
        }
    }

    /** Ends the threads. The team cannot be used afterwards. */
    @Override
    public void close() {
        closed = true;
        for (Thread helper : helpers) {
            LockSupport.unpark(helper);
        }
    }
}
