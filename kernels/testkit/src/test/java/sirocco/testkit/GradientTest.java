package sirocco.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import sirocco.api.Backward;
import sirocco.api.DType;
import sirocco.api.GraphBuilder;
import sirocco.api.Op;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.api.Window;

/** The reverse pass that {@link Backward} assembles, and every backward op of the reference in it. */
class GradientTest {
    @TestFactory
    Stream<DynamicTest> reversePassesAreTheSlopesOfTheLoss() {
        return OpCases.withGradients().stream().map(c -> DynamicTest.dynamicTest(c.name(), () -> {
            List<String> problems = GradientCheck.problems(c);
            assertTrue(problems.isEmpty(), () -> c + "\n" + String.join("\n", problems));
        }));
    }

    /** Every op with a reverse pass is checked by some case. */
    @Test
    void casesReachEveryBackwardOp() {
        List<? extends Class<?>> reached = OpCases.withGradients().stream().flatMap(c -> c.graph().steps().stream()).map(s -> s.op().getClass()).distinct()
                .toList();
        for (Class<?> op : Op.class.getPermittedSubclasses()) {
            if (op.getSimpleName().endsWith("Backward") || op.getSimpleName().startsWith("Conv2dBackward")) {
                assertTrue(reached.contains(op), op.getSimpleName());
            }
        }
        assertTrue(reached.containsAll(List.of(Op.SumPixels.class, Op.Slice.class, Op.Dropout.class, Op.Add.class)));
    }

    /** Every op is in some case, so that a new one cannot be forgotten. */
    @Test
    void casesReachEveryOp() {
        List<? extends Class<?>> reached = OpCases.all().stream().flatMap(c -> c.graph().steps().stream()).map(s -> s.op().getClass()).distinct().toList();
        for (Class<?> op : Op.class.getPermittedSubclasses()) {
            assertTrue(reached.contains(op), op.getSimpleName());
        }
    }

    /** The check itself: a loss with a gradient that was not made by a reverse pass. */
    @Test
    void aWrongGradientIsNoticed() {
        OpCase right = OpCases.withGradients().getFirst();
        Value parameter = right.gradients().keySet().iterator().next();
        OpCase wrong = OpCase.of(right.name(), c -> {
            Value x = c.activation("x", new Shape(1, 2, 2, 3));
            c.train(c.g.in("silu", () -> c.g.silu(x)));
        });
        Map<Value, Value> itself = Map.of(wrong.graph().parameters().getFirst(), wrong.graph().parameters().getFirst());
        assertFalse(GradientCheck.problems(new OpCase("wrong", wrong.graph(), wrong.data(), wrong.results(), wrong.loss(), itself)).isEmpty());
        assertEquals(Value.Role.PARAMETER, parameter.role());
    }

    // ---- what Backward refuses and leaves out ----------------------------------------------------------------------------------

    private final GraphBuilder g = new GraphBuilder();
    private final Value x = g.input("x", new Shape(2, 4, 4, 3), DType.F32);

    private Value conv(Value in, String name) {
        return g.in(name, () -> g.conv2d(in, g.parameter("weight", new Shape(3, 3, 3, 3)), Optional.of(g.parameter("bias", Shape.vector(3))),
                Optional.empty(), Optional.empty(), Window.same(3)));
    }

    private Value loss(Value prediction) {
        return g.in("loss", () -> g.mseLoss(prediction, x, Optional.empty()));
    }

    @Test
    void gradientsComeInTheParametersOrderAndAreStates() {
        Map<Value, Value> gradients = Backward.of(g, loss(conv(conv(x, "a"), "b")));
        assertEquals(List.of("a.weight", "a.bias", "b.weight", "b.bias"), gradients.keySet().stream().map(Value::name).toList());
        gradients.forEach((p, d) -> {
            assertEquals("grad." + p.name(), d.name());
            assertEquals(p.shape(), d.shape());
            assertEquals(Value.Role.STATE, d.role());
        });
    }

    @Test
    void nothingIsComputedForInputs() {
        Backward.of(g, loss(conv(x, "only")));
        assertTrue(g.build().steps().stream().noneMatch(s -> s.op() instanceof Op.Conv2dBackwardData));
    }

    @Test
    void aParameterWhoseUseHasNoReversePassIsAnError() {
        Value p = g.parameter("offset", x.shape());
        Value loss = loss(g.in("sum", () -> g.add(x, p)));
        String message = assertThrows(IllegalArgumentException.class, () -> Backward.of(g, loss)).getMessage();
        assertTrue(message.contains("offset") && message.contains("sum"), message);
    }

    @Test
    void aWeightThatIsComputedIsAnError() {
        Value w = g.in("scaled", () -> g.silu(g.parameter("weight", new Shape(3, 1, 1, 3))));
        Value loss = loss(g.in("conv", () -> g.conv2d(x, w, Optional.empty(), Optional.empty(), Optional.empty(), Window.same(1))));
        String message = assertThrows(IllegalArgumentException.class, () -> Backward.of(g, loss)).getMessage();
        assertTrue(message.contains("conv") && message.contains("scaled"), message);
    }

    @Test
    void aFrozenWeightIsAnError() {
        Value w = g.input("frozen", new Shape(3, 1, 1, 3), DType.F32);
        Value bias = g.parameter("bias", Shape.vector(3));
        Value loss = loss(g.in("conv", () -> g.conv2d(x, w, Optional.of(bias), Optional.empty(), Optional.empty(), Window.same(1))));
        String message = assertThrows(IllegalArgumentException.class, () -> Backward.of(g, loss)).getMessage();
        assertTrue(message.contains("conv") && message.contains("frozen"), message);
    }

    @Test
    void anOpWithoutReversePassOnTheWayIsAnError() {
        Value sliced = g.in("slice", () -> g.slice(conv(x, "conv"), 0, 2));
        Value target = g.input("target", sliced.shape(), DType.F32);
        Value loss = g.in("loss", () -> g.mseLoss(sliced, target, Optional.empty()));
        String message = assertThrows(IllegalArgumentException.class, () -> Backward.of(g, loss)).getMessage();
        assertTrue(message.contains("Slice \"slice"), message);
    }

    @Test
    void whatIsNoLossIsAnError() {
        Value y = conv(x, "conv");
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Backward.of(g, y)).getMessage().contains("not the loss"));
    }
}
