package sirocco.cuda.driver;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Page-locked host memory, which the device reads and writes by itself (cuMemHostAlloc). Its address is the same on both sides. */
public final class PinnedMemory implements AutoCloseable {
    /** CU_MEMHOSTALLOC_PORTABLE | CU_MEMHOSTALLOC_DEVICEMAP */
    private static final int FLAGS = 1 | 2;

    private final MethodHandle free;
    private final String what;
    private MemorySegment segment;

    /** @param what for errors: whom it serves */
    public PinnedMemory(DriverLibrary driver, String what, long bytes) {
        this.what = what;
        MethodHandle alloc = driver.function("cuMemHostAlloc", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
        free = driver.function("cuMemFreeHost", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pointer = arena.allocate(ADDRESS);
            Driver.check(what, "cuMemHostAlloc of " + bytes + " bytes", (int) alloc.invokeExact(pointer, bytes, FLAGS));
            segment = pointer.get(ADDRESS, 0).reinterpret(bytes).fill((byte) 0);
        } catch (Throwable e) {
            throw Driver.rethrown(e);
        }
    }

    public MemorySegment segment() {
        return segment;
    }

    @Override
    public void close() {
        if (segment != null) {
            try {
                Driver.check(what, "cuMemFreeHost", (int) free.invokeExact(segment));
            } catch (Throwable e) {
                throw Driver.rethrown(e);
            } finally {
                segment = null;
            }
        }
    }
}
