package sirocco.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkersTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8})
    void everyItemRunsExactlyOnceInEveryLoop(int threads) {
        try (Workers workers = new Workers(threads)) {
            for (int loop = 0; loop < 3000; loop++) {
                int items = loop % 37;
                int[] seen = new int[items];
                workers.run(items, (item, worker) -> {
                    assertTrue(worker >= 0 && worker < threads);
                    seen[item]++;
                });
                int[] once = new int[items];
                Arrays.fill(once, 1);
                assertArrayEquals(once, seen);
            }
        }
    }

    @Test
    void anItemsErrorReachesTheCallerAndTheTeamLivesOn() {
        try (Workers workers = new Workers(3)) {
            var e = assertThrows(IllegalStateException.class, () -> workers.run(100, (item, worker) -> {
                if (item == 63) {
                    throw new IllegalStateException("item 63");
                }
            }));
            assertEquals("item 63", e.getMessage());
            int[] sum = new int[100];
            workers.run(100, (item, worker) -> sum[item] = item);
            assertEquals(4950, Arrays.stream(sum).sum());
        }
    }

    @Test
    void absurdCountsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Workers(0));
        try (Workers workers = new Workers(1)) {
            assertThrows(IllegalArgumentException.class, () -> workers.run(-1, (item, worker) -> { }));
            assertThrows(IllegalArgumentException.class, () -> workers.run(Workers.MAX_ITEMS + 1, (item, worker) -> { }));
        }
    }
}
