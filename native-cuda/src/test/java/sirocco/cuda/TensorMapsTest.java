package sirocco.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import sirocco.cuda.driver.CudaException;

/** Tensor maps by java.lang.foreign, on the emulated driver: what a driver takes, and what it refuses. */
class TensorMapsTest {
    private static final long ADDRESS = 1 << 20;

    private CudaDevice device;

    @BeforeEach
    void open() {
        device = Emulated.device();
        device.use();
    }

    @AfterEach
    void close() {
        if (device != null) {
            device.close();
        }
    }

    private byte[] encode(long address, long[] sizes, int[] box, int step) {
        long[] strides = {2 * sizes[0], 2 * sizes[0] * sizes[1], 2 * sizes[0] * sizes[1] * sizes[2]};
        return device.tensorMaps().encode("Conv2d \"up.0\"", address, sizes, strides, box, new int[] {1, step, step, 1});
    }

    private void refused(String because, long address, long[] sizes, int[] box, int step) {
        CudaException e = assertThrows(CudaException.class, () -> encode(address, sizes, box, step));
        assertEquals(1, e.code(), "invalid value");
        assertTrue(e.getMessage().startsWith("Conv2d \"up.0\": cuTensorMapEncodeTiled of bf16 [") && e.getMessage().contains(because), e.getMessage());
    }

    @Test
    void mapsAreOpaqueAndOf128Bytes() {
        assertEquals(128, encode(ADDRESS, new long[] {8, 5, 7, 3}, new int[] {64, 16, 16, 1}, 1).length);
        assertEquals(128, encode(ADDRESS, new long[] {72, 5, 7, 3}, new int[] {64, 15, 31, 1}, 2).length);
    }

    @Test
    void whatHardwareCannotCopyIsRefused() {
        long[] sizes = {64, 8, 8, 2};
        int[] box = {64, 8, 8, 2};
        refused("address is not a multiple of 16", ADDRESS + 8, sizes, box, 1);
        refused("the stride of dimension 1 is 40 bytes; it must be a multiple of 16", ADDRESS, new long[] {20, 8, 8, 2}, box, 1);
        refused("the box's size of dimension 1 is 257", ADDRESS, sizes, new int[] {64, 257, 1, 1}, 1);
        refused("swizzling by 128 takes at most so many", ADDRESS, sizes, new int[] {72, 8, 8, 1}, 1);
        refused("must be a multiple of 16", ADDRESS, sizes, new int[] {12, 8, 8, 1}, 1);
        refused("the element stride of dimension 1 is 9", ADDRESS, sizes, box, 9);
        refused("the size of dimension 3 is 0", ADDRESS, new long[] {64, 8, 8, 0}, box, 1);
    }
}
