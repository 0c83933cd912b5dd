package sirocco.cuda.driver;

import java.lang.foreign.MemorySegment;
import jcuda.Pointer;
import jcuda.driver.CUevent;
import jcuda.driver.CUstream;

/**
 * The way between Java's arrays and the device: page-locked chunks that take turns, so that the next is filled while the last is on its
 * way. Uploads return before they have arrived; whatever comes later on the stream sees them.
 */
public final class Staging implements AutoCloseable {
    /** Enough for the small numbers of several steps, so that a step can be asked for while the one before it is not done. */
    private static final int CHUNKS = 8;
    private static final long LARGEST_CHUNK = 2L << 20;

    private final Holdings held = new Holdings();
    private final CUstream stream;
    private final long chunkBytes;
    private final MemorySegment[] chunks = new MemorySegment[CHUNKS];
    private final Pointer[] pointers = new Pointer[CHUNKS];
    private final CUevent[] done = new CUevent[CHUNKS];
    private int next;

    /** @param largest bytes of the largest array that it will be given */
    public Staging(DriverLibrary driver, CUstream stream, long largest) {
        this.stream = stream;
        chunkBytes = Math.clamp((largest + 63) / 64 * 64, 4096, LARGEST_CHUNK);
        PinnedMemory pinned = held.hold(new PinnedMemory(driver, "staging memory", CHUNKS * chunkBytes), PinnedMemory::close);
        try {
            for (int i = 0; i < CHUNKS; i++) {
                chunks[i] = pinned.segment().asSlice(i * chunkBytes, chunkBytes);
                pointers[i] = Pointer.toBuffer(chunks[i].asByteBuffer());
                done[i] = held.hold(Driver.signal("staging memory"), e -> Driver.destroy("staging memory", e));
            }
        } catch (RuntimeException | Error e) {
            held.close(e);
            throw e;
        }
    }

    /** Copies a whole array. */
    public void upload(String what, MemorySegment array, DeviceMemory to) {
        for (long at = 0; at < array.byteSize(); at += chunkBytes) {
            long bytes = Math.min(chunkBytes, array.byteSize() - at);
            Driver.synchronize(what, done[next]);
            MemorySegment.copy(array, at, chunks[next], 0, bytes);
            Driver.upload(what, to.at(at), pointers[next], bytes, stream);
            Driver.record(what, done[next], stream);
            next = (next + 1) % CHUNKS;
        }
    }

    /** Fills a whole array, after everything on the stream so far has been done. */
    public void download(String what, DeviceMemory from, MemorySegment array) {
        long size = array.byteSize();
        fetch(what, from, 0, size, next);
        for (long at = 0; at < size; at += chunkBytes) {
            int now = next;
            next = (next + 1) % CHUNKS;
            if (at + chunkBytes < size) {
                fetch(what, from, at + chunkBytes, size, next);
            }
            Driver.synchronize(what, done[now]);
            MemorySegment.copy(chunks[now], 0, array, at, Math.min(chunkBytes, size - at));
        }
    }

    private void fetch(String what, DeviceMemory from, long at, long size, int chunk) {
        Driver.synchronize(what, done[chunk]);
        Driver.download(what, pointers[chunk], from.at(at), Math.min(chunkBytes, size - at), stream);
        Driver.record(what, done[chunk], stream);
    }

    @Override
    public void close() {
        held.close();
    }
}
