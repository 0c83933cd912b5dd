package sirocco.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import sirocco.api.Settings.Precision;
import sirocco.cuda.driver.DriverLibrary;
import sirocco.cuda.driver.ForeignDriver;
import sirocco.sample.ImageSampler;

/**
 * Graphs whose kernels overlap, and what happens where a driver does not take them. That no kernel forgets to wait for the one before is seen
 * by {@link CheckedAccessTest}, {@link LevelsTest} and {@link ConvolutionLevelsTest}, whose devices overlap kernels too.
 */
class OverlapTest {
    /** How far the emulated driver takes programmatic edges. */
    private static final String EDGES = "SIROCCO_EMULATED_PROGRAMMATIC";
    private static final long NOWHERE = 0;
    private static final long NOT_IN_LOOPS = 1;

    private static float[] inALoop(CudaDevice device) {
        try (ImageSampler s = LoopTest.sampler(device)) {
            assertFalse(s.step(LoopTest.STEPS));
            return s.read().clone();
        }
    }

    private static long overlapping() {
        return Emulated.calls("cuLaunchKernelEx");
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void theBitsAreTheSame(Precision precision) {
        float[] expected;
        try (CudaDevice device = Emulated.device(precision)) {
            assertFalse(device.describe().contains("overlapping"), device.describe());
            long before = overlapping();
            expected = inALoop(device);
            assertEquals(before, overlapping(), "off unless asked for");
        }
        try (CudaDevice device = Emulated.overlapping(() -> Emulated.device(precision))) {
            long before = overlapping();
            assertArrayEquals(expected, LoopTest.stepByStep(device));
            long ofARun = overlapping() - before;
            assertTrue(ofARun > 10, "captured once: " + ofARun);
            assertArrayEquals(expected, inALoop(device));
            assertEquals(3 * ofARun + 1, overlapping() - before, "of a run, and of the loop's body, which has one launch more");
            assertTrue(device.describe().contains(", kernels overlapping") && !device.describe().contains("not"), device.describe());
        }
    }

    /** What the log says while {@code work} is done. */
    private static List<String> warnings(Runnable work) {
        Logger logger = Logger.getLogger(Overlap.class.getName());
        List<String> messages = new ArrayList<>();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord r) {
                messages.add(r.getMessage());
            }

            @Override
            public void flush() { }

            @Override
            public void close() { }
        };
        logger.addHandler(handler);
        logger.setUseParentHandlers(false);
        try {
            work.run();
        } finally {
            logger.setUseParentHandlers(true);
            logger.removeHandler(handler);
        }
        return messages;
    }

    /** @return the line that describes the device in the end */
    private static String refused(long edges, String... words) {
        float[] expected;
        try (CudaDevice device = Emulated.device()) {
            expected = inALoop(device);
        }
        return Emulated.with(EDGES, edges, () -> {
            try (CudaDevice device = Emulated.overlapping(Emulated::device)) {
                List<String> said = warnings(() -> {
                    assertArrayEquals(expected, inALoop(device));
                    assertArrayEquals(expected, inALoop(device));
                });
                assertEquals(1, said.size(), said::toString);
                for (String word : words) {
                    assertTrue(said.getFirst().contains(word), said::toString);
                }
                return device.describe();
            }
        });
    }

    @Test
    void whereADriverRefusesThereAreGraphsWithout() {
        String described = refused(NOWHERE, "the driver refuses kernels that overlap; going on without: ", "cuLaunchKernelEx", "NOT_SUPPORTED");
        assertTrue(described.contains("kernels not overlapping (") && described.contains("cuLaunchKernelEx"), described);
    }

    @Test
    void whereADriverRefusesThemInALoopTheLoopGoesWithout() {
        String described = refused(NOT_IN_LOOPS, "in a loop", "cuGraphInstantiate", "programmatic edge");
        assertTrue(described.contains("kernels overlapping, but not in loops ("), described);
        assertFalse(described.contains("launched one by one"), "there are loops all the same: " + described);
    }

    @Test
    void olderDevicesDoWithout() {
        Emulated.backend();
        Overlap overlap = Emulated.overlapping(() -> new Overlap(new ForeignDriver(DriverLibrary.open().orElseThrow()), 80));
        assertEquals(", kernels not overlapping (it needs sm_90)", overlap.describe());
        assertFalse(overlap.<Boolean>make(Overlap.Graph.RUN, o -> o));
        assertFalse(overlap.<Boolean>make(Overlap.Graph.LOOP, o -> o));
    }
}
