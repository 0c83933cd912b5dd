package sirocco.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import sirocco.api.Diffusion;
import sirocco.api.Graph;
import sirocco.api.Lowering;
import sirocco.api.Op;
import sirocco.api.Operand;
import sirocco.api.Optimizer;
import sirocco.api.Random;
import sirocco.api.Value;
import sirocco.testkit.OpCase;
import sirocco.testkit.OpCases;
import sirocco.testkit.ReferenceDevice;
import sirocco.testkit.ReferenceExecutable;
import sirocco.testkit.Tolerance;

/** Every case of the testkit whose graph can be exported: what ONNX Runtime computes against the reference, in double precision. */
class OpCasesOnnxTest {
    /** Classes of primitives that some case must have shown. */
    private static final Set<String> PRIMITIVES = Set.of("Unary", "UnaryBackward", "Affine", "Binary", "Concat", "Slice", "Repeat", "Reshape", "Permute", "Ramp",
            "MatMul", "Reduce", "Conv2d", "Conv2dBackwardData", "Embedding", "Combine", "Lookup", "CrossEntropy", "CrossEntropyBackward");

    /** Ops of which no forward pass is made: draws, updates in place, optimizers. Whether a case has one is told by the ops, not by the exporter. */
    private static boolean isTraining(Op op) {
        return !op.updates().isEmpty() || op instanceof Random || op instanceof Optimizer || op instanceof Diffusion.Pixels p && p.flip();
    }

    private static List<Op> primitives(OpCase c) {
        return Lowering.toPrimitives(c.graph()).steps().stream().map(s -> s.op()).toList();
    }

    private static boolean isExportable(OpCase c) {
        return primitives(c).stream().noneMatch(OpCasesOnnxTest::isTraining);
    }

    private static List<OpCase> exportable() {
        return OpCases.all().stream().filter(OpCasesOnnxTest::isExportable).toList();
    }

    @TestFactory
    Stream<DynamicTest> casesAgreeWithTheReference() {
        return exportable().stream().flatMap(c -> Stream.of(false, true)
                .map(mapped -> dynamicTest(c.name() + (mapped ? ", operators for fused ops" : ", primitives"), () -> compare(c, mapped))));
    }

    @Test
    void everyPrimitiveIsInACase() {
        Set<String> seen = new TreeSet<>();
        exportable().forEach(c -> primitives(c).forEach(op -> seen.add(op.getClass().getSimpleName())));
        assertEquals(new TreeSet<>(PRIMITIVES), seen);
    }

    @Test
    void allOtherCasesAreRefusedByName() {
        List<OpCase> refused = OpCases.all().stream().filter(c -> !isExportable(c)).toList();
        assertTrue(refused.size() > 100, "cases of training");
        for (OpCase c : refused) {
            PortedGraph network = Exported.network(c.graph(), c.compared());
            var e = assertThrows(UnsupportedOperationException.class,
                    () -> OnnxExport.of(_ -> network, _ -> new float[0], Exported.options(OptionalInt.of(1), false)), c.name());
            assertTrue(primitives(c).stream().filter(OpCasesOnnxTest::isTraining).allMatch(op -> e.getMessage().contains(op.kind())), e.getMessage());
        }
    }

    /** What an op keeps for its reverse pass: ONNX's operators for fused ops do not write it. */
    private static boolean isStatistic(OpCase c, Value v) {
        return c.graph().steps().stream().flatMap(s -> s.op().operands().stream())
                .anyMatch(o -> o.value() == v && o.access() == Operand.Access.WRITTEN && Set.of("stats", "logSumExp").contains(o.name()));
    }

    private static void compare(OpCase c, boolean mapped) {
        List<Value> compared = c.compared().stream().filter(v -> !mapped || !isStatistic(c, v)).toList();
        if (compared.isEmpty()) {
            return;
        }
        Graph graph = new Graph(c.graph().values(), c.graph().steps(), compared.stream().filter(v -> !v.persistent()).toList());
        PortedGraph network = Exported.network(graph, compared);
        try (ReferenceExecutable reference = (ReferenceExecutable) new ReferenceDevice().load(new ReferenceDevice().plan(c.graph()))) {
            c.fill(reference);
            OnnxModel model = OnnxExport.of(_ -> network, v -> (float[]) Exported.elements(reference, v), Exported.options(OptionalInt.of(1), mapped));
            assertEquals(model.bytes(), model.toBytes().length);
            reference.run();
            try (Session session = new Session(model)) {
                Map<Value, double[]> results = Exported.run(session, network, reference);
                for (OpCase.Result r : c.results()) {
                    for (Value v : r.values().stream().filter(compared::contains).toList()) {
                        double[] expected = reference.readExact(v);
                        if (r.tolerance().equals(Tolerance.EXACT)) {
                            assertArrayEquals(expected, results.get(v), v.toString());
                        } else {
                            Exported.assertClose(c + ": " + v, expected, results.get(v), r.tolerance());
                        }
                    }
                }
            }
        }
    }
}
