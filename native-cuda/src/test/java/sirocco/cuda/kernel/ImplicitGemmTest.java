package sirocco.cuda.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import sirocco.gpu.SplitK;
import sirocco.gpu.Tile;

/** What the rule takes on a GPU with 108 multiprocessors. */
class ImplicitGemmTest {
    private static final Target BF16 = new Target(80, 108, 163 << 10, Storage.BF16, false);
    private static final Target F32 = new Target(80, 108, 163 << 10, Storage.F32, false);
    /** A GPU for graphics: 99 KiB for a block. */
    private static final Target SMALL = new Target(86, 84, 99 << 10, Storage.BF16, false);
    private static final Target TF32 = new Target(80, 108, 163 << 10, Storage.F32, true);

    private static ImplicitGemm level(String name) {
        return ImplicitGemm.levels().stream().filter(l -> l.name().equals(name)).findFirst().orElseThrow();
    }

    private static String chosen(Target target, int rows, int columns, int parts, int... channels) {
        return level("v4").choose("conv2d", target, rows, columns, parts, channels).algorithm();
    }

    @Test
    void tensorCoresAreForWhatMayBeRounded() {
        for (ImplicitGemm level : ImplicitGemm.levels()) {
            assertEquals(level.level() > 2, level.fits(BF16), level::name);
            assertEquals(level.level() == 2, level.fits(F32), level::name);
            assertTrue(level.fits(TF32), level::name);
        }
    }

    @Test
    void tilesAreAsLargeAsKeepsMultiprocessorsBusy() {
        assertEquals("v4 256x128 bf16", chosen(BF16, 128 * 32 * 32, 128, 1, 128));
        assertEquals("v4 128x128 bf16", chosen(SMALL, 128 * 32 * 32, 128, 1, 128), "the largest does not fit");
        assertEquals("v4 128x128 bf16", chosen(BF16, 128 * 8 * 8, 256, 1, 256));
        assertEquals("v4 64x64 bf16", chosen(BF16, 128 * 4 * 4, 256, 1, 256));
        assertEquals("v4 64x64 tf32", chosen(TF32, 128 * 32 * 32, 64, 1, 64));
        assertEquals("v4 64x64 any bf16", chosen(BF16, 128 * 32 * 32, 128, 1, 3));
        assertEquals("v4 128x128 bf16", chosen(BF16, 128, 9 * 128, 256, 128, 128), "nine tiles, but many parts");
    }

    @Test
    void partsCoverTheDepthOnceAndAreNoneTooShort() {
        for (int depth : new int[] {1, 31, 32, 33, 511, 513, 4096, 8192 + 1, 131072}) {
            for (long tiles : new long[] {1, 9, 100, 1000}) {
                int slices = (depth + 31) / 32;
                SplitK p = WeightsGradient.split(BF16, tiles, slices);
                assertTrue(p.splits() * p.tilesPerSplit() >= slices && (p.splits() - 1) * p.tilesPerSplit() < slices, depth + " in " + p);
                assertTrue(p.splits() == 1 || p.tilesPerSplit() >= 16, depth + " in " + p);
            }
        }
        assertEquals(24, WeightsGradient.split(BF16, 9, 131072 / 32).splits());
    }

    /** A block beyond what the multiprocessors hold at a time would run when all others are done. */
    @Test
    void partsFillWavesAndBeginNoOther() {
        for (int multiprocessors : new int[] {7, 108, 132, 144}) {
            Target target = new Target(90, multiprocessors, 227 << 10, Storage.BF16, false);
            for (long tiles = 1; tiles < 1000; tiles++) {
                SplitK p = WeightsGradient.split(target, tiles, 131072 / 32);
                assertTrue(p.splits() == 1 || tiles * p.splits() <= 2L * multiprocessors, tiles + " tiles in " + p);
            }
        }
    }

    /** 163 KiB is what an Ampere multiprocessor gives a block; what is to be two blocks shares 164, less 1 each for the system. */
    @Test
    void sharedMemoryIsThere() {
        for (ImplicitGemm level : ImplicitGemm.levels()) {
            for (Target target : List.of(BF16, TF32, SMALL)) {
                if (level.fits(target)) {
                    ImplicitGemm.Choice c = level.choose("conv2d", target, 1 << 20, 1 << 10, 1, 64);
                    assertTrue(c.sharedBytes() <= target.sharedBytes(), c::toString);
                    assertFalse(level.fixed().equals(Optional.of(new Tile(128, 128))) && 2 * (c.sharedBytes() + 1024) > 164 << 10, c::toString);
                }
            }
        }
    }
}
