package sirocco.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import sirocco.api.DType;
import sirocco.api.Executable;
import sirocco.api.GraphBuilder;
import sirocco.api.Settings;
import sirocco.api.Settings.Precision;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.cuda.kernel.KernelRule;
import sirocco.testkit.OpCase;
import sirocco.testkit.OpCases;
import sirocco.testkit.ReferenceDevice;
import sirocco.testkit.ReferenceExecutable;
import sirocco.testkit.Tolerance;

/** Every case of attention and GroupNorm by every level that the rule would not choose for most, on the emulated driver. */
class LevelsTest {
    /**
     * @param cases what their names contain
     * @param roundoff of what is multiplied or stored; 0 where it is float32's
     */
    private record Level(String family, String cases, Precision precision, String name, double roundoff) { }

    private static Stream<Level> levels() {
        return Stream.of(new Level("attention", "Attention", Precision.F32, "v1", 0),
                new Level("attention", "Attention", Precision.BF16, "v1", Roundoff.BF16),
                new Level("attention", "Attention", Precision.TF32, "v3", Roundoff.TF32),
                new Level("group_norm", "GroupNorm", Precision.F32, "v2", 0), new Level("group_norm", "GroupNorm", Precision.F32, "v1", 0),
                new Level("group_norm", "GroupNorm", Precision.BF16, "v2", Roundoff.BF16), new Level("group_norm", "GroupNorm", Precision.BF16, "v1", Roundoff.BF16));
    }

    @TestFactory
    Stream<DynamicNode> everyCaseByEveryLevel() {
        return levels().map(level -> DynamicContainer.dynamicContainer(level.family() + " " + level.name() + " " + level.precision(), Stream.concat(
                Stream.of(DynamicTest.dynamicTest("is taken", () -> isTaken(level))),
                OpCases.all().stream().filter(c -> c.name().contains(level.cases())).map(c -> DynamicTest.dynamicTest(c.name(), () -> matchesTheReference(c, level))))));
    }

    private static CudaDevice device(Level level) {
        CudaBackend backend = Emulated.backend();
        System.setProperty(KernelRule.PROPERTY, level.family() + "=" + level.name() + "," + level.family() + "_backward=" + level.name());
        try {
            return (CudaDevice) backend.open(new Settings(0, 0, level.precision()));
        } finally {
            System.clearProperty(KernelRule.PROPERTY);
        }
    }

    /** Cases that a level does not fit are another's: here is one that all fit. */
    private static void isTaken(Level level) {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", new Shape(2, 8, 8, 32), DType.F32);
        Value gamma = g.parameter("gamma", Shape.vector(32));
        Value beta = g.parameter("beta", Shape.vector(32));
        boolean attention = level.family().equals("attention");
        g.output(g.in("op", () -> attention ? g.attention(x, x, x, 2) : g.groupNorm(x, gamma, beta, 8, 1e-5f, true)));
        try (CudaDevice device = device(level)) {
            assertEquals(Set.of(level.name()), Stream.of(device.plan(g.build()).notes()).collect(Collectors.toSet()));
        }
    }

    private static void matchesTheReference(OpCase c, Level level) {
        OpCase rounded = level.roundoff() == 0 ? c : new OpCase(c.name(), c.graph(), c.data(), c.results().stream()
                .map(r -> new OpCase.Result(r.values(), tolerance(c, r.tolerance(), level))).filter(r -> r.tolerance().relative() < 1).toList(),
                c.loss(), c.gradients());
        try (CudaDevice device = device(level); ReferenceDevice reference = new ReferenceDevice();
                ReferenceExecutable expected = (ReferenceExecutable) reference.load(reference.plan(c.graph()));
                Executable e = device.load(device.plan(c.graph()))) {
            c.fill(expected);
            expected.run();
            List<float[]> first = runAndRead(c, e);
            List<String> problems = rounded.violations(e, expected);
            assertTrue(problems.isEmpty(), () -> c + "\n" + String.join("\n", problems));
            List<float[]> second = runAndRead(c, e);
            for (int i = 0; i < first.size(); i++) {
                assertArrayEquals(first.get(i), second.get(i), "the same bits each time");
            }
        }
    }

    private static Tolerance tolerance(OpCase c, Tolerance t, Level level) {
        return Roundoff.tolerance(c, t, level.roundoff(), 0);
    }

    private static List<float[]> runAndRead(OpCase c, Executable e) {
        c.fill(e);
        e.run();
        return c.compared().stream().map(v -> {
            float[] data = new float[(int) v.shape().elements()];
            e.read(v, data);
            return data;
        }).toList();
    }
}
