package sirocco.cuda.driver;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;

/** How a kernel is launched by cuLaunchKernelEx, which JCuda does not have: a CUlaunchConfig outside the heap, laid out once. */
public final class LaunchConfig {
    /** CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION */
    private static final int OVERLAPS = 6;

    /** CUlaunchAttribute: its value is a union of 64 bytes. */
    private static final MemoryLayout ATTRIBUTE = MemoryLayout.structLayout(JAVA_INT.withName("id"), MemoryLayout.paddingLayout(4),
            JAVA_INT.withName("value"), MemoryLayout.paddingLayout(60)).withByteAlignment(8);

    /** CUlaunchConfig; after the bytes of shared memory a hole, as before any pointer. */
    private static final MemoryLayout CONFIG = MemoryLayout.structLayout(JAVA_INT.withName("gridX"), JAVA_INT.withName("gridY"), JAVA_INT.withName("gridZ"),
            JAVA_INT.withName("blockX"), JAVA_INT.withName("blockY"), JAVA_INT.withName("blockZ"), JAVA_INT.withName("sharedBytes"),
            MemoryLayout.paddingLayout(4), JAVA_LONG.withName("stream"), ADDRESS.withName("attributes"), JAVA_INT.withName("attributeCount"),
            MemoryLayout.paddingLayout(4));

    private final MemorySegment config;

    /**
     * @param block threads in a block
     * @param sharedBytes dynamic shared memory
     * @param overlaps whether blocks may be launched before the kernel before has ended, for which this one then waits by itself
     *     (programmatic dependent launch: compute capability 9.0; in a graph, CUDA 12.3)
     */
    public LaunchConfig(int gridX, int gridY, int gridZ, int block, int sharedBytes, StreamHandle stream, boolean overlaps) {
        this(gridX, gridY, gridZ, block, sharedBytes, stream.address(), overlaps);
    }

    /** The same for a stream of another's, a CUstream. */
    public LaunchConfig(int gridX, int gridY, int gridZ, int block, int sharedBytes, long stream, boolean overlaps) {
        Arena arena = Arena.ofAuto();
        config = arena.allocate(CONFIG);
        set("gridX", gridX);
        set("gridY", gridY);
        set("gridZ", gridZ);
        set("blockX", block);
        set("blockY", 1);
        set("blockZ", 1);
        set("sharedBytes", sharedBytes);
        config.set(JAVA_LONG, offset(CONFIG, "stream"), stream);
        if (overlaps) {
            MemorySegment attribute = arena.allocate(ATTRIBUTE);
            attribute.set(JAVA_INT, offset(ATTRIBUTE, "id"), OVERLAPS);
            attribute.set(JAVA_INT, offset(ATTRIBUTE, "value"), 1);
            config.set(ADDRESS, offset(CONFIG, "attributes"), attribute);
            set("attributeCount", 1);
        }
    }

    private void set(String field, int value) {
        config.set(JAVA_INT, offset(CONFIG, field), value);
    }

    private static long offset(MemoryLayout structure, String field) {
        return structure.byteOffset(PathElement.groupElement(field));
    }

    MemorySegment segment() {
        return config;
    }
}
