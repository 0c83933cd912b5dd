package sirocco.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import sirocco.api.DType;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Graph;
import sirocco.api.Lowering;
import sirocco.api.Op;
import sirocco.api.Operand;
import sirocco.api.OperandRole;
import sirocco.api.Optimizer;
import sirocco.api.Plan;
import sirocco.api.Pointwise;
import sirocco.api.Step;
import sirocco.api.UnaryFunction;
import sirocco.api.Value;

/** Random graphs on the reference: gradients are slopes, decompositions change nothing, and the machinery finds and describes mistakes. */
class RandomGraphsTest {
    private static final int GRAPHS = 150;
    /** Elements of each value that finite differences check. */
    private static final int SAMPLES = 4;

    private static Stream<RandomGraph> withGradients(int count) {
        return RandomGraphs.all(count).filter(RandomGraph::hasGradients);
    }

    @TestFactory
    Stream<DynamicTest> reversePassesAreTheSlopesOfTheLoss() {
        return withGradients(GRAPHS).map(g -> DynamicTest.dynamicTest(g.toString(), () -> {
            RandomGraph lossOnly = g.withResults(List.of()); // a cursor that each run advances would leave its table
            Optional<String> problem;
            try {
                problem = slope(lossOnly);
            } catch (RuntimeException e) {
                throw new AssertionError(e + "\n" + lossOnly.listing(), e);
            }
            problem.ifPresent(text -> {
                throw new AssertionError(Shrinking.report(lossOnly, text, RandomGraphsTest::slopeOfPart));
            });
        }));
    }

    private static Optional<String> slope(RandomGraph g) {
        List<String> problems = new ArrayList<>(GradientCheck.problems(g.recordExact(), SAMPLES));
        g.wanted().forEach(w -> inBetween(g, w).ifPresent(problems::add));
        return problems.isEmpty() ? Optional.empty() : Optional.of(String.join("\n", problems));
    }

    private static Optional<String> slopeOfPart(RandomGraph g) {
        try {
            return slope(g);
        } catch (RuntimeException e) {
            return Optional.empty();
        }
    }

    /** The gradient of what an op writes is that of an input with the same elements in its place, which is rounded to float32. */
    private static Optional<String> inBetween(RandomGraph g, int wanted) {
        int at = g.nodes().indexOf(g.writerOf(wanted));
        String name = "v" + wanted;
        boolean own = g.recordExact().gradients().keySet().stream().anyMatch(v -> v.name().equals(name) || v.name().startsWith(name + "."));
        if (!g.nodes().get(at).isOp() || wanted == g.loss() || !own) {
            return Optional.empty(); // or the value is what the op reads: a sum along an axis of size 1
        }
        double[] expected = gradient(g.withInputsFor(at).withWanted(List.of(wanted)));
        double[] actual = gradient(g.withWanted(List.of(wanted)));
        double allowed = 1e-5 * Math.max(1e-3, Tolerance.rms(expected) * Math.sqrt(expected.length));
        for (int i = 0; i < actual.length; i++) {
            if (!(Math.abs(actual[i] - expected[i]) <= allowed)) {
                return Optional.of("gradient of v" + wanted + " is " + actual[i] + " at element " + i + ", that of an input in its place is " + expected[i]);
            }
        }
        return Optional.empty();
    }

    private static double[] gradient(RandomGraph g) {
        OpCase c = g.recordExact();
        try (ReferenceDevice device = new ReferenceDevice(); ReferenceExecutable e = (ReferenceExecutable) device.load(device.plan(c.graph()))) {
            c.fill(e);
            e.run();
            return e.readExact(c.gradients().values().iterator().next());
        }
    }

    /** To the bit: the reference lowers what is left. */
    @TestFactory
    Stream<DynamicTest> eachFusedOpIsItsDecomposition() {
        return RandomGraphs.all(GRAPHS / 2).map(g -> DynamicTest.dynamicTest(g.toString(), () -> {
            OpCase c = g.recordExact();
            List<double[]> expected = run(c, c.graph());
            Set<String> fused = new TreeSet<>();
            c.graph().steps().stream().filter(s -> !Lowering.isPrimitive(s.op())).forEach(s -> fused.add(s.op().kind()));
            for (String kind : fused) {
                Graph lowered = RandomGraphChecks.lowered(c, kind).graph();
                assertTrue(lowered.steps().stream().allMatch(s -> !s.op().kind().equals(kind) || Lowering.isPrimitive(s.op())), kind);
                List<double[]> actual = run(c, lowered);
                for (int i = 0; i < actual.size(); i++) {
                    assertArrayEquals(expected.get(i), actual.get(i), kind + " lowered\n" + g.listing());
                }
            }
        }));
    }

    private static List<double[]> run(OpCase c, Graph graph) {
        try (ReferenceDevice device = new ReferenceDevice(); ReferenceExecutable e = (ReferenceExecutable) device.load(device.plan(graph))) {
            c.fill(e);
            e.run();
            return c.compared().stream().map(e::readExact).toList();
        }
    }

