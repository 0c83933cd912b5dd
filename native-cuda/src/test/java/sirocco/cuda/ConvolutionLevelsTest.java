package sirocco.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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
import sirocco.api.Executable;
import sirocco.api.Op;
import sirocco.api.Plan;
import sirocco.api.Settings;
import sirocco.api.Settings.Precision;
import sirocco.api.Step;
import sirocco.cuda.kernel.KernelRule;
import sirocco.testkit.OpCase;
import sirocco.testkit.OpCases;
import sirocco.testkit.ReferenceDevice;
import sirocco.testkit.ReferenceExecutable;
import sirocco.testkit.Tolerance;

/** Every case of a convolution by every level and tile that the rule might not choose for it, on the emulated driver. */
class ConvolutionLevelsTest {
    /** @param roundoff of what is multiplied and, in bf16, stored; 0 where float32's tolerance says it all */
    private record Level(Precision precision, String name, double roundoff) { }

    private static final List<Level> LEVELS = List.of(new Level(Precision.F32, "v1", 0), new Level(Precision.F32, "v2", 0),
            new Level(Precision.TF32, "v3", 0x1p-11), new Level(Precision.TF32, "v4", 0x1p-11),
            new Level(Precision.BF16, "v1", 0x1p-8), new Level(Precision.BF16, "v3", 0x1p-8), new Level(Precision.BF16, "v4", 0x1p-8));

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
            default -> Stream.of(level.name() + "_128x128", level.name() + "_64x64");
        };
    }

    /** Opens a device with one level for all three passes. */
    private static CudaDevice device(Precision precision, String variant) {
        CudaBackend backend = Emulated.backend();
        System.setProperty(KernelRule.PROPERTY, Stream.of("conv2d", "conv2d_backward_data", "conv2d_backward_weights").map(f -> f + "=" + variant)
                .collect(Collectors.joining(",")));
        try {
            return (CudaDevice) backend.open(new Settings(0, 0, precision));
        } finally {
            System.clearProperty(KernelRule.PROPERTY);
        }
    }

    private static void matchesTheReference(OpCase c, Level level, String variant) {
        OpCase rounded = new OpCase(c.name(), c.graph(), c.data(), c.results().stream().map(r -> new OpCase.Result(r.values(),
                tolerance(c, r.tolerance(), level.roundoff()))).toList(), c.loss(), c.gradients());
        try (CudaDevice device = device(level.precision(), variant)) {
            Plan plan = device.plan(c.graph());
            Set<String> algorithms = algorithms(plan);
            assertTrue(algorithms.stream().allMatch(a -> a.startsWith(level.name())), algorithms::toString);
            assumeTrue(level.name().equals("v1") || algorithms.stream().anyMatch(a -> a.contains(variant.substring(variant.indexOf('_') + 1))),
                    "channels that are not whole 16-byte chunks have one tile, which the other variant takes too");
            try (ReferenceDevice reference = new ReferenceDevice(); Executable e = device.load(plan);
                    ReferenceExecutable expected = (ReferenceExecutable) reference.load(reference.plan(c.graph()))) {
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
    }

    private static Set<String> algorithms(Plan plan) {
        List<Step> steps = plan.graph().steps();
        return IntStream.range(0, steps.size()).filter(i -> isConvolution(steps.get(i).op())).mapToObj(i -> plan.notes()[i])
                .collect(Collectors.toSet());
    }

    private static boolean isConvolution(Op op) {
        return op instanceof Op.Conv2d || op instanceof Op.Conv2dBackwardData || op instanceof Op.Conv2dBackwardWeights;
    }

    /**
     * Two factors of a product are rounded by at most u each and, in bf16, its sum once more; errors of products of random sign add up as
     * the products do, so the length of a sum does not matter. Through the steps of a graph errors add up.
     */
    private static Tolerance tolerance(OpCase c, Tolerance t, double roundoff) {
        return new Tolerance(t.relative() + 3 * roundoff * c.graph().steps().size(), t.scale());
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
