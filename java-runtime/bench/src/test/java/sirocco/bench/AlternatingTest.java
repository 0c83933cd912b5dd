package sirocco.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import sirocco.bench.Alternating.Outcome;
import sirocco.bench.Alternating.Protocol;
import sirocco.bench.Alternating.Verdict;
import sirocco.cpu.Workers;

class AlternatingTest {
    private static final Protocol SHORT = new Protocol(5, 0.02, 0.02, 0);
    private static final Limits LIMITS = new Limits(new Workers(1));

    /** Waits a while and answers with a number. */
    private static final class Waiting implements Work {
        private final long nanos;
        private final float answer;
        private final int garbage;
        private boolean closed;
        private volatile byte[] kept;

        Waiting(double seconds, float answer, int garbage) {
            this.nanos = Math.round(seconds * 1e9);
            this.answer = answer;
            this.garbage = garbage;
        }

        @Override
        public void run() {
            long end = System.nanoTime() + nanos;
            if (garbage > 0) {
                kept = new byte[garbage];
            }
            while (System.nanoTime() < end) {
                Thread.onSpinWait();
            }
        }

        @Override
        public float[][] results() {
            return new float[][] {{answer, 1}};
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    @Test
    void theRatioIsAgainstTheBetterFormat() {
        Waiting ours = new Waiting(5e-4, 2, 0);
        Waiting slow = new Waiting(50e-3, 5, 0);
        Waiting fast = new Waiting(5e-3, 2, 0);
        Outcome o = new Alternating(SHORT, LIMITS, _ -> false).measure(row(ours, slow, fast));
        assertEquals("b", o.peer());
        assertEquals(Verdict.RIGHT, o.verdict());
        assertEquals(0, o.error());
        // A waiting loop can be late, on a busy machine by a lot, but never early.
        assertTrue(o.ours().min() >= 5e-4 && o.peers().get("b").min() >= 5e-3 && o.peers().get("a").min() >= 50e-3, o.toString());
        assertTrue(o.ratios().median() > 1.5, o.toString());
        assertTrue(ours.closed && slow.closed && fast.closed);
    }

    @Test
    void aWrongResultIsSaid() {
        Outcome o = new Alternating(SHORT, LIMITS, _ -> false).measure(row(new Waiting(1e-4, 2.1f, 0), new Waiting(1e-4, 2, 0), new Waiting(1e-4, 2, 0)));
        assertEquals(Verdict.WRONG, o.verdict());
        assertEquals(0.1 / Math.sqrt(5), o.error(), 1e-6);
        Outcome nan = new Alternating(SHORT, LIMITS, _ -> false)
                .measure(row(new Waiting(1e-4, Float.NaN, 0), new Waiting(1e-4, 2, 0), new Waiting(1e-4, 2, 0)));
        assertEquals(Verdict.WRONG, nan.verdict());
    }

    /** The faster format is wrong. */
    @Test
    void aDoubtfulPeerCountsWhereItIsRight() {
        Waiting wrong = new Waiting(1e-4, 5, 0);
        Outcome o = new Alternating(SHORT, LIMITS, _ -> true).measure(row(new Waiting(1e-4, 2, 0), wrong, new Waiting(5e-3, 2, 0)));
        assertEquals("b", o.peer());
        assertEquals(Set.of("b"), o.peers().keySet());
        assertEquals(Verdict.RIGHT, o.verdict());
        assertTrue(wrong.closed);
        Outcome alone = new Alternating(SHORT, LIMITS, _ -> true).measure(row(new Waiting(1e-4, 2, 0), new Waiting(1e-4, 5, 0), new Waiting(1e-4, 5, 0)));
        assertEquals(Verdict.UNCHECKED, alone.verdict());
        assertTrue(alone.peers().isEmpty());
    }

    @Test
    void garbageIsCounted() {
        Outcome o = new Alternating(SHORT, LIMITS, _ -> false).measure(row(new Waiting(1e-4, 2, 100_000), new Waiting(1e-4, 2, 0), new Waiting(1e-4, 2, 0)));
        assertEquals(100_016, o.heapBytes(), 2_000);
        Outcome none = new Alternating(SHORT, LIMITS, _ -> false).measure(row(new Waiting(1e-4, 2, 0), new Waiting(1e-4, 2, 0), new Waiting(1e-4, 2, 0)));
        // Other threads of the virtual machine allocate a little now and then.
        assertTrue(none.heapBytes() < 1_000, none.toString());
    }

    @Test
    void operationsAndBytesAreAShareOfTheLimit() {
        for (Row.Unit unit : Row.Unit.values()) {
            double amount = 1e6;
            Waiting ours = new Waiting(1e-3, 2, 0);
            Outcome o = new Alternating(SHORT, LIMITS, _ -> false).measure(new Row("test/limit", "limit", unit, amount, Row.Check.relative(1e-4), () -> ours, Map.of()));
            if (unit == Row.Unit.FLOPS || unit == Row.Unit.BYTES) {
                // 1e9 a second at most, since the loop is never early; rates count billions a second.
                assertTrue(o.limit().median() > 0 && o.share().median() > 0, o.toString());
                assertTrue(o.share().max() <= 1.001 / o.limit().min(), o.toString());
            } else {
                assertNull(o.share());
            }
        }
    }

    private static Row row(Work ours, Work a, Work b) {
        Map<String, Supplier<Work>> peers = new LinkedHashMap<>();
        peers.put("a", () -> a);
        peers.put("b", () -> b);
        return new Row("test/waiting", "waiting", Row.Unit.NUMBERS, 1, Row.Check.relative(1e-4), () -> ours, peers);
    }
}
