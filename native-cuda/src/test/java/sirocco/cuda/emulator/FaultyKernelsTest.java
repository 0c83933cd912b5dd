package sirocco.cuda.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
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

    private void fails(int code, String kernel, int threads, int shared, String message, Object... arguments) {
        assertEquals(code, h.launch(kernel, 1, threads, shared, arguments), h.text(code));
        assertTrue(h.text(code).contains(message), h.text(code));
    }

    @Test
    void aWriteBeyondAnAllocation() {
        fails(Harness.ILLEGAL_ADDRESS, "selftest_writes_beyond", 64, 0, "0 bytes beyond the end of the allocation of 1024 bytes", x, 256);
    }

    @Test
    void aWriteBeyondSharedMemory() {
        fails(Harness.ILLEGAL_ADDRESS, "selftest_writes_beyond_shared", 64, 256, "beyond its 256 bytes of dynamic shared memory", x);
    }

    /** Thread t needs what 63 − t has written, and the other way round: one of each pair comes too early in any order. */
    @Test
    void aMissingBarrier() {
        h.run("selftest_forgets_barrier", 1, 64, 0, x);
        float[] y = h.floats(x, 64);
        for (int t = 0; t < 32; t++) {
            assertTrue(Float.isNaN(y[t]) || Float.isNaN(y[63 - t]), "pair " + t);
        }
    }

    @Test
    void aTileOverwrittenTooEarly() {
        h.run("selftest_overwrites_early", 1, 64, 0, x);
        float[] y = Arrays.copyOfRange(h.floats(x, 256), 64, 128);
        int wrong = 0;
        for (int t = 0; t < 64; t++) {
            wrong += y[t] == 63 - t ? 0 : 1;
        }
        assertEquals(32, wrong, "one of each pair");
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
