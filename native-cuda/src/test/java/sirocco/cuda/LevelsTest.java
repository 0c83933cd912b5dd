package sirocco.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import sirocco.api.DType;
import sirocco.api.GraphBuilder;
import sirocco.api.Settings.Precision;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.testkit.OpCase;
import sirocco.testkit.OpCases;

/** Every case of attention and GroupNorm by every level that the rule would not choose for most, on the emulated driver. */
class LevelsTest {
    /** @param cases what their names contain */
    private record Level(String family, String cases, Precision precision, String name) { }

    private static Stream<Level> levels() {
        return Stream.of(new Level("attention", "Attention", Precision.F32, "v1"),
                new Level("attention", "Attention", Precision.BF16, "v1"),
                new Level("attention", "Attention", Precision.TF32, "v3"),
                new Level("group_norm", "GroupNorm", Precision.F32, "v2"), new Level("group_norm", "GroupNorm", Precision.F32, "v1"),
                new Level("group_norm", "GroupNorm", Precision.BF16, "v2"), new Level("group_norm", "GroupNorm", Precision.BF16, "v1"));
    }

    @TestFactory
    Stream<DynamicNode> everyCaseByEveryLevel() {
        return levels().map(level -> DynamicContainer.dynamicContainer(level.family() + " " + level.name() + " " + level.precision(), Stream.concat(
                Stream.of(DynamicTest.dynamicTest("is taken", () -> isTaken(level))),
                OpCases.all().stream().filter(c -> c.name().contains(level.cases())).map(c -> DynamicTest.dynamicTest(c.name(), () -> matchesTheReference(c, level))))));
    }

    private static CudaDevice device(Level level) {
        return Emulated.overlapping(() -> Emulated.device(level.precision(), level.name(), level.family(), level.family() + "_backward"));
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
        try (CudaDevice device = device(level)) {
            Emulated.matchesTheReferenceAndRepeats(c, device, device.plan(c.graph()), level.precision());
        }
    }
}
