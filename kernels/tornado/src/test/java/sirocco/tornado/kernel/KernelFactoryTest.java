package sirocco.tornado.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import sirocco.api.Graph;
import sirocco.api.Lowering;
import sirocco.api.Op;
import sirocco.api.Settings.Precision;
import sirocco.api.Step;
import sirocco.testkit.OpCase;
import sirocco.testkit.OpCases;

class KernelFactoryTest {
    private static List<Op> ops(Stream<Graph> graphs) {
        return graphs.flatMap(g -> g.steps().stream()).map(Step::op).toList();
    }

    /** So no graph is refused: everything else is lowered to primitives. */
    @Test
    void everyPrimitiveHasAKernel() {
        List<Op> primitives = ops(OpCases.all().stream().map(OpCase::graph).map(Lowering::toPrimitives));
        Set<String> missing = primitives.stream().filter(op -> !KernelFactory.supports(op)).map(Op::kind).collect(Collectors.toCollection(TreeSet::new));
        assertEquals(Set.of(), missing);
        primitives.forEach(op -> assertNotNull(KernelFactory.of(op, Precision.F32), op::kind));
    }

    /** Whatever it says that it supports it makes, in each precision. */
    @Test
    void whatIsSupportedIsMade() {
        for (Op op : ops(OpCases.all().stream().map(OpCase::graph))) {
            if (KernelFactory.supports(op)) {
                assertNotNull(KernelFactory.of(op, Precision.F32), op::kind);
                assertNotNull(KernelFactory.of(op, Precision.BF16), op::kind);
            }
        }
    }
}
