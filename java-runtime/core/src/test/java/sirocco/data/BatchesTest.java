package sirocco.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BatchesTest {
    /** Images that say which they are; {@code broken} cannot be read. */
    private record Numbered(long size, long broken, AtomicLong reads) implements Dataset {
        @Override
        public String name() {
            return "numbered";
        }

        @Override
        public int height() {
            return 1;
        }

        @Override
        public int width() {
            return 2;
        }

        @Override
        public int channels() {
            return 1;
        }

        @Override
        public List<String> classNames() {
            return List.of();
        }

        @Override
        public int read(long index, byte[] into, int offset) {
            reads.incrementAndGet();
            if (index == broken) {
                throw new DataException("\"broken.png\" is truncated");
            }
            into[offset] = (byte) index;
            into[offset + 1] = (byte) (index >> 8);
            return (int) index;
        }
    }

    private static Numbered numbered(long size) {
        return new Numbered(size, -1, new AtomicLong());
    }

    @Test
    void aBatchIsAFunctionOfSeedAndStep() {
        int size = 7;
        Order order = new Order(50, 11);
        try (Batches batches = new Batches(numbered(50), size, 11, 0)) {
            for (int step = 0; step < 40; step++) {
                Batch batch = batches.next();
                assertEquals(size, batch.size());
                for (int i = 0; i < size; i++) {
                    int index = (int) order.index((long) step * size + i);
                    assertEquals(index, batch.ints(Column.LABEL)[i]);
                    assertEquals((byte) index, batch.bytes(Column.IMAGE)[2 * i]);
                }
            }
        }
    }

    @Test
    void resumesAtAnyStep() {
        Shapes shapes = new Shapes(8, 3, 5);
        try (Batches whole = new Batches(shapes, 4, 9, 0)) {
            for (int step = 0; step < 20; step++) {
                Batch expected = whole.next();
                try (Batches resumed = new Batches(shapes, 4, 9, step)) {
                    Batch batch = resumed.next();
                    assertArrayEquals(expected.bytes(Column.IMAGE), batch.bytes(Column.IMAGE));
                    assertArrayEquals(expected.ints(Column.LABEL), batch.ints(Column.LABEL));
                }
            }
        }
    }

    @Test
    void aBatchStaysAsItIsUntilTheNext() throws InterruptedException {
        try (Batches batches = new Batches(numbered(Dataset.UNLIMITED), 16, 1, 0)) {
            for (int step = 0; step < 10; step++) {
                Batch batch = batches.next();
                byte[] copy = batch.bytes(Column.IMAGE).clone();
                Thread.sleep(5);
                assertArrayEquals(copy, batch.bytes(Column.IMAGE));
            }
        }
    }

    @Test
    void decodesOnlyAFewBatchesAhead() throws InterruptedException {
        Numbered data = numbered(1000);
        try (Batches batches = new Batches(data, 10, 1, 0)) {
            batches.next();
            Thread.sleep(100);
            assertTrue(data.reads.get() <= 30, data.reads + " images read with one batch taken");
        }
    }

    @Test
    void aFailureArrivesAtItsBatchWithTheFilesNameAndNotBefore() {
        Order order = new Order(40, 2);
        long brokenAt = 17;
        try (Batches batches = new Batches(new Numbered(40, order.index(brokenAt), new AtomicLong()), 4, 2, 0)) {
            for (int step = 0; step < 4; step++) {
                batches.next();
            }
            for (int again = 0; again < 2; again++) {
                DataException e = assertThrows(DataException.class, batches::next);
                assertTrue(e.getMessage().contains("batch 4") && e.getMessage().contains("broken.png"), e.getMessage());
            }
        }
    }

    @Test
    void closingEndsTheThread() {
        Batches batches = new Batches(numbered(1000), 10, 1, 0);
        batches.next();
        batches.close();
        batches.close();
        assertFalse(Thread.getAllStackTraces().keySet().stream().anyMatch(t -> t.getName().equals("sirocco-data")));
        assertThrows(IllegalStateException.class, batches::next);
    }

    @Test
    void theSteadyStateAllocatesNothing() {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        Shapes shapes = new Shapes(16, 3, 1);
        try (Batches batches = new Batches(shapes, 32, 1, 0)) {
            long decoder = Thread.getAllStackTraces().keySet().stream().filter(t -> t.getName().equals("sirocco-data")).findFirst()
                    .orElseThrow().threadId();
            for (int i = 0; i < 300; i++) {
                batches.next();
            }
            long before = threads.getCurrentThreadAllocatedBytes() + threads.getThreadAllocatedBytes(decoder);
            for (int i = 0; i < 300; i++) {
                batches.next();
            }
            long bytes = threads.getCurrentThreadAllocatedBytes() + threads.getThreadAllocatedBytes(decoder) - before;
            // A Scene for each image until the compiler has inlined it away: less than 100 bytes an image, whose pixels alone are 768.
            assertTrue(bytes < 300 * 32 * 100, bytes + " bytes in 300 batches");
        }
    }

    @Test
    void refusesAbsurdSizes() {
        assertThrows(IllegalArgumentException.class, () -> new Batches(numbered(3), 0, 1, 0));
        assertThrows(IllegalArgumentException.class, () -> new Batches(numbered(3), 1, 1, -1));
        assertThrows(IllegalArgumentException.class, () -> new Batches(new Shapes(1024, 3, 1), 1000, 1, 0));
    }
}
