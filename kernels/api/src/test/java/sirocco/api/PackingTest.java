package sirocco.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PackingTest {
    @Test
    void nothingTakesNothing() {
        assertEquals(0, Packing.place(List.of(), List.of(), Long.MAX_VALUE));
    }

    /** Each step reads the value before it: two places are enough, whatever their number. */
    @Test
    void aChainAlternates() {
        List<Packing.Block> chain = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            chain.add(new Packing.Block(64, i, i + 1));
        }
        assertEquals(128, Packing.place(List.of(), chain, Long.MAX_VALUE));
    }

    @Test
    void whatIsAliveTogetherNeverOverlapsAndLittleIsWasted() {
        Random random = new Random(4);
        double waste = 0;
        int rounds = 50;
        for (int round = 0; round < rounds; round++) {
            List<Packing.Block> blocks = new ArrayList<>();
            int steps = 1 + random.nextInt(60);
            for (int i = 0; i < 120; i++) {
                int first = random.nextInt(steps);
                blocks.add(new Packing.Block(64L * (1 + random.nextInt(100)), first, Math.min(steps - 1, first + random.nextInt(6))));
            }
            List<Packing.Block> bottom = new ArrayList<>();
            for (int step = 0; step < steps && round % 2 == 1; step++) {
                bottom.add(new Packing.Block(64L * random.nextInt(100), step, step));
            }
            long arena = Packing.place(bottom, blocks, Long.MAX_VALUE);
            assertTrue(bottom.stream().allMatch(b -> b.offset == 0));
            blocks.addAll(bottom);
            long top = 0;
            for (Packing.Block a : blocks) {
                assertTrue(a.offset >= 0 && a.offset + a.bytes <= arena);
                top = Math.max(top, a.offset + a.bytes);
                for (Packing.Block b : blocks) {
                    boolean together = a.first <= b.last && b.first <= a.last;
                    assertTrue(a == b || !together || a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset);
                }
            }
            assertEquals(arena, top);
            long bound = 0;
            for (int step = 0; step < steps; step++) {
                long alive = 0;
                for (Packing.Block b : blocks) {
                    alive += b.first <= step && step <= b.last ? b.bytes : 0;
                }
                bound = Math.max(bound, alive);
            }
            assertTrue(arena >= bound);
            waste += (double) arena / bound - 1;
        }
        double mean = waste / rounds;
        assertTrue(mean < 0.02, () -> "arenas are " + 100 * mean + " % larger than what is alive at once");
    }

    @Test
    void sameBlocksSamePlaces() {
        List<List<Long>> places = new ArrayList<>();
        for (int run = 0; run < 2; run++) {
            Random random = new Random(9);
            List<Packing.Block> blocks = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                int first = random.nextInt(50);
                blocks.add(new Packing.Block(64L * (1 + random.nextInt(9)), first, first + random.nextInt(9)));
            }
            Packing.place(List.of(), blocks, Long.MAX_VALUE);
            places.add(blocks.stream().map(b -> b.offset).toList());
        }
        assertEquals(places.get(0), places.get(1));
    }
}
