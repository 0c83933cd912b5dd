package sirocco.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;

/**
 * A fixed team of threads that runs one loop at a time, the caller among them.
 *
 * <p>Each thread has a share of neighbouring items, which it takes one by one from the front; when it has none left it takes from the
 * back of another's. So a thread that the system took off its core costs the loop one item's time at most, and a thread that never
 * wakes is not waited for; but mostly the thread that wrote an image in one loop reads it in the next, out of its own cache.
 * Idle threads spin briefly, since a plan is hundreds of loops of some tens of microseconds, then park. {@link #run} allocates nothing.
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

    /** Longs between two threads' shares: each on a cache line of its own, and on none that the hardware fetches along with it. */
    private static final int APART = 16;

    /** Of each thread: the loop's number (20 bits), the end of its share (22) and the first item not taken (22), changed together. */
    private final AtomicLongArray shares;
    /** The loop's number. */
    private final AtomicLong loop = new AtomicLong();
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
        shares = new AtomicLongArray((threads + 1) * APART);
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
        long number = loop.get() + 1;
        int threads = threads();
        for (int i = 0; i < threads; i++) {
            long first = (long) items * i / threads;
            long end = (long) items * (i + 1) / threads;
            shares.set(at(i), number << 44 | end << 22 | first);
        }
        loop.set(number);
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

    private static int at(int worker) {
        return (worker + 1) * APART;
    }

    /** Takes items while there are any. The task is read after an item was won: until that item is done, the loop cannot change. */
    private void work(int worker) {
        int threads = threads();
        for (int i = 0; i < threads; i++) {
            int owner = (worker + i) % threads;
            for (int item = take(owner, i > 0); item >= 0; item = take(owner, i > 0)) {
                try {
                    task.run(item, worker);
                } catch (Throwable e) {
                    failure = e;
                }
                done.incrementAndGet();
            }
        }
    }

    /** An item of a thread's share, its first or its last; −1 if there are none left. */
    private int take(int owner, boolean last) {
        while (true) {
            long share = shares.get(at(owner));
            int first = (int) (share & MAX_ITEMS);
            int end = (int) (share >>> 22 & MAX_ITEMS);
            if (first >= end) {
                return -1;
            }
            if (shares.compareAndSet(at(owner), share, last ? share - (1L << 22) : share + 1)) {
                return last ? end - 1 : first;
            }
        }
    }

    private void help(int helper) {
        long seen = 0;
        while (!closed) {
            for (int spins = 0; spins < SPINS && loop.get() == seen && !closed; spins++) {
                Thread.onSpinWait();
            }
            if (loop.get() == seen) {
                parked[helper].yes = true;
                if (loop.get() == seen && !closed) {
                    LockSupport.park(this);
                }
                parked[helper].yes = false;
            }
            seen = loop.get();
            work(helper + 1);
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
