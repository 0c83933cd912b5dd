package sirocco.cuda.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import sirocco.api.Convolution;
import sirocco.api.DType;
import sirocco.api.KernelChoices;
import sirocco.api.Settings;
import sirocco.api.Shape;
import sirocco.api.Tuning;
import sirocco.api.Value;
import sirocco.api.Window;

/** What level 5 takes on an H100: 132 multiprocessors, of which a block gets 227 KiB of shared memory. */
class HopperGemmTest {
    private static final Target H100 = new Target(90, 132, 227 << 10, Storage.BF16, false);

    private static Value value(int id, int... shape) {
        return new Value(id, "v" + id, new Shape(shape[0], shape[1], shape[2], shape[3]), DType.F32, Value.Role.INPUT);
    }

    private static Kernel forward(Target target, String rule, int n, int size, int c, int k, Window window) {
        Convolution.Conv2d op = new Convolution.Conv2d(value(0, n, size, size, c), value(1, k, window.kernelH(), window.kernelW(), c), Optional.empty(), Optional.empty(),
                Optional.empty(), window, value(2, n, window.outH(size), window.outW(size), k));
        KernelChoices choices = KernelChoices.of(KernelRule.PROPERTY, rule, KernelFactory.variants(), Tuning.NONE,
                new Tuning.Key("cuda", "H100", Settings.Precision.BF16));
        return new Convolutions(target, new KernelRule(choices), new Sums(target)).forward(op);
    }

    private static String chosen(Target target, String rule, int size, int c, int k) {
        return forward(target, rule, 128, size, c, k, Window.same(3)).algorithm();
    }

    @Test
    void isTakenWhereItIsAskedForAndFits() {
        assertEquals("v5 256x128 bf16", chosen(H100, "conv2d=v5", 32, 128, 128));
        assertEquals("v5 128x64 bf16", chosen(H100, "conv2d=v5_128x64", 32, 128, 128));
        assertTrue(chosen(H100, "", 32, 128, 128).startsWith("v4"), "no GPU has run level 5");
        assertTrue(chosen(H100, "conv2d=v5", 32, 3, 128).startsWith("v4"), "channels that are not whole 16-byte chunks");
        for (Target other : List.of(new Target(80, 132, 227 << 10, Storage.BF16, false), new Target(100, 132, 227 << 10, Storage.BF16, false),
                new Target(90, 132, 227 << 10, Storage.F32, true))) {
            assertTrue(chosen(other, "conv2d=v5", 32, 128, 128).startsWith("v4"), other::toString);
        }
    }

    @Test
    void tilesAreAsLargeAsKeepsMultiprocessorsBusy() {
        assertEquals("v5 256x128 bf16", chosen(H100, "conv2d=v5", 16, 256, 256));
        assertEquals("v5 128x128 bf16", chosen(H100, "conv2d=v5", 8, 256, 256));
        assertEquals("v5 128x64 bf16", chosen(H100, "conv2d=v5", 4, 256, 256));
        assertEquals("v5 128x64 bf16", chosen(H100, "conv2d=v5", 32, 64, 64));
    }

    @Test
    void sharedMemoryIsThere() {
        for (HopperGemm level : HopperGemm.levels()) {
            Launch launch = level.choose("conv2d", H100, 1 << 20, 1 << 10, 1).launch(H100, 1000, 1);
            assertTrue(launch.sharedBytes() <= H100.sharedBytes(), launch::toString);
            assertEquals(132, launch.gridX(), "blocks take tiles in turn");
        }
    }

    @Test
    void boxesCoverImagesByTheFewest() {
        assertEquals(new PixelBox(1, 8, 32), PixelBox.of(256, 128, 32, 32, 1));
        assertEquals(new PixelBox(2, 8, 8), PixelBox.of(128, 128, 8, 8, 1));
        assertEquals(new PixelBox(8, 4, 4), PixelBox.of(128, 128, 4, 4, 1));
        assertEquals(new PixelBox(128, 1, 1), PixelBox.of(128, 500, 1, 1, 1), "a linear layer");
        assertEquals(new PixelBox(1, 1, 256), PixelBox.of(256, 1, 1, 4096, 1));
        assertEquals(new PixelBox(1, 2, 128), PixelBox.of(256, 1, 1024, 1024, 2), "256 elements are the widest that a box spans");
        for (int size = 1; size < 40; size++) {
            PixelBox box = PixelBox.of(128, 3, size, 7, 2);
            assertEquals(128, box.images() * box.height() * box.width());
            assertTrue(128L * box.count(3, size, 7) >= 3L * size * 7, box::toString);
        }
    }

    /** A box spans 16 elements, of which 8 are taken. */
    @Test
    void aStrideIsTheTensorMaps() {
        TensorMap map = TensorMap.images(4096, 2, 17, 19, 24, new PixelBox(2, 8, 8), 2);
        assertArrayEquals(new long[] {24, 19, 17, 2}, map.sizes());
        assertArrayEquals(new long[] {48, 48 * 19, 48 * 19 * 17}, map.strides());
        assertArrayEquals(new int[] {64, 16, 16, 2}, map.box());
        assertArrayEquals(new int[] {1, 2, 2, 1}, map.steps());
    }
}
