package sirocco.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import sirocco.api.DType;
import sirocco.api.Executable;
import sirocco.api.GraphBuilder;
import sirocco.api.Settings.Precision;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.api.Window;
import sirocco.testkit.NetworkCases;
import sirocco.testkit.OpCase;
import sirocco.testkit.OpCases;

/** Every op case with activations stored as bf16, on the emulated driver. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class Bf16Test {
    private CudaDevice device;

    @BeforeAll
    void open() {
        device = Emulated.device(Precision.BF16);
    }

    @AfterAll
    void close() {
        if (device != null) {
            device.close();
        }
    }

    @TestFactory
    Stream<DynamicTest> everyCase() {
        return OpCases.all().stream().map(c -> DynamicTest.dynamicTest(c.name(),
                () -> Emulated.matchesTheReferenceAndRepeats(c, device, device.plan(c.graph()), Precision.BF16)));
    }

    @Test
    void aPlanTakesLessMemoryAndGivesTheSameBitsEachTime() {
        OpCase c = NetworkCases.trainingStep(2, 8, 20, 4);
        try (CudaDevice full = Emulated.device(); Executable e = device.load(device.plan(c.graph()))) {
            assertTrue(e.plan().arenaBytes() < 0.75 * full.plan(c.graph()).arenaBytes(), e.plan().summary());
            List<float[]> first = Emulated.runAndRead(c, e);
            List<float[]> second = Emulated.runAndRead(c, e);
            for (int i = 0; i < first.size(); i++) {
                assertArrayEquals(first.get(i), second.get(i));
            }
        }
    }

    /** In training the masters change on the device: a second step must not see the first one's copies. */
    @Test
    void aSecondStepComputesWithTheWeightsOfTheFirst() {
        OpCase c = NetworkCases.trainingStep(2, 8, 20, 4);
        Value loss = c.graph().outputs().stream().filter(v -> v.shape().elements() == 1).findFirst().orElseThrow();
        try (Executable e = device.load(device.plan(c.graph())); Executable other = device.load(e.plan())) {
            c.fill(e);
            c.fill(other);
            e.run();
            float[] first = OpCase.read(e, loss);
            for (Value w : c.graph().parameters()) {
                other.write(w, OpCase.read(e, w));
            }
            e.run();
            other.run();
            assertArrayEquals(OpCase.read(other, loss), OpCase.read(e, loss));
            assertTrue(first[0] != OpCase.read(e, loss)[0], "the step changed nothing");
        }
    }

    /** Where no step changes them, copies are made after the host has written, and only then. */
    @Test
    void seesWeightsThatAreWrittenBetweenRuns() {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", new Shape(2, 4, 4, 16), DType.F32);
        Value w = g.parameter("w", new Shape(16, 1, 1, 16));
        Value y = g.output(g.in("conv", () -> g.conv2d(x, w, Optional.empty(), Optional.empty(), Optional.empty(), Window.same(1))));
        try (Executable e = device.load(device.plan(g.build()))) {
            e.write(x, filled(x, 1));
            for (float each : new float[] {0.5f, -0.25f}) {
                e.write(w, filled(w, each));
                for (int run = 0; run < 2; run++) {
                    e.run();
                    assertArrayEquals(filled(y, 16 * each), OpCase.read(e, y));
                }
            }
            e.write(w, filled(w, 2));
            e.trace(_ -> { });
            assertArrayEquals(filled(y, 32), OpCase.read(e, y));
        }
    }

    private static float[] filled(Value v, float with) {
        float[] data = new float[(int) v.shape().elements()];
        Arrays.fill(data, with);
        return data;
    }
}
