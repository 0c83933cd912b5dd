package sirocco.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What operands are read off the records of ops. */
class OperandsTest {
    private final GraphBuilder g = new GraphBuilder();
    private final Value x = g.input("x", new Shape(2, 3, 3, 4), DType.F32);
    private final Value w = g.parameter("w", new Shape(5, 1, 1, 4));
    private final Value y = g.temporary("y", new Shape(2, 3, 3, 5));

    private static List<String> described(Op op) {
        return op.operands().stream().map(o -> o.name() + " " + o.role() + " " + o.access()).toList();
    }

    @Test
    void comeInTheOrderOfComponentsWithoutAbsentOnes() {
        Value bias = g.parameter("bias", Shape.vector(5));
        Op op = new Convolution.Conv2d(x, w, Optional.of(bias), Optional.empty(), Optional.empty(), Window.same(1), y);
        assertEquals(List.of("x ACTIVATION READ", "w WEIGHT READ", "bias WEIGHT READ", "y ACTIVATION WRITTEN"), described(op));
        assertEquals(List.of(x, w, bias), op.inputs());
        assertEquals(List.of(y), op.outputs());
        assertEquals(List.of(), op.updates());
    }

    @Test
    void listsAreTheirElements() {
        Value m = g.state("m", w.shape(), DType.F32);
        Value decay = g.input("decay", Shape.SCALAR, DType.F32);
        Op op = new Optimizer.Average(decay, List.of(w, w), List.of(m, m));
        assertEquals(List.of("decay TABLE READ", "sources WEIGHT READ", "sources WEIGHT READ", "targets WEIGHT UPDATED", "targets WEIGHT UPDATED"), described(op));
        assertEquals(List.of(m, m), op.updates());
    }

    @Test
    void areReplacedByAccessAndAttributesKept() {
        Value other = g.input("other", x.shape(), DType.F32);
        Value z = g.temporary("z", y.shape());
        Convolution.Conv2d op = new Convolution.Conv2d(x, w, Optional.empty(), Optional.of(x), Optional.empty(), Window.down(), y);
        List<Operand.Access> seen = new ArrayList<>();
        Convolution.Conv2d copy = assertInstanceOf(Convolution.Conv2d.class, op.withOperands((v, access) -> {
            seen.add(access);
            return v == x ? other : v == y ? z : v;
        }));
        assertEquals(new Convolution.Conv2d(other, w, Optional.empty(), Optional.of(other), Optional.empty(), Window.down(), z), copy);
        assertEquals(List.of(Operand.Access.READ, Operand.Access.READ, Operand.Access.READ, Operand.Access.WRITTEN), seen);
        Diffusion.Combine combine = new Diffusion.Combine(w, x, List.of(x, y), List.of(z));
        assertEquals(new Diffusion.Combine(w, other, List.of(other, y), List.of(z)), combine.withOperands((v, _) -> v == x ? other : v));
        Movement.Permute permute = new Movement.Permute(x, List.of(Axis.C, Axis.W, Axis.H, Axis.N), y);
        assertEquals(permute.order(), ((Movement.Permute) permute.withOperands((v, _) -> v)).order());
    }

    /** Every component that can hold a value says what the op does with it: one that is forgotten would never be planned. */
    @Test
    void everyValueOfEveryOpIsAnOperand() {
        int values = 0;
        for (Class<?> family : Op.class.getPermittedSubclasses()) {
            for (Class<?> op : family.getPermittedSubclasses()) {
                for (RecordComponent c : op.getRecordComponents()) {
                    boolean holds = c.getGenericType().getTypeName().contains(Value.class.getName());
                    long annotations = List.of(Reads.class, Writes.class, Updates.class).stream().filter(c::isAnnotationPresent).count();
                    assertEquals(holds ? 1 : 0, annotations, op.getSimpleName() + "." + c.getName());
                    values += holds ? 1 : 0;
                }
            }
        }
        assertTrue(values > 150, values + " operands of all ops");
    }

    @Test
    void namesOfReductionsSayWhatTheyCompute() {
        Reduction.Reduce sum = new Reduction.Reduce(x, Reduction.Function.SUM, Set.of(Axis.H, Axis.W), g.temporary("s", Shape.features(2, 4)));
        assertEquals("Sum", sum.kind());
        assertEquals(9, sum.terms());
        assertEquals(EnumSet.of(Axis.H, Axis.W), sum.axes());
        assertSame(x, sum.inputs().getFirst());
    }
}
