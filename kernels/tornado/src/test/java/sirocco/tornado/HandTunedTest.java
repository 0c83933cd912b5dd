package sirocco.tornado;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.stream.Stream;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import sirocco.api.Convolution;
import sirocco.api.DType;
import sirocco.api.Executable;
import sirocco.api.GraphBuilder;
import sirocco.api.Op;
import sirocco.api.Pointwise;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.cuda.driver.Driver;
import sirocco.cuda.kernel.KernelFactory;
import sirocco.testkit.OpCase;
import sirocco.testkit.OpCases;
import sirocco.testkit.ReferenceDevice;
import sirocco.testkit.ReferenceExecutable;
import sirocco.tornado.cuda.HandTunedProvider;
import uk.ac.manchester.tornado.runtime.library.LibraryRegistry;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoLibraryProvider;

/** Hand-tuned kernels as TornadoVM's library tasks, all but for TornadoVM. */
class HandTunedTest {
    /** Of a case: on one core of the host. */
    private static final long MOST_FLOPS = 2_000_000;

    private static Guests guests;

    @BeforeAll
    static void open() {
        guests = Guests.open();
    }

    @AfterAll
    static void close() {
        if (guests != null) {
            guests.close();
        }
    }

    /** The largest affordable one of those that have as little as possible beside the op; null if none has kernels for all of its steps. */
    private static OpCase caseOf(Class<?> op) {
        return OpCases.all().stream().filter(c -> c.flops() <= MOST_FLOPS && c.graph().steps().stream().allMatch(s -> KernelFactory.supports(s.op())))
                .filter(c -> c.graph().steps().stream().anyMatch(s -> op.isInstance(s.op())))
                .min(Comparator.<OpCase>comparingInt(c -> c.graph().steps().size()).thenComparingLong(c -> -c.flops())).orElse(null);
    }

    @TestFactory
    Stream<DynamicTest> everyOpMatchesTheReference() {
        return Op.records().stream().map(HandTunedTest::caseOf).filter(Objects::nonNull).distinct().map(c -> DynamicTest.dynamicTest(c.name(), () -> {
            try (ReferenceDevice reference = new ReferenceDevice(); Executable e = new GuestExecutable(guests, c.graph());
                    ReferenceExecutable expected = (ReferenceExecutable) reference.load(reference.plan(c.graph()))) {
                c.fill(expected);
                expected.run();
                c.fill(e);
                e.run();
                List<String> problems = c.violations(e, expected);
                assertTrue(problems.isEmpty(), () -> c + "\n" + String.join("\n", problems));
            }
        }));
    }

    /** As TornadoVM captures a graph: work on the stream is recorded, once, and then replayed. */
    @Test
    void canBeCaptured() {
        OpCase c = caseOf(Convolution.Conv2dBackwardWeights.class);
        try (GuestExecutable e = new GuestExecutable(guests, c.graph())) {
            c.fill(e);
            e.run();
            List<float[]> expected = read(c, e);
            CUgraph graph = Driver.capture("test", guests.stream, e::run);
            CUgraphExec replay = Driver.instantiate("test", graph);
            c.fillWith(e, Float.NaN);
            c.fill(e);
            Driver.launch("test", replay, guests.stream);
            List<float[]> replayed = read(c, e);
            Driver.destroy("test", replay);
            Driver.destroy("test", graph);
            for (int i = 0; i < expected.size(); i++) {
                assertArrayEquals(expected.get(i), replayed.get(i));
            }
        }
    }

    private static List<float[]> read(OpCase c, Executable e) {
        return c.compared().stream().map(v -> OpCase.read(e, v)).toList();
    }

    /** In the words where TornadoVM's kernels do. */
    @Test
    void badDataIsReported() {
        GraphBuilder g = new GraphBuilder();
        Value ids = g.input("ids", Shape.features(2, 1), DType.I32);
        g.output(g.embedding(ids, g.parameter("table", Shape.features(3, 4))));
        try (GuestExecutable e = new GuestExecutable(guests, g.build())) {
            e.write(ids, new int[] {2, 1});
            e.run();
            assertArrayEquals(new int[] {0, 0}, e.report());
            e.write(ids, new int[] {2, 7});
            e.run();
            assertArrayEquals(new int[] {7, 1}, e.report());
        }
    }

    @Test
    void arraysHaveToStayWhereTheyAre() {
        try (GuestExecutable e = new GuestExecutable(guests, caseOf(Pointwise.Unary.class).graph())) {
            String message = assertThrows(IllegalStateException.class, () -> e.runAt(e.memory.address())).getMessage();
            assertTrue(message.contains("arrays are at 0x") && message.contains("Silu"), message);
        }
    }

    @Test
    void tornadoVmFindsTheProvider() {
        assertTrue(ServiceLoader.load(TornadoLibraryProvider.class, LibraryRegistry.class.getClassLoader()).stream()
                .anyMatch(p -> p.type() == HandTunedProvider.class));
    }
}
