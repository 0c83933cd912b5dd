package sirocco.tornado;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import sirocco.api.Device;
import sirocco.api.Plan;
import sirocco.api.Settings;
import sirocco.testkit.OpCase;
import sirocco.testkit.OpCases;
import sirocco.tornado.kernel.GemmTile;

/** Convolutions by the large tile, which the rule takes for results larger than any of the contract's cases has. */
class ConvolutionTilesTest {
    /** Tiles that are full, and that are not, several along each side, strides, windows that are not symmetric: all three passes of each. */
    private static final Pattern CASES = Pattern.compile("^Conv2d.*(pad 1 x\\[(1,1,1,1|1,9,11,17|2,10,6,64|2,8,8,32)]|pad 0 x\\[5,1,1,33]"
            + "|/2 pad 2,1,2,1 x\\[2,8,8,16]|3×3/2 pad 1 x\\[1,5,7,3]|4×4/4 pad 0 x\\[2,8,8,16])");

    @AfterEach
    void leaveItToTheRule() {
        System.clearProperty(GemmTile.PROPERTY);
    }

    private static Device device() {
        TornadoBackend backend = new TornadoBackend();
        assumeTrue(backend.probe().available(), () -> "tornado " + backend.probe());
        return backend.open(new Settings(1, 0, Settings.Precision.F32));
    }

    @TestFactory
    Stream<DynamicTest> matchesTheReferenceAndRepeats() {
        return OpCases.all().stream().filter(c -> CASES.matcher(c.name()).find()).map(c -> DynamicTest.dynamicTest(c.name(), () -> check(c)));
    }

    private static void check(OpCase c) {
        System.setProperty(GemmTile.PROPERTY, GemmTile.LARGE.label());
        try (Device device = device()) {
            Plan plan = device.plan(c.graph());
            assertTrue(Arrays.stream(plan.notes()).allMatch(note -> note.startsWith(GemmTile.LARGE.label())), () -> Arrays.toString(plan.notes()));
            CaseRuns.matchTheReferenceAndRepeat(c, device, plan, Settings.Precision.F32);
        }
    }

    @Test
    void aTileThatThereIsNotIsAnErrorThatListsThoseThereAre() {
        System.setProperty(GemmTile.PROPERTY, "48x48");
        OpCase c = OpCases.all().stream().filter(any -> any.name().startsWith("Conv2d ")).findFirst().orElseThrow();
        try (Device device = device()) {
            String message = assertThrows(IllegalArgumentException.class, () -> device.plan(c.graph())).getMessage();
            for (String part : List.of(GemmTile.PROPERTY, "48x48", "64x64", "32x32")) {
                assertTrue(message.contains(part), message);
            }
        }
    }

    @Test
    void thePatternMeansCasesOfEachPass() {
        for (String pass : List.of("Conv2d ", "Conv2dBackwardData ", "Conv2dBackwardWeights ")) {
            assertTrue(OpCases.all().stream().anyMatch(c -> c.name().startsWith(pass) && CASES.matcher(c.name()).find()), pass);
        }
    }
}
