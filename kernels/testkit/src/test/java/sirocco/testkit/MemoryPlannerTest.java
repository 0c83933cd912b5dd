package sirocco.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import sirocco.api.DType;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.MemoryPlanner;
import sirocco.api.Plan;
import sirocco.api.Shape;
import sirocco.api.Step;
import sirocco.api.Value;

class MemoryPlannerTest {
    /** What a layout with padding might take, and scratch for every third step. */
    private static final MemoryPlanner.Sizes PADDED = new MemoryPlanner.Sizes() {
        @Override
        public long bytes(Value v) {
            return v.shape().elements() * v.dtype().bytes() + v.id() % 5 * 100;
        }

        @Override
        public long scratchBytes(int step) {
            return step % 3 == 0 ? 1000 + 77 * step : 0;
        }

        @Override
        public long extraBytes() {
            return 12_345;
        }
    };

    /** A random graph: values read by any later step, of all sizes, branching, some kept as outputs, some never read. */
    private static Graph random(int seed) {
        SplittableRandom random = new SplittableRandom(seed);
        GraphBuilder g = new GraphBuilder();
        List<Value> known = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            known.add(g.input("input" + i, new Shape(1 + random.nextInt(3), 1 + random.nextInt(9), 1 + random.nextInt(9), 1 + random.nextInt(40)), DType.F32));
        }
        for (int i = 0; i < 60; i++) {
            Value x = known.get(Math.max(0, known.size() - 1 - (int) (known.size() * Math.pow(random.nextDouble(), 3))));
            Value y = g.in("step" + i, () -> switch (random.nextInt(6)) {
                case 0 -> g.silu(x);
                case 1 -> g.add(x, known.stream().filter(v -> v.shape().equals(x.shape())).findFirst().orElse(x));
                case 2 -> x.shape().c() < 200 ? g.concat(x, x) : g.slice(x, 3, 7);
                case 3 -> x.shape().h() < 16 ? g.upsample(x) : g.silu(x);
                case 4 -> g.attention(x, x, x, 1);
                default -> x.shape().n() < 6 ? g.repeat(x) : g.silu(x);
            });
            known.add(y);
            if (random.nextInt(10) == 0) {
                g.output(y);
            }
        }
        return g.build();
    }

    /** A stretch of the arena and the steps that it is taken for; written here anew, from the definition. */
    private record Block(String what, long from, long to, int first, int last) {
        boolean meets(Block o) {
            return from < o.to && o.from < to && first <= o.last && o.first <= last;
        }
    }

    private static List<Block> blocks(Plan plan) {
        List<Step> steps = plan.graph().steps();
        List<Block> blocks = new ArrayList<>();
        for (int i = 0; i < steps.size(); i++) {
            for (Value v : steps.get(i).op().outputs()) {
                int last = plan.graph().outputs().contains(v) ? steps.size() : i;
                for (int j = i; j < steps.size(); j++) {
                    last = steps.get(j).op().inputs().contains(v) ? Math.max(last, j) : last;
                }
                Plan.Slot slot = plan.slot(v);
                assertEquals(Plan.Region.ARENA, slot.region());
                blocks.add(new Block(v.toString(), slot.offset(), slot.offset() + slot.bytes(), i, last));
            }
            if (plan.scratchBytes()[i] > 0) {
                blocks.add(new Block("scratch of step " + i, plan.scratch()[i], plan.scratch()[i] + plan.scratchBytes()[i], i, i));
            }
        }
        return blocks;
    }

    @TestFactory
    Stream<DynamicTest> liveBlocksNeverOverlap() {
        return IntStream.range(0, 40).mapToObj(seed -> DynamicTest.dynamicTest("random graph " + seed, () -> {
            Graph graph = random(seed);
            Plan plan = MemoryPlanner.plan(graph, PADDED);
            List<Block> blocks = blocks(plan);
            for (int i = 0; i < blocks.size(); i++) {
                Block a = blocks.get(i);
                assertEquals(0, a.from % MemoryPlanner.ALIGNMENT, a.what);
                assertTrue(a.from >= 0 && a.to <= plan.arenaBytes(), a.what);
                for (Block b : blocks.subList(i + 1, blocks.size())) {
                    assertTrue(!a.meets(b), () -> a + " and " + b + " are alive at once");
                }
            }
        }));
    }

    @TestFactory
    Stream<DynamicTest> nothingCrossesFromOnePieceToTheNext() {
        return IntStream.range(0, 40).mapToObj(seed -> DynamicTest.dynamicTest("random graph " + seed, () -> {
            Graph graph = random(seed);
            long largest = graph.values().stream().mapToLong(PADDED::bytes).max().orElseThrow();
            long piece = Math.max(largest, PADDED.scratchBytes(60)) / MemoryPlanner.ALIGNMENT * MemoryPlanner.ALIGNMENT + (1 + seed % 5) * MemoryPlanner.ALIGNMENT;
            Plan plan = MemoryPlanner.plan(graph, new MemoryPlanner.Sizes() {
                @Override
                public long bytes(Value v) {
                    return PADDED.bytes(v);
                }

                @Override
                public long scratchBytes(int step) {
                    return PADDED.scratchBytes(step);
                }

                @Override
                public long pieceBytes() {
                    return piece;
                }
            });
            List<Block> blocks = blocks(plan);
            for (int i = 0; i < blocks.size(); i++) {
                Block a = blocks.get(i);
                assertTrue(a.to <= plan.arenaBytes() && a.from / piece == (a.to - 1) / piece, a.what);
                for (Block b : blocks.subList(i + 1, blocks.size())) {
                    assertTrue(!a.meets(b), () -> a + " and " + b + " are alive at once");
                }
            }
            for (Value v : graph.values()) {
                if (v.persistent()) {
                    Plan.Slot slot = plan.slot(v);
                    assertEquals(slot.offset() / piece, (slot.offset() + slot.bytes() - 1) / piece, v.toString());
                }
            }
        }));
    }

    @TestFactory
    Stream<DynamicTest> sharingTakesLessAndNoMoreThanTwiceTheLeastPossible() {
        return IntStream.range(0, 40).mapToObj(seed -> DynamicTest.dynamicTest("random graph " + seed, () -> {
            Graph graph = random(seed);
            Plan shared = MemoryPlanner.plan(graph, PADDED);
            Plan apart = MemoryPlanner.plan(graph, PADDED, false);
            assertTrue(shared.arenaBytes() < apart.arenaBytes());
            assertEquals(apart.unplannedBytes(), shared.unplannedBytes());
            assertTrue(apart.arenaBytes() >= apart.unplannedBytes());
            List<Block> blocks = blocks(shared);
            long least = IntStream.rangeClosed(0, graph.steps().size()).mapToLong(
                    i -> blocks.stream().filter(b -> b.first <= i && i <= b.last).mapToLong(b -> b.to - b.from).sum()).max().orElseThrow();
            assertTrue(shared.arenaBytes() <= 2 * least, () -> shared.arenaBytes() + " bytes, at least " + least + " are alive at once");
        }));
    }

    @Test
    void apartMeansThatNoTemporaryMeetsAnother() {
        Plan plan = MemoryPlanner.plan(random(1), v -> v.shape().elements() * 4, false);
        List<Block> forEver = blocks(plan).stream().map(b -> new Block(b.what, b.from, b.to, 0, Integer.MAX_VALUE)).toList();
        for (int i = 0; i < forEver.size(); i++) {
            for (Block b : forEver.subList(i + 1, forEver.size())) {
                assertTrue(!forEver.get(i).meets(b), forEver.get(i) + " and " + b);
            }
        }
    }

    @Test
    void persistentValuesLieInTheOrderTheyWereMadeFloatsFirst() {
        GraphBuilder g = new GraphBuilder();
        List<Value> made = List.of(g.input("a", Shape.vector(17), DType.F32), g.parameter("b", Shape.vector(16)), g.state("c", Shape.vector(3), DType.I32),
                g.input("d", Shape.vector(65), DType.U8), g.parameter("e", Shape.vector(1)));
        Plan plan = MemoryPlanner.plan(g.build(), v -> v.shape().elements() * v.dtype().bytes());
        assertEquals(List.of(0L, 128L, 256L, 320L, 192L), made.stream().map(v -> plan.slot(v).offset()).toList());
        assertEquals(List.of(68L, 64L, 12L, 65L, 4L), made.stream().map(v -> plan.slot(v).bytes()).toList());
        assertEquals(448, plan.persistentBytes());
        assertEquals(0, plan.arenaBytes());
    }

    @Test
    void extraCountsIntoTheTotal() {
        Plan plan = MemoryPlanner.plan(random(2), PADDED);
        assertEquals(12_345, plan.extraBytes());
        assertEquals(plan.arenaBytes() + plan.persistentBytes() + 12_345, plan.totalBytes());
    }

    /** Of a chain of equal values only two are alive at a time; an output stays. */
    @Test
    void aChainTakesTwoSlotsAndItsOutputs() {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", new Shape(1, 4, 4, 16), DType.F32);
        for (int i = 0; i < 10; i++) {
            Value last = x;
            x = g.in("silu" + i, () -> g.silu(last));
            if (i == 4) {
                g.output(x);
            }
        }
        Plan plan = MemoryPlanner.plan(g.build(), v -> v.shape().elements() * 4);
        assertEquals(3 * 1024, plan.arenaBytes());
        assertEquals(10 * 1024, plan.unplannedBytes());
    }

    @Test
    void aTemporaryThatNoStepWritesHasNoPlace() {
        GraphBuilder g = new GraphBuilder();
        Value unused = g.temporary("unused", Shape.vector(3));
        assertNull(MemoryPlanner.plan(g.build(), v -> 64).slot(unused));
    }
}
