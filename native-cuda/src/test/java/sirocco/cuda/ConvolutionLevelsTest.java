package sirocco.cuda;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import sirocco.api.Convolution;
import sirocco.api.Op;
import sirocco.api.Plan;
import sirocco.api.Settings.Precision;
import sirocco.api.Step;
import sirocco.testkit.OpCase;
import sirocco.testkit.OpCases;

/** Every case of a convolution by every level and tile that the rule might not choose for it, on the emulated driver. */
class ConvolutionLevelsTest {
    private record Level(Precision precision, String name) { }

    private static final List<Level> LEVELS = List.of(new Level(Precision.F32, "v1"), new Level(Precision.F32, "v2"),
            new Level(Precision.TF32, "v3"), new Level(Precision.TF32, "v4"),
            new Level(Precision.BF16, "v1"), new Level(Precision.BF16, "v3"), new Level(Precision.BF16, "v4"), new Level(Precision.BF16, "v5"));

    private static final List<OpCase> CASES = OpCases.all().stream().filter(c -> c.name().contains("Conv2d")).toList();

    @TestFactory
    Stream<DynamicNode> everyCaseByEveryLevel() {
        return LEVELS.stream().flatMap(level -> names(level).map(name -> DynamicContainer.dynamicContainer(level.precision() + " " + name,
                CASES.stream().map(c -> DynamicTest.dynamicTest(c.name(), () -> matchesTheReference(c, level, name))))));
    }

    private static Stream<String> names(Level level) {
        return switch (level.name()) {
            case "v1" -> Stream.of("v1");
            case "v4" -> Stream.of("v4_256x128", "v4_128x128", "v4_64x64");
            case "v5" -> Stream.of("v5_256x128", "v5_128x128", "v5_128x64");
            default -> Stream.of(level.name() + "_128x128", level.name() + "_64x64");
        };
    }

    private static void matchesTheReference(OpCase c, Level level, String variant) {
        try (CudaDevice device = Emulated.overlapping(
                () -> Emulated.device(level.precision(), variant, "conv2d", "conv2d_backward_data", "conv2d_backward_weights"))) {
            Plan plan = device.plan(c.graph());
            Set<String> algorithms = algorithms(plan);
            assertTrue(algorithms.stream().allMatch(a -> a.startsWith(level.name()) || level.name().equals("v5") && a.startsWith("v4")), algorithms::toString);
            assumeTrue(algorithms.stream().anyMatch(a -> a.startsWith(variant.replace('_', ' '))),
                    "channels that are not whole 16-byte chunks are v4's, or have one tile, which another variant takes too");
            // In which order sums are taken is the same for all tiles of a level.
            Emulated.matchesTheReference(c, device, plan, level.precision(), variant.equals(names(level).findFirst().orElseThrow()));
        }
    }

    private static Set<String> algorithms(Plan plan) {
        List<Step> steps = plan.graph().steps();
        return IntStream.range(0, steps.size()).filter(i -> isConvolution(steps.get(i).op())).mapToObj(i -> plan.notes()[i])
                .collect(Collectors.toSet());
    }

    private static boolean isConvolution(Op op) {
        return op instanceof Convolution.Conv2d || op instanceof Convolution.Conv2dBackwardData || op instanceof Convolution.Conv2dBackwardWeights;
    }
}
