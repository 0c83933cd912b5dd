package sirocco.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import sirocco.api.Settings.Precision;
import sirocco.testkit.OpCase;
import sirocco.testkit.OpCases;

/**
 * Small cases of every op in every precision on the driver that checks every access: kernels stay inside their operands, and touch them only
 * when the kernel before has ended; threads do not race. Of convolutions also those that Hopper's instructions fit. All other tests can run on it too, which takes minutes:
 * {@code -Dsirocco.cuda.emulated=emulated-checked}.
 */
class CheckedAccessTest {
    private static final long SMALL_FLOPS = 50_000;

    @TestFactory
    Stream<DynamicNode> smallCases() {
        assumeTrue(Emulated.checked(), "this driver does not check every access; the build's second round of tests has one that does");
        return Stream.concat(Stream.of(Precision.values()).map(p -> cases(p.name(), c -> true, p, () -> Emulated.overlapping(() -> Emulated.device(p)))),
                Stream.of(cases("convolutions by v5", c -> c.name().contains("Conv2d"), Precision.BF16,
                        () -> Emulated.overlapping(() -> Emulated.device(Precision.BF16, "v5", "conv2d", "conv2d_backward_data", "conv2d_backward_weights")))));
    }

    private static DynamicNode cases(String name, Predicate<OpCase> which, Precision precision, Supplier<CudaDevice> device) {
        return DynamicContainer.dynamicContainer(name, OpCases.all().stream().filter(c -> c.flops() <= SMALL_FLOPS).filter(which)
                .map(c -> DynamicTest.dynamicTest(c.name(), () -> matchesTheReference(c, precision, device))));
    }

    private static void matchesTheReference(OpCase c, Precision precision, Supplier<CudaDevice> opened) {
        try (CudaDevice device = opened.get()) {
            Emulated.matchesTheReference(c, device, device.plan(c.graph()), precision, false); // it is an access that is checked, once
        }
    }
}
