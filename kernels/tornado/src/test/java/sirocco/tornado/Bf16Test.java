package sirocco.tornado;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import sirocco.api.Attention;
import sirocco.api.Convolution;
import sirocco.api.Device;
import sirocco.api.Op;
import sirocco.api.Plan;
import sirocco.api.Settings.Precision;
import sirocco.api.Settings;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.api.Window;
import sirocco.testkit.CaseBuilder;
import sirocco.testkit.OpCase;
import sirocco.testkit.OpCases;
import sirocco.testkit.Tolerance;

/** Convolutions and attention on tensor cores, where TornadoVM drives a device that has them. */
class Bf16Test {
    private static Device device;

    @BeforeAll
    static void open() {
        TornadoBackend backend = new TornadoBackend();
        List<Probe.Found> all = Probe.answer().devices();
        IntStream.range(0, all.size()).filter(i -> all.get(i).hasBf16()).findFirst()
                .ifPresent(i -> device = backend.open(new Settings(1, i, Precision.BF16)));
        assumeTrue(device != null, () -> "TornadoVM drives no device with bf16 tensor cores; tornado " + backend.probe());
    }

    @AfterAll
    static void close() {
        if (device != null) {
            device.close();
        }
    }

    private static boolean isProduct(Op op) {
        return op instanceof Convolution.Conv2d || op instanceof Convolution.Conv2dBackwardData || op instanceof Convolution.Conv2dBackwardWeights || op instanceof Attention.Forward
                || op instanceof Attention.Backward;
    }

    @TestFactory
    Stream<DynamicTest> everyProductMatchesTheReferenceAndRepeats() {
        return OpCases.all().stream().filter(c -> c.graph().steps().stream().allMatch(s -> isProduct(s.op())))
                .map(c -> DynamicTest.dynamicTest(c.name(), () -> check(c)));
    }

    private static void check(OpCase c) {
        Plan plan = device.plan(c.graph());
        assertTrue(Arrays.stream(plan.notes()).allMatch(note -> note.contains("bf16")), () -> Arrays.toString(plan.notes()));
        CaseRuns.matchTheReferenceAndRepeat(c, device, plan, Precision.BF16);
    }

    /** 128 pixels, and 64 or 128 columns; none of the op cases has both. */
    @TestFactory
    Stream<DynamicTest> wholeTilesMatchTheReferenceAndRepeat() {
        Shape wide = new Shape(2, 8, 8, 128);
        OpCase forward = OpCase.of("Conv2d of whole tiles", c -> c.result(c.g.conv2d(c.input("x", new Shape(2, 8, 8, 20)), c.parameter("w", new Shape(128, 3, 3, 20)),
                Optional.of(c.parameter("bias", Shape.vector(128), CaseBuilder.normal(0, 1))), Optional.of(c.input("perChannel", Shape.features(2, 128))),
                Optional.of(c.input("residual", wide)), Window.same(3)), Tolerance.convolution(9 * 20, 1)));
        OpCase data = OpCase.of("Conv2dBackwardData of whole tiles", c -> {
            Value dx = c.temporary("dx", new Shape(2, 8, 8, 64));
            c.op(new Convolution.Conv2dBackwardData(c.input("dy", wide), c.parameter("w", new Shape(128, 1, 1, 64)), Window.same(1), dx));
            c.result(dx, Tolerance.convolution(128, Math.sqrt(128.0 / 64)));
        });
        return Stream.of(forward, data).map(c -> DynamicTest.dynamicTest(c.name(), () -> check(c)));
    }

    /**
     * Whole tiles; heads of more than one group's channels, in whole tiles and not; one key in the last tile; heads that begin anywhere.
     *
     * <p>Closer than the op cases, whose tolerance, made for float32, lets any result of long rows pass in bf16. Errors are those of three factors: q, k
     * or what is made of them, and v (or dy): of random sign, each at most half of a unit of the factor's, so three units of the result's are
     * more than four times what is to be expected. Where a gradient cancels, its terms count, which are 1/√L for rows of L weights that
     * are about alike.
     */
    @TestFactory
    Stream<DynamicTest> attentionIsRoundedAsItsOperandsAre() {
        return Stream.of(attention(new Shape(2, 8, 16, 128), 2), attention(new Shape(1, 8, 8, 512), 1), attention(new Shape(1, 8, 9, 330), 1),
                attention(new Shape(1, 5, 13, 48), 3), attention(new Shape(2, 3, 3, 20), 4)).map(c -> DynamicTest.dynamicTest(c.name(), () -> check(c)));
    }

    private static OpCase attention(Shape shape, int heads) {
        return OpCase.of("Attention and its gradients q" + shape + " heads " + heads, c -> {
            int length = shape.h() * shape.w();
            Tolerance tolerance = new Tolerance(3 * Tolerance.U, 1 / Math.sqrt(length)); // in units of float32, for which bf16's are taken
            Value q = c.input("q", shape);
            Value k = c.input("k", shape);
            Value v = c.input("v", shape);
            Value dy = c.input("dy", shape);
            Value y = c.temporary("y", shape);
            Value logSumExp = c.temporary("logSumExp", Shape.features(shape.n(), heads * length));
            c.op(new Attention.Forward(q, k, v, Optional.empty(), false, heads, y, logSumExp));
            c.result(y, tolerance);
            c.result(logSumExp, tolerance);
            List<Value> gradients = Stream.of("dq", "dk", "dv").map(name -> c.temporary(name, shape)).toList();
            c.op(new Attention.Backward(q, k, v, Optional.empty(), false, y, logSumExp, dy, heads, gradients.get(0), gradients.get(1), gradients.get(2)));
            gradients.forEach(gradient -> c.result(gradient, tolerance));
        });
    }
}
