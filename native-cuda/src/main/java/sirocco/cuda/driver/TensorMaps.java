package sirocco.cuda.driver;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;

/**
 * Makes tensor maps, which Hopper's box copies (TMA) take: cuTensorMapEncodeTiled, which JCuda does not have. Elements are bf16, rows of a
 * box at most 128 bytes, and swizzled by 128 bytes as they arrive in shared memory; what is outside the tensor is zeros.
 */
public final class TensorMaps {
    private static final String ENCODE = "cuTensorMapEncodeTiled";
    /** Of a CUtensorMap. */
    private static final int BYTES = 128;
    private static final int ALIGNMENT = 64;
    private static final int CU_TENSOR_MAP_DATA_TYPE_BFLOAT16 = 9;
    private static final int CU_TENSOR_MAP_INTERLEAVE_NONE = 0;
    private static final int CU_TENSOR_MAP_SWIZZLE_128B = 3;
    private static final int CU_TENSOR_MAP_L2_PROMOTION_L2_128B = 2;
    private static final int CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE = 0;

    private final DriverLibrary driver;
    private MethodHandle encode;

    public TensorMaps(DriverLibrary driver) {
        this.driver = driver;
    }

    /**
     * A CUtensorMap, for a kernel's parameter. Arrays begin with the innermost dimension.
     *
     * @param what the step, for errors
     * @param address of the tensor on the device, a multiple of 16
     * @param sizes of the tensor in elements; the innermost is contiguous, and whole 16-byte chunks
     * @param strides bytes from one element to the next, of all dimensions but the innermost: multiples of 16
     * @param box elements that a box spans, at most 256 each
     * @param steps from an element of a box to the next that is taken, 1 to 8
     * @throws CudaException if the driver does not take this
     * @throws UnsatisfiedLinkError if it has no tensor maps: before CUDA 12
     */
    public byte[] encode(String what, long address, long[] sizes, long[] strides, int[] box, int[] steps) {
        if (encode == null) {
            encode = driver.function(ENCODE, FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS,
                    JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment map = arena.allocate(BYTES, ALIGNMENT);
            int code = (int) encode.invokeExact(map, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, sizes.length, MemorySegment.ofAddress(address),
                    arena.allocateFrom(JAVA_LONG, sizes), arena.allocateFrom(JAVA_LONG, strides), arena.allocateFrom(JAVA_INT, box),
                    arena.allocateFrom(JAVA_INT, steps), CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
                    CU_TENSOR_MAP_L2_PROMOTION_L2_128B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
            Driver.check(what, "%s of bf16 %s, strides %s, boxes %s, steps %s at 0x%x".formatted(ENCODE, Arrays.toString(sizes), Arrays.toString(strides),
                    Arrays.toString(box), Arrays.toString(steps), address), code);
            return map.toArray(JAVA_BYTE);
        } catch (Throwable e) {
            throw Driver.rethrown(e);
        }
    }
}
