package sirocco.cpu.conv;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import sirocco.cpu.Layout;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/** Runs allocate nothing once they are compiled. Until then the vectors of interpreted code do, so the test waits for it. */
class AllocationTest {
    private static final long PATIENCE_NANOS = 120_000_000_000L;
    private static final int RUNS = 50;

    @ParameterizedTest
    @EnumSource(names = {"WINOGRAD", "GEMM"})
    void compiledRunsAllocateNothing(ConvRule.Mode mode) {
        compiledRunsAllocateNothing(ConvShape.same(2, 10, 8, 32, 32, 3), mode);
    }

    @Test
    void compiledRunsOfPointwiseConvolutionsAllocateNothing() {
        compiledRunsAllocateNothing(ConvShape.same(2, 10, 8, 32, 32, 1), ConvRule.Mode.AUTO);
    }

    private static void compiledRunsAllocateNothing(ConvShape s, ConvRule.Mode mode) {
        Random random = new Random(5);
        Layout halo = Layout.blocked(2, 10, 8, 32, s.r() / 2);
        Layout plain = Layout.blocked(2, 10, 8, 32, 0);
        Slice x = value(halo, random), dy = value(halo, random), residual = value(plain, random);
        Slice y = value(plain, random), dx = value(plain, random);
        Slice w = Operand.dense(Operand.random(s.weights(), random), random), dw = Operand.dense(new float[s.weights()], random);
        Slice bias = Operand.dense(Operand.random(32, random), random), db = Operand.dense(new float[32], random);
        Slice perChannel = value(Layout.blocked(2, 1, 1, 32, 0), random);
        try (Workers workers = new Workers(1)) {
            ConvForward forward = new ConvForward(s, halo, plain, plain, true, workers, new ConvRule(mode));
            ConvBackwardData data = new ConvBackwardData(s, halo, plain, true, workers, new ConvRule(mode));
            ConvBackwardWeights weights = new ConvBackwardWeights(s, halo, halo, workers, new ConvRule(mode));
            Slice prepared = Operand.garbage(forward.preparedFloats(), random), rotated = Operand.garbage(data.preparedFloats(), random);
            Slice scratch = Operand.garbage(forward.scratchFloats(), random), scratch2 = Operand.garbage(data.scratchFloats(), random);
            Slice scratch3 = Operand.garbage(weights.scratchFloats(), random);
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long end = System.nanoTime() + PATIENCE_NANOS;
            long allocated;
            do {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < RUNS; i++) {
                    forward.prepare(w, prepared);
                    forward.run(x, prepared, y, bias, perChannel, residual, scratch);
                    data.prepare(w, rotated);
                    data.run(dy, rotated, dx, scratch2);
                    weights.run(x, dy, dw, db, scratch3);
                }
                allocated = threads.getCurrentThreadAllocatedBytes() - before;
            } while (allocated > 0 && System.nanoTime() < end);
            assertEquals(0, allocated, "bytes allocated by " + RUNS + " runs of compiled code");
        }
    }

    private static Slice value(Layout l, Random random) {
        return Operand.of(l, Operand.random((long) l.n() * l.h() * l.w() * l.c(), random), random).at();
    }
}
