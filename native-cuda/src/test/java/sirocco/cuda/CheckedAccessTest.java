package sirocco.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import sirocco.api.Settings.Precision;
import sirocco.testkit.OpCase;
import sirocco.testkit.OpCases;

/**
 * Small cases of every op in every precision on the driver that checks every access: kernels stay inside their operands, and threads do not
 * race. All other tests can run on it too, which takes minutes: {@code -Dsirocco.cuda.emulated=emulated-checked}.
 */
class CheckedAccessTest {
    private static final long SMALL_FLOPS = 50_000;

    @TestFactory
    Stream<DynamicNode> smallCases() {
        assumeTrue(Emulated.checked(), "this driver does not check every access; the build's second round of tests has one that does");
        return Stream.of(Precision.values()).map(p -> DynamicContainer.dynamicContainer(p.name(), OpCases.all().stream().filter(c -> c.flops() <= SMALL_FLOPS)
                .map(c -> DynamicTest.dynamicTest(c.name(), () -> matchesTheReference(c, p)))));
    }

    private static void matchesTheReference(OpCase c, Precision precision) {
        try (CudaDevice device = Emulated.device(precision)) {
            Emulated.matchesTheReferenceAndRepeats(c, device, device.plan(c.graph()), precision);
        }
    }
}
