package sirocco.cuda.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Mistakes of kernels that a GPU would often let pass: the emulated driver names them, or makes their results wrong. */
class FaultyKernelsTest {
    private Harness h;
    private long x;

    @BeforeEach
    void open() {
        h = new Harness();
        float[] values = new float[256];
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        x = h.upload(values);
    }

    @AfterEach
    void close() {
        if (h != null) {
            h.close();
        }
    }

    private void needChecks() {
        assumeTrue(h.checked(), "this driver does not check every access; run with -Dsirocco.cuda.emulated=emulated-checked");
    }

    private void fails(int code, String kernel, int threads, int shared, String message, Object... arguments) {
        assertEquals(code, h.launch(kernel, 1, threads, shared, arguments), h.text(code));
        assertTrue(h.text(code).contains(message), h.text(code));
    }

    @Test
    void aWriteBeyondAnAllocation() {
        fails(Harness.ILLEGAL_ADDRESS, "selftest_writes_beyond", 64, 0, "0 bytes beyond the end of the allocation of 1024 bytes", x, 256);
    }

    /** Told what a launch works on, the driver lets it touch nothing else, though it is allocated. */
    @Test
    void aReadBeyondAnOperand() {
        needChecks();
        h.ok("cuEmulatedOperands", h.arena.allocateFrom(ValueLayout.JAVA_LONG, x, 4 * 64L), 1);
        fails(Harness.ILLEGAL_ADDRESS, "selftest_increment", 64, 0, "beyond the end of the operand of 256 bytes", x + 8, 1f, 64);
        h.run("selftest_increment", 1, 64, 0, x + 8, 1f, 64);
    }

    @Test
    void aMisalignedVector() {
        needChecks();
        h.run("selftest_copies_vector", 1, 1, 0, x, x + 16);
        fails(Harness.MISALIGNED_ADDRESS, "selftest_copies_vector", 1, 0, "at storage.cuh:", x, x + 20);
    }

    @Test
    void aWriteBeyondSharedMemory() {
        fails(Harness.ILLEGAL_ADDRESS, "selftest_writes_beyond_shared", 64, 256, h.checked() ? "outside the block's shared memory: its 256 dynamic bytes" : "beyond its 256 bytes of dynamic shared memory", x);
    }

    /** Thread t needs what 63 − t has written, and the other way round: one of each pair comes too early in any order. */
    @Test
    void aMissingBarrier() {
        if (h.checked()) {
            fails(Harness.LAUNCH_FAILED, "selftest_forgets_barrier", 64, 0, "with no barrier between", x);
            return;
        }
        h.run("selftest_forgets_barrier", 1, 64, 0, x);
        float[] y = h.floats(x, 64);
        for (int t = 0; t < 32; t++) {
            assertTrue(Float.isNaN(y[t]) || Float.isNaN(y[63 - t]), "pair " + t);
        }
    }

    /** Again one of each pair: it reads what the other has written for the next round. */
    @Test
    void aTileOverwrittenTooEarly() {
        if (h.checked()) {
            fails(Harness.LAUNCH_FAILED, "selftest_overwrites_early", 64, 0, "with no barrier between", x);
            return;
        }
        h.run("selftest_overwrites_early", 1, 64, 0, x);
        float[] y = h.floats(x, 128);
        int wrong = 0;
        for (int t = 0; t < 64; t++) {
            wrong += y[64 + t] == 63 - t ? 0 : 1;
        }
        assertEquals(32, wrong);
    }

    @Test
    void aWarpsTileWithoutSyncwarp() {
        needChecks();
        fails(Harness.LAUNCH_FAILED, "selftest_forgets_syncwarp", 32, 0, "with no barrier between", x, 0);
        h.run("selftest_forgets_syncwarp", 1, 32, 0, x, 1);
    }

    @Test
    void aForgottenWait() {
        h.run("selftest_forgets_wait", 1, 64, 0, x);
        for (float y : h.floats(x, 64)) {
            assertTrue(Float.isNaN(y));
        }
    }

    @Test
    void aWaitForTheWrongGroup() {
        h.run("selftest_waits_for_wrong_group", 1, 64, 0, x);
        float[] y = h.floats(x, 128);
        for (int t = 0; t < 64; t++) {
            assertEquals(t, y[t]);
            assertTrue(Float.isNaN(y[64 + t]));
        }
    }

    @Test
    void threadsThatLeaveBeforeABarrier() {
        fails(Harness.LAUNCH_TIMEOUT, "selftest_exits_before_barrier", 64, 0, "deadlock in kernel selftest_exits_before_barrier, block (0,0,0)", x);
        assertTrue(h.text(Harness.LAUNCH_TIMEOUT).contains("waits in __syncthreads at faulty.cu:"), h.text(Harness.LAUNCH_TIMEOUT));
        assertTrue(h.text(Harness.LAUNCH_TIMEOUT).contains("has exited"), h.text(Harness.LAUNCH_TIMEOUT));
    }

    @Test
    void barriersThatDiverge() {
        fails(Harness.LAUNCH_FAILED, "selftest_divergent_barrier", 64, 0, "divergent barrier: __syncthreads at faulty.cu:", x);
    }

    @Test
    void halfAWarp() {
        fails(Harness.LAUNCH_TIMEOUT, "selftest_half_a_warp", 32, 0, "waits in __shfl_xor_sync at reduce.cuh:", x);
    }

    @Test
    void aMisalignedRow() {
        fails(Harness.MISALIGNED_ADDRESS, "selftest_misaligned_row", 32, 0, "ldmatrix", x);
    }

    @Test
    void launchesThatADeviceRefuses() {
        fails(Harness.INVALID_VALUE, "selftest_forgets_wait", 128, 0, "it is built for at most 64", x);
        fails(Harness.INVALID_VALUE, "selftest_forgets_wait", 64, 50000, "allowed are 49152", x);
        assertEquals(Harness.INVALID_VALUE, h.launch("selftest_forgets_wait", 0, 64, 0, x));
    }
}
