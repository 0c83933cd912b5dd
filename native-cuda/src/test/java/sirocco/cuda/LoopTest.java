package sirocco.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sirocco.api.DType;
import sirocco.api.Executable;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.Settings;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.cuda.driver.Driver;
import sirocco.data.Samples;
import sirocco.diffusion.BetaSchedule;
import sirocco.diffusion.DiscreteProcess;
import sirocco.diffusion.Guide;
import sirocco.diffusion.NoiseSchedule;
import sirocco.diffusion.Prediction;
import sirocco.diffusion.Solver;
import sirocco.nn.Weights;
import sirocco.nn.unet.UNet;
import sirocco.nn.unet.UNetConfig;
import sirocco.sample.ImageSampler;

/** Many runs of a plan in one launch, by a conditional node of the graph, and without one. */
class LoopTest {
    static final int STEPS = 5;
    private static final UNetConfig CONFIG = UNetConfig.builder().size(4).blockOutChannels(8, 8).layersPerBlock(1).normNumGroups(4).build();

    /** Of two images, at the start of a chain. */
    static ImageSampler sampler(CudaDevice device) {
        var table = Solver.parse("dpm++2m-sde").method(new DiscreteProcess(NoiseSchedule.of(BetaSchedule.LINEAR, 100), Prediction.EPSILON), OptionalInt.of(STEPS));
        ImageSampler s = new ImageSampler(device, new UNet(CONFIG), table, 2, Guide.NONE).load(Weights.initial(CONFIG, 1));
        s.begin(7, 0, Samples.ofLabels(_ -> 0));
        return s;
    }

    static float[] stepByStep(CudaDevice device) {
        try (ImageSampler s = sampler(device)) {
            while (s.step()) {
                s.read();
            }
            return s.read().clone();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"F32", "BF16"})
    void aChainInOneLaunchHasTheBitsOfOneStepByStep(String precision) {
        try (CudaDevice device = (CudaDevice) Emulated.backend().open(new Settings(0, 0, Settings.Precision.valueOf(precision)))) {
            float[] expected = stepByStep(device);
            try (ImageSampler s = sampler(device)) {
                long launches = Emulated.calls("cuGraphLaunch");
                long waits = Emulated.waits();
                assertFalse(s.step(STEPS));
                assertEquals(1, Emulated.calls("cuGraphLaunch") - launches);
                assertEquals(0, Emulated.waits() - waits, "nobody waited");
                assertArrayEquals(expected, s.read());
                s.begin(7, 0, Samples.ofLabels(_ -> 0));
                assertTrue(s.step(2), "the same loop, as often as it is asked for");
                assertFalse(s.step(STEPS));
                assertArrayEquals(expected, s.read());
            }
        }
    }

    @Test
    void withoutLoopsEachRunIsALaunch() {
        System.setProperty(LoopSupport.PROPERTY, "false");
        try (CudaDevice device = Emulated.device()) {
            assertTrue(device.describe().contains("launched one by one (-D" + LoopSupport.PROPERTY + "=false)"), device.describe());
            float[] expected = stepByStep(device);
            try (ImageSampler s = sampler(device)) {
                long launches = Emulated.calls("cuGraphLaunch");
                assertTrue(s.finish(() -> false));
                assertEquals(STEPS, Emulated.calls("cuGraphLaunch") - launches);
                assertArrayEquals(expected, s.read());
            }
        } finally {
            System.clearProperty(LoopSupport.PROPERTY);
        }
        try (CudaDevice device = Emulated.device()) {
            assertFalse(device.describe().contains("one by one"), device.describe());
        }
    }

    private static Graph timestep(int rows) {
        GraphBuilder g = new GraphBuilder();
        Value table = g.input("table", new Shape(rows, 1, 1, 12), DType.F32);
        Value cursor = g.state("cursor", Shape.vector(1), DType.I32);
        g.output(g.in("chain", () -> g.chainTimestep(table, cursor, 2)));
        return g.build();
    }

    @Test
    void whatAKernelReportsInALoopIsThrown() {
        try (CudaDevice device = Emulated.device()) {
            Graph graph = timestep(3);
            try (Executable e = device.load(device.plan(graph))) {
                e.write(graph.find("cursor"), new int[] {3});
                e.repeat(4);
                assertTrue(assertThrows(IllegalStateException.class, e::await).getMessage().contains("cursor 3"));
            }
        }
    }

    @Test
    void aLoopGivesEverythingBackAndItsCounterIsInThePlan() {
        try (CudaDevice device = Emulated.device()) {
            var plan = device.plan(timestep(3));
            device.load(plan).close();
            device.use();
            long free = Driver.memory("test")[0];
            try (Executable e = device.load(plan)) {
                e.repeat(3);
                assertEquals(plan.totalBytes(), free - Driver.memory("test")[0]);
            }
            assertEquals(free, Driver.memory("test")[0]);
        }
    }
}
