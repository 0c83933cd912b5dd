package sirocco.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import sirocco.api.Axis;
import sirocco.api.Convolution;
import sirocco.api.DType;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Gradients;
import sirocco.api.GraphBuilder;
import sirocco.api.Movement;
import sirocco.api.Op;
import sirocco.api.Pointwise;
import sirocco.api.Random;
import sirocco.api.Reduction;
import sirocco.api.Settings;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.api.Window;

/** The reverse passes that {@link Gradients} records, and every backward op of the reference in them. */
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
        for (Class<?> op : Op.records()) {
            if (op.getSimpleName().endsWith("Backward") || op.getSimpleName().startsWith("Conv2dBackward")) {
                assertTrue(reached.contains(op), op.getName());
            }
        }
        assertTrue(reached.containsAll(List.of(Reduction.Reduce.class, Movement.Slice.class, Random.Dropout.class, Pointwise.Binary.class)));
    }

    /** Every op is in some case, so that a new one cannot be forgotten. */
    @Test
    void casesReachEveryOp() {
        List<? extends Class<?>> reached = OpCases.all().stream().flatMap(c -> c.graph().steps().stream()).map(s -> s.op().getClass()).distinct().toList();
        for (Class<?> op : Op.records()) {
            assertTrue(reached.contains(op), op.getName());
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

    // ---- what is refused, and what is not computed ----------------------------------------------------------------------------

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
        Map<Value, Value> gradients = Gradients.ofParameters(g, loss(conv(conv(x, "a"), "b")));
        assertEquals(List.of("a.weight", "a.bias", "b.weight", "b.bias"), gradients.keySet().stream().map(Value::name).toList());
        gradients.forEach((p, d) -> {
            assertEquals("grad." + p.name(), d.name());
            assertEquals(p.shape(), d.shape());
            assertEquals(Value.Role.STATE, d.role());
        });
    }

    @Test
    void nothingIsComputedForInputs() {
        Gradients.ofParameters(g, loss(conv(x, "only")));
        assertTrue(g.build().steps().stream().noneMatch(s -> s.op() instanceof Convolution.Conv2dBackwardData));
    }

    @Test
    void theGradientOfAnInputIsATemporary() {
        Value loss = loss(conv(x, "only"));
        Value dx = Gradients.of(g, loss, List.of(x)).get(x);
        assertEquals(x.shape(), dx.shape());
        assertEquals(Value.Role.TEMPORARY, dx.role());
        assertTrue(g.build().withRole(Value.Role.STATE).isEmpty(), "frozen parameters have no gradients");
    }

    @Test
    void whatTheScalarDoesNotDependOnIsAnError() {
        Value stranger = g.parameter("stranger", Shape.vector(3));
        Value loss = loss(conv(x, "conv"));
        String message = assertThrows(IllegalArgumentException.class, () -> Gradients.of(g, loss, List.of(stranger))).getMessage();
        assertTrue(message.contains("does not depend on") && message.contains("stranger"), message);
        Value constant = g.in("constant", () -> g.mseLoss(x, x, Optional.empty()));
        message = assertThrows(IllegalArgumentException.class, () -> Gradients.ofParameters(g, constant)).getMessage();
        assertTrue(message.contains("no parameter") && message.contains("constant"), message);
    }

    @Test
    void anOpWithoutDerivativeOnTheWayIsAnError() {
        Value y = conv(x, "conv");
        Value dx = Gradients.of(g, loss(y), List.of(x)).get(x);
        Value slope = g.in("slope", () -> g.mseLoss(dx, x, Optional.empty()));
        String message = assertThrows(IllegalArgumentException.class, () -> Gradients.ofParameters(g, slope)).getMessage();
        assertTrue(message.contains("Conv2dBackwardData \"conv.backward\"") && message.contains("second derivatives"), message);
    }

    private void refused(Value scalar, List<Value> by, String... mentioned) {
        String message = assertThrows(IllegalArgumentException.class, () -> Gradients.of(g, scalar, by)).getMessage();
        for (String m : mentioned) {
            assertTrue(message.contains(m), () -> "\"" + message + "\" should mention " + m);
        }
    }

    /** None of these has a gradient of zero in silence. */
    @Test
    void constantsOfAStepAreErrors() {
        Value table = g.input("table", new Shape(5, 1, 1, 1), DType.F32);
        Value row = g.input("row", Shape.SCALAR, DType.I32);
        refused(loss(g.in("combine", () -> g.combine(table, row, List.of(x)).getFirst())), List.of(table), "Combine \"combine\"", "tables are constants");
        refused(g.in("lookup", () -> g.lookup(table, row, 0)), List.of(table), "Lookup \"lookup\"", "tables are constants");
        Value mask = g.input("mask", Shape.features(2, 16), DType.F32);
        refused(loss(g.in("attention", () -> g.attention(x, x, x, Optional.of(mask), false, 1))), List.of(mask), "Attention \"attention\"", "a mask is a constant");
    }

    /** The mean of x·stopGradient(x) has the gradient x/elements; without the stop it were 2·x/elements. */
    @Test
    void noGradientPassesAStop() {
        Value mean = g.in("mean", () -> g.mean(g.multiply(x, g.stopGradient(x)), EnumSet.allOf(Axis.class)));
        Value dx = g.output(Gradients.of(g, mean, List.of(x)).get(x));
        float[] data = new float[(int) x.shape().elements()];
        float[] gradient = data.clone();
        for (int i = 0; i < data.length; i++) {
            data[i] = (i - 40) / 16f;
        }
        try (Device device = new ReferenceBackend().open(Settings.DEFAULT); Executable executable = device.load(device.plan(g.build()))) {
            executable.write(x, data);
            executable.run();
            executable.read(dx, gradient);
        }
        for (int i = 0; i < data.length; i++) {
            assertEquals(data[i] / data.length, gradient[i], 1e-7 * Math.abs(data[i]));
        }
        refused(g.in("all", () -> g.mean(g.stopGradient(g.silu(x)), EnumSet.allOf(Axis.class))), List.of(x), "does not depend on");
    }

    @Test
    void aStateThatChangedOnTheWayIsAnError() {
        Value state = g.state("memory", x.shape(), DType.F32);
        Value y = conv(x, "conv");
        g.in("remember", () -> {
            g.accumulate(y, state);
            return null;
        });
        refused(loss(g.add(y, state)), List.of(x), "Accumulate \"remember\"", "states that a step changes");
        assertEquals(state.shape(), Gradients.of(g, loss(g.scale(state, 2)), List.of(state)).get(state).shape(), "the state itself is no matter");
    }

    /** A read before the change is of a constant. */
    @Test
    void aStateThatChangesLaterIsAConstant() {
        Value state = g.state("memory", x.shape(), DType.F32);
        Value y = conv(x, "conv");
        Value loss = loss(g.add(y, state));
        g.assign(y, state);
        assertEquals(2, Gradients.ofParameters(g, loss).size());
    }

    /** As a generator's loss reads the discriminator that this very step has updated. */
    @Test
    void whatAnOptimizerChangedIsAConstant() {
        Value y = conv(x, "generator");
        Value hyper = g.input("hyper", Shape.vector(16), DType.F32);
        Value judged = conv(y, "critic");
        Value critic = g.build().find("critic.weight");
        g.adamEma(Gradients.of(g, g.in("loss.critic", () -> loss(judged)), List.of(critic)), hyper);
        Value again = g.in("again", () -> g.conv2d(y, critic, Optional.empty(), Optional.empty(), Optional.empty(), Window.same(3)));
        Value generator = g.build().find("generator.weight");
        assertEquals(List.of(generator), List.copyOf(Gradients.of(g, g.in("loss.generator", () -> loss(again)), List.of(generator)).keySet()));
    }

    @Test
    void nothingToDifferentiateOrByIsAnError() {
        refused(loss(conv(x, "conv")), List.of(), "no values to differentiate");
        Value scalar = g.input("scalar", Shape.SCALAR, DType.F32);
        refused(scalar, List.of(scalar), "no step", "scalar");
        Value labels = g.input("labels", new Shape(2, 4, 4, 1), DType.I32);
        refused(g.in("classes", () -> g.crossEntropy(x, labels)), List.of(labels), "only F32", "labels");
    }

    @Test
    void onlyAScalarCanBeDifferentiated() {
        Value y = conv(x, "conv");
        String message = assertThrows(IllegalArgumentException.class, () -> Gradients.ofParameters(g, y)).getMessage();
        assertTrue(message.contains("scalar") && message.contains("conv"), message);
    }

    @Test
    void twoReversePassesAddToTheSameGradients() {
        Value y = conv(x, "conv");
        Map<Value, Value> first = Gradients.ofParameters(g, loss(y));
        Map<Value, Value> second = Gradients.ofParameters(g, g.in("other", () -> g.mseLoss(g.silu(y), x, Optional.empty())));
        assertEquals(first, second);
    }
}
