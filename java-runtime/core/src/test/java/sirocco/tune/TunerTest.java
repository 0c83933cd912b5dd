package sirocco.tune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;
import sirocco.api.DType;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.MemoryPlanner;
import sirocco.api.Plan;
import sirocco.api.Settings.Precision;
import sirocco.api.Shape;
import sirocco.api.Step;
import sirocco.api.StepTrace;
import sirocco.api.Value;

/** On a device whose kernels take the time, and compute the numbers, that a table says. */
class TunerTest {
    /** Two steps of one shape and one of another. */
    private static final Graph GRAPH = graph();

    /** What a variant of silu takes for channels below and from 10 on, and what it computes. */
    private record Way(long narrow, long wide, float result) { }

    private static final Map<String, Way> WAYS = Map.of("own", new Way(100, 200, 1), "silu=even", new Way(100, 199, 1), "silu=good", new Way(50, 300, 1.00001f),
            "silu=wrong", new Way(1, 1, 1.1f), "silu=nan", new Way(1, 1, Float.NaN), "silu=slow", new Way(5000, 20, 1));

    private final List<String> timed = new ArrayList<>();

    private static Graph graph() {
        GraphBuilder g = new GraphBuilder();
        Value narrow = g.input("narrow", Shape.vector(4), DType.F32);
        Value wide = g.input("wide", Shape.vector(16), DType.F32);
        for (Value v : List.of(narrow, narrow, wide)) {
            g.output(g.silu(v));
        }
        return g.build();
    }

    private final class Fake implements Device, Executable {
        private final String variant;
        private final Way way;

        Fake(String variant) {
            this.variant = variant.isEmpty() ? "own" : variant;
            way = WAYS.get(this.variant);
        }

        @Override
        public Plan plan(Graph graph) {
            return MemoryPlanner.plan(graph, new MemoryPlanner.Sizes() {
                @Override
                public long bytes(Value v) {
                    return v.shape().elements() * Float.BYTES;
                }

                @Override
                public String note(int step) {
                    return variant;
                }
            });
        }

        @Override
        public Plan plan() {
            return plan(GRAPH);
        }

        @Override
        public void time(long[] nanos) {
            timed.add(variant);
            for (int i = 0; i < nanos.length; i++) {
                nanos[i] = GRAPH.steps().get(i).op().inputs().getFirst().shape().c() < 10 ? way.narrow : way.wide;
            }
        }

        @Override
        public void trace(IntPredicate observed, Consumer<StepTrace> observer) {
            for (int i = 0; i < GRAPH.steps().size(); i++) {
                Step step = GRAPH.steps().get(i);
                observer.accept(StepTrace.of(i, step, 1, variant, observed.test(i), _ -> new float[] {way.result}));
            }
        }

        @Override public String describe() { return variant; }
        @Override public Executable load(Plan plan) { return this; }
        @Override public void run() { }
        @Override public void write(Value v, float[] data) { }
        @Override public void write(Value v, int[] data) { }
        @Override public void write(Value v, byte[] data) { }
        @Override public void write(Value v, long first, byte[] part) { }
        @Override public void read(Value v, float[] data) { }
        @Override public void read(Value v, int[] data) { }
        @Override public void close() { }
    }

    private static final Tuner.Work WORK = new Tuner.Work() {
        @Override
        public Plan plan(Device device) {
            return device.plan(GRAPH);
        }

        @Override
        public void with(Device device, Consumer<Executable> use) {
            use.accept((Fake) device);
        }
    };

    private Tuner.Found tune(String... variants) {
        Tuner tuner = new Tuner(Precision.F32, 5);
        tuner.tune(Fake::new, List.of(variants), List.of(WORK), () -> { });
        return tuner.found();
    }

    private static String signature(int step) {
        return GRAPH.steps().get(step).op().signature();
    }

    @Test
    void takesForEachShapeWhatIsFaster() {
        Tuner.Found found = tune("silu=even", "silu=good", "silu=slow");
        assertEquals(List.of(new TuningFile.Entry(signature(0), "good", 0.05, "own", 0.1), new TuningFile.Entry(signature(2), "slow", 0.02, "own", 0.2)),
                found.faster());
        assertEquals(2, found.measured().size());
        assertTrue(found.measured().containsAll(List.of(signature(0), signature(2))));
        assertEquals(List.of(), found.wrong());
    }

    @Test
    void aGainThatMayBeChanceIsNone() {
        Tuner.Found found = tune("silu=even");
        assertEquals(List.of(), found.faster());
        assertEquals(2, found.measured().size());
    }

    @Test
    void whatComputesSomethingElseIsNeverTaken() {
        Tuner.Found found = tune("silu=wrong", "silu=nan");
        assertEquals(List.of(), found.faster());
        assertEquals(List.of("silu=wrong", "silu=wrong", "silu=nan", "silu=nan"), found.wrong().stream().map(Tuner.Wrong::variant).toList());
    }

    @Test
    void whatIsFarSlowerIsTimedOnce() {
        tune("silu=good", "silu=slow");
        assertEquals(6, timed.stream().filter("silu=good"::equals).count());
        assertEquals(1, timed.stream().filter("silu=slow"::equals).count());
    }

    @Test
    void aDeviceThatFailsIsNamedAndWhatWasMeasuredStays() {
        Tuner tuner = new Tuner(Precision.F32, 1);
        IllegalStateException e = assertThrows(IllegalStateException.class, () -> tuner.tune(variant -> {
            if (variant.equals("silu=even")) {
                throw new IllegalStateException("illegal address");
            }
            return new Fake(variant);
        }, List.of("silu=good", "silu=even", "silu=slow"), List.of(WORK), () -> { }));
        assertTrue(e.getMessage().contains("silu=even") && e.getMessage().contains("illegal address"), e.getMessage());
        assertEquals(List.of("good"), tuner.found().faster().stream().map(TuningFile.Entry::variant).toList());
    }
}