    // ---- what is generated -----------------------------------------------------------------------------------------------------

    @Test
    void aSeedGivesOneGraph() {
        for (long seed = 1; seed < 20; seed++) {
            assertEquals(RandomGraphs.of(seed).listing(), RandomGraphs.of(seed).listing());
            assertNotEquals(RandomGraphs.of(seed).listing(), RandomGraphs.of(seed + 1).listing());
        }
    }

    /** Every op is generated, forward and backward, but for those that change parameters. */
    @Test
    void graphsReachEveryOp() {
        Set<Class<?>> reached = RandomGraphs.all(300).flatMap(g -> g.recordExact().graph().steps().stream()).map(s -> s.op().getClass())
                .collect(Collectors.toSet());
        for (Class<?> family : Op.class.getPermittedSubclasses()) {
            for (Class<?> op : family.getPermittedSubclasses()) {
                assertTrue(reached.contains(op) || family == Optimizer.class, op.getName());
            }
        }
    }

    @Test
    void graphsShareValuesAndUseThemInSeveralRoles() {
        int several = 0;
        int roles = 0;
        int computedWeights = 0;
        for (RandomGraph g : RandomGraphs.all(GRAPHS).toList()) {
            Map<Value, List<Operand>> reads = g.recordExact().graph().steps().stream().flatMap(s -> s.op().operands().stream())
                    .filter(o -> o.access() == Operand.Access.READ && o.value().dtype() == DType.F32).collect(Collectors.groupingBy(Operand::value));
            several += reads.values().stream().anyMatch(all -> all.size() > 2) ? 1 : 0;
            roles += reads.values().stream().anyMatch(all -> all.stream().map(Operand::role).distinct().count() > 1) ? 1 : 0;
            computedWeights += reads.entrySet().stream().anyMatch(e -> !e.getKey().persistent()
                    && e.getValue().stream().anyMatch(o -> o.role() == OperandRole.WEIGHT)) ? 1 : 0;
        }
        assertTrue(several > GRAPHS / 4, several + " graphs with values that three operands read");
        assertTrue(roles > GRAPHS / 10, roles + " graphs with values in several roles");
        assertTrue(computedWeights > GRAPHS / 10, computedWeights + " graphs with computed weights");
    }

    /** Values are about 1, so tolerances are of the size of a few roundings: an ill-conditioned graph would let anything pass. */
    @Test
    void tolerancesAreThoseOfRounding() {
        List<Double> all = new ArrayList<>();
        for (RandomGraph g : RandomGraphs.all(GRAPHS).toList()) {
            for (OpCase.Result r : g.record().results()) {
                double allowed = r.tolerance().relative() * r.tolerance().scale();
                assertTrue(allowed < 1e-2, () -> r + "\n" + g.listing());
                all.add(allowed);
            }
        }
        all.sort(null);
        assertTrue(all.get(all.size() / 2) < 1e-5, "median tolerance " + all.get(all.size() / 2));
        assertTrue(all.get(all.size() * 95 / 100) < 2e-4, "95 % of tolerances are up to " + all.get(all.size() * 95 / 100));
    }

    // ---- what is found ---------------------------------------------------------------------------------------------------------

    /** The reference, but it computes SiLU where softplus is meant. */
    private static final class Mistaken implements Device {
        private final ReferenceDevice right = new ReferenceDevice();

        @Override
        public String describe() {
            return "mistaken";
        }

        @Override
        public Plan plan(Graph graph) {
            List<Step> steps = graph.steps().stream().map(s -> s.op() instanceof Pointwise.Unary u && u.function() == UnaryFunction.SOFTPLUS
                    ? new Step(s.name(), new Pointwise.Unary(u.x(), UnaryFunction.SILU, u.y())) : s).toList();
            return right.plan(new Graph(graph.values(), steps, graph.outputs(), graph.phases()));
        }

        @Override
        public Executable load(Plan plan) {
            return right.load(plan);
        }

        @Override
        public void close() { }
    }

    @Test
    void aMistakeIsFoundAndDescribedByASmallGraph() {
        RandomGraphChecks checks = new RandomGraphChecks(new CaseChecks(List.of(new Mistaken()), List.of(1)));
        RandomGraph failing = LongStream.range(1, 200).mapToObj(RandomGraphs::of).filter(g -> g.listing().contains("= Softplus") && g.ops().size() > 8)
                .findFirst().orElseThrow();
        String message = assertThrows(AssertionError.class, () -> checks.check(failing)).getMessage();
        assertTrue(message.contains("-Dsirocco.random.seed=" + failing.seed()), message);
        String listing = message.substring(message.indexOf("are enough:"));
        assertTrue(listing.contains("= Softplus"), message);
        assertTrue(listing.lines().filter(l -> l.startsWith("  v") && l.contains("(")).count() <= 2, message);
    }
}
