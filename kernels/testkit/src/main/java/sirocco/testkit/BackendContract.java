package sirocco.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import sirocco.api.Availability;
import sirocco.api.Backend;
import sirocco.api.Backends;
import sirocco.api.DType;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.GraphBuilder;
import sirocco.api.Plan;
import sirocco.api.Settings;
import sirocco.api.Shape;
import sirocco.api.Step;
import sirocco.api.StepTrace;
import sirocco.api.Value;

/** What every backend owes, as tests: its module extends this class and says which backend is meant. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class BackendContract {
    private final List<Device> devices = new ArrayList<>();
    private CaseChecks checks;

    protected abstract Backend backend();

    /** How long a run may go on allocating until compilers have seen to it; zero or less if it is allowed to for ever. */
    protected Duration warmUp() {
        return Duration.ofSeconds(60);
    }

    /** Thread counts that must give the same bits; the first is used where only one is needed. */
    protected List<Integer> threads() {
        return List.of(2, 1, 3);
    }

    /** What is tried; a module may try fewer at a time while kernels are worked on. */
    protected Stream<OpCase> cases() {
        return OpCases.all().stream();
    }

    /** Random graphs that are tried, unless the system property {@value RandomGraphs#COUNT} says how many. */
    protected int randomGraphs() {
        return 100;
    }

    @BeforeAll
    final void openDevices() {
        Availability answer = backend().probe();
        assumeTrue(answer.available(), () -> backend().name() + " " + answer);
        for (int threads : threads()) {
            devices.add(backend().open(new Settings(threads, 0, Settings.Precision.F32)));
        }
        checks = new CaseChecks(devices, threads());
    }

    @AfterAll
    final void closeDevices() {
        devices.reversed().forEach(Device::close);
    }

    private Device device() {
        return devices.getFirst();
    }

    // ---- every case ------------------------------------------------------------------------------------------------------------

    @TestFactory
    Stream<DynamicNode> everyCase() {
        return cases().map(c -> DynamicContainer.dynamicContainer(c.name(), Stream.of(
                DynamicTest.dynamicTest("is as close to the reference as float32 can be", () -> checks.matchesTheReference(c)),
                DynamicTest.dynamicTest("gives the same bits each time, whatever memory held before", () -> checks.repeats(c)),
                DynamicTest.dynamicTest("gives the same bits with any number of threads", () -> checks.threadsChangeNothing(c)),
                DynamicTest.dynamicTest("gives the same bits where no memory is shared", () -> checks.planningChangesNothing(c)))));
    }

    @TestFactory
    Stream<DynamicTest> everyRandomGraph() {
        RandomGraphChecks random = new RandomGraphChecks(checks);
        return RandomGraphs.all(randomGraphs()).map(g -> DynamicTest.dynamicTest(g.toString(), () -> random.check(g)));
    }

    @TestFactory
    Stream<DynamicTest> training() {
        TrainingChecks training = new TrainingChecks(device());
        return Stream.of(DynamicTest.dynamicTest("gradients of micro-batches add up", training::gradientsOfMicroBatchesAddUp),
                DynamicTest.dynamicTest("two optimizers update their own sets", training::twoOptimizersUpdateTheirOwnSets),
                DynamicTest.dynamicTest("a teacher follows its student", training::aTeacherFollowsItsStudent));
    }

    // ---- running ---------------------------------------------------------------------------------------------------------------

    /**
     * Counts heap bytes that the calling thread allocates in a run. Until vector code is compiled each vector is an object, so this waits
     * for ten runs in a row that allocate nothing.
     */
    @TestFactory
    Stream<DynamicTest> aRunAllocatesNothing() {
        assumeTrue(warmUp().isPositive(), backend().name() + " may allocate");
        return Stream.of(NetworkCases.trainingStep(2, 8, 16, 4), NetworkCases.samplingStep(2, 8, 16, 4))
                .map(c -> DynamicTest.dynamicTest(c.name(), () -> allocatesNothing(c)));
    }

    private void allocatesNothing(OpCase c) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Executable e = CaseChecks.load(device(), c.graph())) {
            c.fill(e);
            Value cursor = c.graph().values().stream().filter(v -> v.name().equals("cursor")).findFirst().orElse(null);
            int[] start = {0};
            long end = System.nanoTime() + warmUp().toNanos();
            long bytes;
            do {
                bytes = 0;
                for (int i = 0; i < 10; i++) {
                    if (cursor != null) {
                        e.write(cursor, start);
                    }
                    long before = threads.getCurrentThreadAllocatedBytes();
                    e.run();
                    bytes += threads.getCurrentThreadAllocatedBytes() - before;
                }
            } while (bytes > 0 && System.nanoTime() < end);
            assertEquals(0, bytes, "heap bytes allocated by the last 10 runs after " + warmUp());
        }
    }

    @Test
    void traceVisitsEveryStepInOrderAndLeavesWhatARunDoes() {
        OpCase c = NetworkCases.trainingStep(2, 8, 16, 4);
        try (Executable e = CaseChecks.load(device(), c.graph())) {
            List<float[]> expected = CaseChecks.runAndRead(c, e);
            c.fill(e);
            List<StepTrace> seen = new ArrayList<>();
            e.trace(seen::add);
            CaseChecks.assertSame(c, expected, c.compared().stream().map(v -> OpCase.read(e, v)).toList(), "traced run");
            List<Step> steps = e.plan().graph().steps();
            assertEquals(steps.size(), seen.size());
            for (int i = 0; i < seen.size(); i++) {
                StepTrace t = seen.get(i);
                assertEquals(i, t.number());
                assertEquals(steps.get(i), t.step());
                assertTrue(t.finite(), () -> t.step() + " is not finite: " + t.written());
                List<Value> written = new ArrayList<>(t.step().op().outputs());
                written.addAll(t.step().op().updates());
                assertEquals(written.stream().filter(v -> v.dtype() == DType.F32).toList(), t.written().stream().map(StepTrace.Stats::value).toList());
            }
        }
    }

    @Test
    void timingVisitsEveryStepAndLeavesWhatARunDoes() {
        OpCase c = NetworkCases.trainingStep(2, 8, 16, 4);
        try (Executable e = CaseChecks.load(device(), c.graph())) {
            List<float[]> expected = CaseChecks.runAndRead(c, e);
            c.fill(e);
            long[] nanos = new long[e.plan().graph().steps().size()];
            Arrays.fill(nanos, -1);
            e.time(nanos);
            CaseChecks.assertSame(c, expected, c.compared().stream().map(v -> OpCase.read(e, v)).toList(), "timed run");
            assertTrue(Arrays.stream(nanos).allMatch(t -> t >= 0) && Arrays.stream(nanos).sum() > 0, () -> Arrays.toString(nanos));
        }
    }

    @Test
    void traceShowsWhereNumbersCeaseToBeFinite() {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", new Shape(1, 2, 2, 20), DType.F32);
        Value y = g.output(g.in("first", () -> g.add(x, x)));
        g.output(g.in("second", () -> g.silu(y)));
        try (Executable e = CaseChecks.load(device(), g.build())) {
            float[] data = new float[80];
            data[7] = Float.MAX_VALUE; // twice this is infinite
            data[9] = -3;
            e.write(x, data);
            List<StepTrace> seen = new ArrayList<>();
            e.trace(seen::add);
            StepTrace.Stats sum = seen.getFirst().written().getFirst();
            assertEquals(1, sum.nonFinite());
            assertEquals(-6, sum.min());
            assertEquals(0, sum.max());
            assertEquals(-6.0 / 79, sum.mean(), 1e-7);
            assertFalse(seen.getLast().finite());
        }
    }

    @Test
    void anIdThatIsNoRowIsAnErrorNamingTheStep() {
        GraphBuilder g = new GraphBuilder();
        Value ids = g.input("ids", Shape.features(3, 1), DType.I32);
        Value table = g.parameter("table", new Shape(5, 1, 1, 20));
        g.output(g.in("class_embedding", () -> g.embedding(ids, table)));
        try (Executable e = CaseChecks.load(device(), g.build())) {
            for (int bad : new int[] {-1, 5, Integer.MAX_VALUE}) {
                e.write(ids, new int[] {0, bad, 4});
                String message = assertThrows(RuntimeException.class, e::run).getMessage();
                assertTrue(message.contains("class_embedding") && message.contains(Integer.toString(bad)), message);
            }
            e.write(ids, new int[] {0, 4, 4});
            e.run(); // and works again after
        }
    }

    @Test
    void executablesShareNothing() {
        OpCase c = NetworkCases.trainingStep(2, 8, 16, 4);
        try (Executable first = CaseChecks.load(device(), c.graph()); Executable second = device().load(first.plan())) {
            List<float[]> expected = CaseChecks.runAndRead(c, first);
            c.fillWith(second, Float.NaN);
            c.fill(first);
            second.run();
            first.run();
            CaseChecks.assertSame(c, expected, c.compared().stream().map(v -> OpCase.read(first, v)).toList(), "beside another");
        }
    }

    /** Neither one that has run nor one that has not. */
    @Test
    void closingOneLeavesOthersAsTheyWere() {
        OpCase c = NetworkCases.trainingStep(2, 8, 16, 4);
        List<float[]> expected;
        try (Executable ran = CaseChecks.load(device(), c.graph()); Executable fresh = device().load(ran.plan())) {
            try (Executable closed = device().load(ran.plan())) {
                CaseChecks.runAndRead(c, closed);
                expected = CaseChecks.runAndRead(c, ran);
            }
            for (Executable left : List.of(ran, fresh)) {
                CaseChecks.assertSame(c, expected, CaseChecks.runAndRead(c, left), left == ran ? "one that had run" : "one that had not");
            }
        }
    }

    // ---- memory ----------------------------------------------------------------------------------------------------------------

    private static final List<Shape> SHAPES = List.of(Shape.vector(1), new Shape(2, 3, 5, 3), new Shape(3, 5, 7, 20), new Shape(2, 4, 4, 16),
            new Shape(17, 3, 3, 33), new Shape(5, 1, 1, 7), new Shape(1, 1, 1, 96), new Shape(1, 1, 6, 47));

    @TestFactory
    Stream<DynamicTest> whatIsWrittenIsRead() {
        return SHAPES.stream().map(s -> DynamicTest.dynamicTest(s.toString(), () -> {
            GraphBuilder g = new GraphBuilder();
            List<Value> floats = List.of(g.input("input", s, DType.F32), g.parameter("parameter", s), g.state("state", s, DType.F32));
            List<Value> ints = List.of(g.input("ints", s, DType.I32), g.state("int state", s, DType.I32));
            g.output(g.in("use", () -> g.add(g.add(floats.get(0), floats.get(1)), floats.get(2))));
            try (Executable e = CaseChecks.load(device(), g.build())) {
                assertArrayEquals(new float[(int) s.elements()], OpCase.read(e, floats.get(2)), "a state is zero at first");
                for (Value v : floats) {
                    float[] data = new float[(int) s.elements()];
                    for (int i = 0; i < data.length; i++) {
                        data[i] = v.id() * 1000 + i;
                    }
                    data[0] = -Float.MIN_VALUE;
                    data[data.length - 1] = Float.NEGATIVE_INFINITY;
                    e.write(v, data);
                    float[] copy = OpCase.read(e, v);
                    e.run();
                    assertArrayEquals(data, copy);
                    assertArrayEquals(data, OpCase.read(e, v), "after a run");
                }
                for (Value v : ints) {
                    int[] data = new int[(int) s.elements()];
                    for (int i = 0; i < data.length; i++) {
                        data[i] = i * 0x9E3779B9 - v.id();
                    }
                    e.write(v, data);
                    int[] copy = new int[data.length];
                    e.read(v, copy);
                    assertArrayEquals(data, copy);
                }
            }
        }));
    }

    @Test
    void bytesMayBeWrittenInParts() {
        OpCase whole = OpCases.all().stream().filter(c -> c.name().startsWith("GatherImages")).findFirst().orElseThrow();
        Value dataset = whole.graph().find("images");
        byte[] all = new byte[(int) dataset.shape().elements()];
        new java.util.Random(4).nextBytes(all);
        try (Executable e = CaseChecks.load(device(), whole.graph())) {
            whole.fill(e);
            e.write(dataset, all);
            e.run();
            List<float[]> expected = whole.compared().stream().map(v -> OpCase.read(e, v)).toList();
            whole.fill(e);
            int cut = all.length / 3;
            e.write(dataset, cut, Arrays.copyOfRange(all, cut, all.length));
            e.write(dataset, 0, Arrays.copyOf(all, cut));
            e.run();
            for (int i = 0; i < expected.size(); i++) {
                assertArrayEquals(expected.get(i), OpCase.read(e, whole.compared().get(i)));
            }
        }
    }

    @Test
    void aHostArrayThatDoesNotFitIsAClearError() {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("picture", new Shape(2, 3, 5, 3), DType.F32);
        Value ids = g.input("labels", Shape.features(2, 1), DType.I32);
        Value bytes = g.input("pixels", new Shape(2, 3, 5, 3), DType.U8);
        Value middle = g.in("middle", () -> g.silu(x));
        Value y = g.output(g.in("last", () -> g.silu(middle)));
        Value stranger = new GraphBuilder().input("stranger", new Shape(2, 3, 5, 3), DType.F32);
        try (Executable e = CaseChecks.load(device(), g.build())) {
            for (int length : new int[] {0, 89, 91}) {
                refused(List.of("picture", "90", "" + length), () -> e.write(x, new float[length]));
                refused(List.of("picture", "90", "" + length), () -> e.read(x, new float[length]));
                refused(List.of("last", "90", "" + length), () -> e.read(y, new float[length]));
                refused(List.of("pixels", "90", "" + length), () -> e.write(bytes, new byte[length]));
                refused(List.of("labels", "2", "" + length), () -> e.write(ids, new int[length]));
                refused(List.of("labels", "2", "" + length), () -> e.read(ids, new int[length]));
            }
            for (long first : new long[] {-1, 81, Long.MAX_VALUE}) {
                refused(List.of("pixels", "90", "" + first), () -> e.write(bytes, first, new byte[10]));
            }
            refused(List.of("picture", "F32", "U8"), () -> e.write(x, 0, new byte[10]));
            refused(List.of("labels", "I32", "F32"), () -> e.write(ids, new float[2]));
            refused(List.of("picture", "F32", "I32"), () -> e.write(x, new int[90]));
            refused(List.of("picture", "F32", "U8"), () -> e.write(x, new byte[90]));
            refused(List.of("last", "F32", "I32"), () -> e.read(y, new int[90]));
            refused(List.of("last"), () -> e.write(y, new float[90])); // not the host's to write
            refused(List.of("middle"), () -> e.read(middle, new float[90])); // not an output
            refused(List.of("stranger"), () -> e.write(stranger, new float[90]));
        }
    }

    private static void refused(List<String> mentioned, org.junit.jupiter.api.function.Executable call) {
        String message = assertThrows(IllegalArgumentException.class, call).getMessage();
        mentioned.forEach(m -> assertTrue(message.contains(m), () -> "\"" + message + "\" should mention " + m));
    }

    // ---- being found -----------------------------------------------------------------------------------------------------------

    @Test
    void isFoundByItsName() {
        Backend found = Backends.choose(backend().name());
        assertEquals(backend().getClass(), found.getClass());
        assertEquals(1, Backends.all().stream().filter(f -> f.backend().name().equals(found.name())).count());
        assertTrue(Optional.ofNullable(device().describe()).filter(d -> !d.isBlank()).isPresent());
    }

    @Test
    void anUnknownNameListsIt() {
        String message = assertThrows(IllegalArgumentException.class, () -> Backends.choose("no-such-backend")).getMessage();
        assertTrue(message.contains("no-such-backend") && message.contains(backend().name()), message);
    }

    @Test
    void aPlanCanBeReadAndAddsUp() {
        OpCase c = NetworkCases.trainingStep(2, 8, 16, 4);
        Plan plan;
        try {
            plan = device().plan(c.graph());
        } catch (UnsupportedOperationException e) {
            abort(e.getMessage());
            return;
        }
        String dump = plan.dump();
        plan.graph().steps().forEach(s -> assertTrue(dump.contains(s.name()) && dump.contains(s.op().kind()), s::toString));
        c.graph().parameters().forEach(p -> assertTrue(dump.contains(p.name() + p.shape()), p::toString));
        assertTrue(dump.contains("GFLOP") && dump.contains("KiB"), dump);
        assertEquals(plan.totalBytes(), plan.arenaBytes() + plan.persistentBytes() + plan.extraBytes());
        // In a network as small as this one, a step's scratch can be larger than all values together.
        assertTrue(plan.arenaBytes() < plan.unplannedBytes() + Arrays.stream(plan.scratchBytes()).max().orElse(0));
        for (Value v : c.graph().values()) {
            assertTrue(plan.slot(v).bytes() >= v.shape().elements() * v.dtype().bytes(), v::toString);
        }
    }
}
