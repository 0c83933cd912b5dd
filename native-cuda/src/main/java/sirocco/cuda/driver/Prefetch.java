package sirocco.cuda.driver;

import java.lang.foreign.MemorySegment;
import jcuda.driver.CUevent;
import jcuda.driver.CUstream;

/**
 * The way of a batch to the device while the step before is at work: on a stream of its own, into one of two places that take turns, and
 * from there to where the step reads it when that step's turn has come.
 */
public final class Prefetch implements AutoCloseable {
    private static final String WHAT = "prefetching";
    private static final int PLACES = 2;

    private final Holdings held = new Holdings();
    private final CUstream work;
    private final CUstream copies;
    private final Staging staging;
    private final DeviceMemory[] places = new DeviceMemory[PLACES];
    private final CUevent[] arrived = new CUevent[PLACES];
    private final CUevent[] left = new CUevent[PLACES];
    private int next;

    /**
     * @param work the stream that the steps are on
     * @param room {@link #bytes} of device memory, which nothing on that stream touches from now on
     * @param largest bytes of the largest array that it will be given
     */
    public Prefetch(DriverLibrary driver, CUstream work, DeviceMemory room, long largest) {
        this.work = work;
        copies = held.hold(Driver.stream(WHAT), s -> Driver.destroy(WHAT, s));
        try {
            staging = held.hold(new Staging(driver, copies, largest), Staging::close);
            for (int i = 0; i < PLACES; i++) {
                places[i] = room.at(i * bytes(largest) / PLACES);
                arrived[i] = held.hold(Driver.signal(WHAT), e -> Driver.destroy(WHAT, e));
                left[i] = held.hold(Driver.signal(WHAT), e -> Driver.destroy(WHAT, e));
                Driver.record(WHAT, left[i], work); // after whatever was done to the room before
            }
        } catch (RuntimeException | Error e) {
            held.close(e);
            throw e;
        }
    }

    /** The room that arrays of up to {@code largest} bytes need. */
    public static long bytes(long largest) {
        return PLACES * ((largest + 255) / 256 * 256);
    }

    /** Copies a whole array. What is on the stream of steps already sees the old one, what comes later the new one. */
    public void upload(String what, MemorySegment array, DeviceMemory to) {
        Driver.await(what, copies, left[next]);
        staging.upload(what, array, places[next]);
        Driver.record(what, arrived[next], copies);
        Driver.await(what, work, arrived[next]);
        Driver.copy(what, to, places[next], array.byteSize(), work);
        Driver.record(what, left[next], work);
        next = (next + 1) % PLACES;
    }

    /** Everything on the stream of steps must have been done. */
    @Override
    public void close() {
        held.close();
    }
}
