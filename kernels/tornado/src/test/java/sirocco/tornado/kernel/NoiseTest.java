package sirocco.tornado.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;
import sirocco.tornado.TornadoBackend;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class NoiseTest {
    /** Philox4x32-10's known answers (Salmon et al. 2011, the reference implementation's kat_vectors): key, counter, words. */
    private static final int[] KEYS = {0, 0, -1, -1, 0xa4093822, 0x299f31d0};
    private static final int[] COUNTERS = {0, 0, 0, 0, -1, -1, -1, -1, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344};
    private static final int[] WORDS = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd,
        0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1};

    private static void blocks(KernelContext c, IntArray keys, IntArray counters, IntArray out) {
        int i = c.globalIdx;
        int[] words = new int[Noise.WORDS];
        Noise.block(words, keys.get(2 * i), keys.get(2 * i + 1), counters.get(4 * i), counters.get(4 * i + 1), counters.get(4 * i + 2), counters.get(4 * i + 3));
        for (int j = 0; j < Noise.WORDS; j++) {
            out.set(4 * i + j, words[j]);
        }
    }

    @Test
    void blocksOnTheDeviceAreTheKnownAnswers() throws Exception {
        TornadoBackend backend = new TornadoBackend();
        assumeTrue(backend.probe().available(), () -> "tornado " + backend.probe());
        IntArray keys = IntArray.fromArray(KEYS);
        IntArray counters = IntArray.fromArray(COUNTERS);
        IntArray out = new IntArray(WORDS.length);
        TaskGraph graph = new TaskGraph("philox").transferToDevice(DataTransferMode.EVERY_EXECUTION, keys, counters)
                .task("blocks", NoiseTest::blocks, new KernelContext(), keys, counters, out).transferToHost(DataTransferMode.EVERY_EXECUTION, out);
        GridScheduler grid = new GridScheduler("philox.blocks", new WorkerGrid1D(KEYS.length / 2));
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(grid).execute();
        }
        assertArrayEquals(WORDS, out.toHeapArray());
    }
}
