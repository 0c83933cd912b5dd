package sirocco.cuda.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Mistakes with Hopper's asynchronous instructions: the emulated driver names them, or makes their results NaN. */
class FaultyHopperKernelsTest {
    private static final int SHARED = 2 * 8192;

    private Harness h;
    private long x;
    private MemorySegment map;
    private long out;

    @BeforeEach
    void open() {
        h = new Harness();
        float[] ones = new float[64 * 64];
        Arrays.fill(ones, 1);
        x = h.uploadBf16(ones);
        map = h.tensorMap(new Harness.Boxes(x, new long[] {64, 64, 1}, 64, 64, 1));
        out = h.allocate(4 * 256);
    }

    @AfterEach
    void close() {
        if (h != null) {
            h.close();
        }
    }

    private void fails(int code, String kernel, String... message) {
        assertEquals(code, h.launch("selftest_" + kernel, 1, 128, SHARED, map, out), h.text(code));
        for (String part : message) {
            assertTrue(h.text(code).contains(part), h.text(code));
        }
    }


    /** Of the plain build; with every access checked, a race is named instead. */
    private void givesNaN(String kernel) {
        int code = h.launch("selftest_" + kernel, 1, 128, SHARED, map, out);
        if (h.checked() && code != 0) {
            assertTrue(h.text(code).contains("race"), h.text(code));
            return;
        }
        assertEquals(0, code, h.text(code));
        for (float y : h.floats(out, 128)) {
            assertTrue(Float.isNaN(y));
        }
    }

    @Test
    void aBoxReadBeforeItHasCome() {
        givesNaN("reads_before_the_copy_has_come");
        givesNaN("waits_for_the_wrong_parity");
    }

    @Test
    void bytesThatNeverCome() {
        fails(Harness.LAUNCH_TIMEOUT, "expects_too_many_bytes", "deadlock", "waits in mbarrier.try_wait at", "lacks 0 of 1 arrivals and 128 bytes");
    }

    @Test
    void aBarrierThatCopiesDoNotSee() {
        fails(Harness.LAUNCH_FAILED, "forgets_the_fence_of_an_mbarrier", "no fence has made visible");
    }

    @Test
    void barriersThatAreNone() {
        fails(Harness.LAUNCH_FAILED, "waits_for_what_is_no_mbarrier", "no mbarrier has been initialised");
        fails(Harness.LAUNCH_FAILED, "arrives_twice", "more than the mbarrier's 1 arrivals");
    }

    @Test
    void boxesWhereTheyCannotLie() {
        fails(Harness.MISALIGNED_ADDRESS, "misaligns_a_box", "not a multiple of 128");
        assertEquals(Harness.ILLEGAL_ADDRESS, h.launch("selftest_leaves_a_copy_behind", 1, 128, 4096, map, out));
        assertTrue(h.text(Harness.ILLEGAL_ADDRESS).contains("8192 bytes"), h.text(Harness.ILLEGAL_ADDRESS));
    }

    @Test
    void aCopyThatOutlivesItsBlock() {
        fails(Harness.LAUNCH_FAILED, "leaves_a_copy_behind", "under way when the block ended");
    }

    @Test
    void aTensorBeyondItsAllocation() {
        map = h.tensorMap(new Harness.Boxes(x, new long[] {64, 65, 1}, 64, 64, 1));
        fails(Harness.ILLEGAL_ADDRESS, "leaves_a_copy_behind", "across the end of the allocation of 8192 bytes");
    }

    @Test
    void somethingElseThanATensorMap() {
        map = h.arena.allocate(128, 64);
        assertEquals(715, h.launch("selftest_leaves_a_copy_behind", 1, 128, SHARED, map, out), "illegal instruction");
    }

    @Test
    void sumsBeforeTheyHaveCome() {
        givesNaN("uses_sums_before_the_wait");
        for (float y : Arrays.copyOfRange(h.floats(out, 256), 128, 256)) {
            assertEquals(16, y);
        }
        fails(Harness.LAUNCH_FAILED, "forgets_to_commit", "wgmma.wait_group 0 is missing");
    }

    @Test
    void registersWithoutAFence() {
        fails(Harness.LAUNCH_FAILED, "forgets_the_fence_of_sums", "no wgmma.fence");
    }

    @Test
    void anOperandThatIsOverwritten() {
        givesNaN("overwrites_an_operand");
    }

    @Test
    void operandsWhereTheyCannotLie() {
        fails(Harness.MISALIGNED_ADDRESS, "misaligns_an_operand", "multiple of 1024");
    }

    @Test
    void warpgroupsThatDiverge() {
        fails(Harness.LAUNCH_TIMEOUT, "multiplies_by_half_a_warpgroup", "waits in wgmma.wait_group at");
        fails(Harness.LAUNCH_FAILED, "multiplies_other_operands_in_each_warp", "divergent warpgroup");
    }
}
