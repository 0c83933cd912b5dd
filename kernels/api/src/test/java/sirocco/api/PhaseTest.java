package sirocco.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;

/** Phases of a graph, and the memory that they share. */
class PhaseTest {
    private final GraphBuilder g = new GraphBuilder();
    private final Value x = g.input("x", Shape.vector(5), DType.F32);

    @Test
    void areTheStepsBetweenTheirBeginnings() {
        g.phase("first");
        Value a = g.in("a", () -> g.silu(x));
        g.phase("empty");
        g.phase("last");
        g.in("b", () -> g.silu(a));
        g.in("c", () -> g.silu(a));
        Graph graph = g.build();
        assertEquals(List.of(new Graph.Phase("first", 0, 1), new Graph.Phase("empty", 1, 1), new Graph.Phase("last", 1, 3)), graph.phases());
        assertEquals(new Graph.Phase("last", 1, 3), graph.phase("last"));
    }

    @Test
    void aGraphWithoutPhasesIsOne() {
        g.silu(x);
        assertEquals(List.of(new Graph.Phase("run", 0, 1)), g.build().phases());
    }

    @Test
    void wrongNamesAreErrors() {
        g.phase("forward");
        g.silu(x);
        String unknown = assertThrows(NoSuchElementException.class, () -> g.build().phase("backward")).getMessage();
        assertTrue(unknown.contains("\"backward\"") && unknown.contains("forward"), unknown);
        String twice = assertThrows(IllegalArgumentException.class, () -> g.phase("forward")).getMessage();
        assertTrue(twice.contains("\"forward\" already"), twice);
    }

    @Test
    void stepsBeforeTheFirstPhaseAreErrors() {
        g.silu(x);
        String message = assertThrows(IllegalArgumentException.class, () -> g.phase("late")).getMessage();
        assertTrue(message.contains("1 steps") && message.contains("\"late\"") && message.contains("before the first step"), message);
    }

    /** What a phase reads of an earlier one may not lie where that phase writes later, or it could not run again. */
    @Test
    void whatAPhaseReadsLastsToItsEnd() {
        g.phase("once");
        Value early = g.in("early", () -> g.silu(x));
        g.phase("again");
        Value a = g.in("a", () -> g.add(early, x));
        Value b = g.in("b", () -> g.silu(a));
        g.output(g.in("c", () -> g.silu(b)));
        Plan plan = MemoryPlanner.plan(g.build(), v -> v.shape().elements() * Float.BYTES);
        for (Value v : plan.graph().values()) {
            if (!v.persistent() && v != early) {
                assertTrue(plan.slot(v).offset() != plan.slot(early).offset(), v::toString);
            }
        }
    }
}
