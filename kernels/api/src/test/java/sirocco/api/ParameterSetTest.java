package sirocco.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Sets of parameters: what they own, which of them are paired, and what is refused. */
class ParameterSetTest {
    private final GraphBuilder g = new GraphBuilder();
    private final Value x = g.input("x", new Shape(2, 3, 3, 4), DType.F32);
    private final ParameterSet student = new ParameterSet("student.");
    private final ParameterSet teacher = new ParameterSet("teacher.");

    private Value layer(Value in, String name) {
        return g.in(name, () -> g.conv2d(in, g.parameter("weight", new Shape(4, 1, 1, 4)), Optional.of(g.parameter("bias", Shape.vector(4))), Optional.empty(),
                Optional.empty(), Window.same(1)));
    }

    private Value network(ParameterSet set) {
        return g.with(set, () -> layer(layer(x, "a"), "b"));
    }

    private static void refused(Runnable call, String... mentioned) {
        String message = assertThrows(IllegalArgumentException.class, call::run).getMessage();
        for (String m : mentioned) {
            assertTrue(message.contains(m), () -> "\"" + message + "\" should mention " + m);
        }
    }

    @Test
    void oneNetworkWithTwoSetsHasTwoCopiesOfTheWeights() {
        network(student);
        network(teacher);
        network(student); // again: the same weights
        assertEquals(List.of("student.a.weight", "student.a.bias", "student.b.weight", "student.b.bias", "teacher.a.weight", "teacher.a.bias", "teacher.b.weight",
                "teacher.b.bias"), g.build().parameters().stream().map(Value::name).toList());
        assertEquals(List.of("a.weight", "a.bias", "b.weight", "b.bias"), List.copyOf(student.byName().keySet()));
        assertEquals(g.build().parameters().subList(4, 8), List.copyOf(teacher.values()));
    }

    @Test
    void frozenSetsGetNoGradients() {
        Value prediction = network(student);
        Value target = network(teacher);
        Value loss = g.in("loss", () -> g.mseLoss(prediction, target, Optional.empty()));
        assertEquals(List.copyOf(student.values()), List.copyOf(Gradients.of(g, loss, student.values()).keySet()));
        assertEquals(List.of("grad.student.a.weight", "grad.student.a.bias", "grad.student.b.weight", "grad.student.b.bias"),
                g.build().withRole(Value.Role.STATE).stream().map(Value::name).toList());
    }

    @Test
    void pairsAreOfTheSameNamesAndShapes() {
        network(student);
        network(teacher);
        List<ParameterSet.Pair> pairs = teacher.pairedWith(student);
        assertEquals(List.copyOf(teacher.values()), pairs.stream().map(ParameterSet.Pair::mine).toList());
        assertEquals(List.copyOf(student.values()), pairs.stream().map(ParameterSet.Pair::other).toList());
    }

    @Test
    void setsThatDoNotPairAreErrors() {
        network(student);
        g.with(teacher, () -> layer(x, "a"));
        refused(() -> student.pairedWith(teacher), "student.", "teacher.", "b.weight", "no partner");
        refused(() -> teacher.pairedWith(student), "2 and 4 parameters");
        ParameterSet wide = new ParameterSet("wide.");
        g.with(wide, () -> g.in("a", () -> g.parameter("weight", new Shape(5, 1, 1, 4))));
        refused(() -> wide.pairedWith(student), "a.weight[5,1,1,4]", "[4,1,1,4]");
    }

    @Test
    void averagesAndCopiesOfWrongSetsAreErrors() {
        Value decay = g.input("decay", Shape.SCALAR, DType.F32);
        Value two = g.input("two", Shape.vector(2), DType.F32);
        refused(() -> g.average(teacher, student, decay), "average", "empty");
        network(student);
        refused(() -> g.average(student, student, decay), "average", "two sets");
        refused(() -> g.copy(student, student), "copy", "two sets");
        refused(() -> g.copy(student, teacher), "no partner");
        network(teacher);
        refused(() -> g.average(teacher, student, two), "decay", "[1,1,1,2]");
        g.average(teacher, student, decay);
        g.copy(teacher, student);
        List<Step> steps = g.build().steps();
        assertEquals(new Optimizer.Average(decay, List.copyOf(student.values()), List.copyOf(teacher.values())), steps.get(steps.size() - 5).op());
        assertEquals(new Movement.Assign(teacher.byName().get("a.weight"), student.byName().get("a.weight")), steps.get(steps.size() - 4).op());
    }

    @Test
    void onePrefixIsOfOneSet() {
        network(student);
        refused(() -> network(new ParameterSet("student.")), "two parameter sets", "student.");
        g.parameter("own", Shape.vector(2)); // the builder's own set has the empty prefix
        refused(() -> network(new ParameterSet("")), "two parameter sets", "\"\"");
    }
}
