package sirocco.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What lowering keeps, replaces and refuses. */
class LoweringTest {
    private final GraphBuilder g = new GraphBuilder();
    private final Value x = g.input("x", new Shape(2, 4, 4, 6), DType.F32);
    private final Value gamma = g.parameter("gamma", Shape.vector(6));
    private final Value beta = g.parameter("beta", Shape.vector(6));

    /** A norm, attention, and a reverse pass in two phases. */
    private Graph training() {
        g.phase("gradient");
        Value normed = g.in("norm", () -> g.groupNorm(x, gamma, beta, 3, 1e-5f, true));
        Value y = g.output(g.in("attention", () -> g.attention(normed, normed, normed, 2)));
        Value loss = g.output(g.in("loss", () -> g.mseLoss(y, x, Optional.empty())));
        var gradients = Gradients.ofParameters(g, loss);
        g.phase("update");
        g.adamEma(gradients, g.input("hyper", Shape.vector(16), DType.F32));
        return g.build();
    }

    @Test
    void keepsPersistentValuesOutputsAndPhases() {
        Graph graph = training();
        Graph lowered = Lowering.toPrimitives(graph);
        for (Value v : graph.values()) {
            assertSame(v, lowered.values().get(v.id()));
        }
        assertEquals(graph.values().stream().filter(Value::persistent).toList(), lowered.values().stream().filter(Value::persistent).toList());
        assertEquals(graph.outputs(), lowered.outputs());
        assertEquals(List.of("gradient", "update"), lowered.phases().stream().map(Graph.Phase::name).toList());
        Graph.Phase update = lowered.phase("update");
        assertEquals(lowered.steps().size(), update.end());
        List<Op> last = lowered.steps().subList(update.first(), update.end()).stream().map(Step::op).toList();
        assertEquals(graph.steps().subList(graph.phase("update").first(), graph.steps().size()).stream().map(Step::op).toList(), last);
    }

    @Test
    void leavesPrimitivesThatReadOnlyWhatWasWritten() {
        Graph lowered = Lowering.toPrimitives(training());
        Set<Value> written = new HashSet<>(lowered.values().stream().filter(Value::persistent).toList());
        for (Step s : lowered.steps()) {
            assertTrue(Lowering.isPrimitive(s.op()), s::toString);
            assertTrue(written.containsAll(s.op().inputs()) && written.containsAll(s.op().updates()), s::toString);
            s.op().outputs().forEach(v -> assertTrue(written.add(v), () -> s + " writes " + v + " again"));
        }
        assertTrue(written.containsAll(lowered.outputs()));
    }

    @Test
    void namesStepsByTheLayer() {
        Graph lowered = Lowering.toPrimitives(training());
        assertTrue(lowered.steps().stream().anyMatch(s -> s.name().equals("norm")), () -> lowered.steps().toString());
        assertTrue(lowered.steps().stream().allMatch(s -> s.name().matches("(norm|attention|loss|optimizer|gamma|beta)(\\..*)?")), () -> lowered.steps().toString());
    }

    @Test
    void returnsTheGraphItselfIfNothingIsToBeDone() {
        Graph graph = training();
        assertSame(graph, Lowering.lower("any", graph, _ -> true));
    }

    @Test
    void dropsWhatOnlyAnAbsentReversePassWouldRead() {
        g.output(g.in("norm", () -> g.groupNorm(x, gamma, beta, 3, 1e-5f, false)));
        // Statistics are joined for the reverse pass only.
        assertTrue(Lowering.toPrimitives(g.build()).steps().stream().noneMatch(s -> s.op() instanceof Movement.Concat));
    }

    @Test
    void listsThePrimitivesThatAreMissing() {
        Graph graph = training();
        String message = assertThrows(UnsupportedOperationException.class, () -> Lowering.lower("tiny", graph, op -> Lowering.isPrimitive(op)
                && !(op instanceof Product.MatMul) && !op.kind().equals("Exp"))).getMessage();
        assertTrue(message.startsWith("tiny: ") && message.contains("Exp, MatMul"), message);
    }

    /** A decomposition into nothing: the mean of one pixel is the pixel. */
    @Test
    void copiesResultsThatAreNotMade() {
        Value pixel = g.input("pixel", Shape.features(2, 6), DType.F32);
        Value pooled = g.output(g.in("pool", () -> g.averagePool(pixel, 1)));
        Graph lowered = Lowering.toPrimitives(g.build());
        assertEquals(List.of(new Movement.Reshape(pixel, pooled)), lowered.steps().stream().map(Step::op).toList());
    }
}
