package sirocco.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.SplittableRandom;
import sirocco.api.DType;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Gradients;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.ParameterSet;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.api.Window;

/** What a backend owes to graphs of several phases, parameter sets, losses and optimizers. */
record TrainingChecks(Device device) {
    private static final Shape X = new Shape(3, 2, 5, 4);
    private static final int MICRO_BATCHES = 3;
    private static final float[] HYPER = {1e-2f, 0.9f, 0.999f, 1e-8f, 0, 0.9f, 0, 0.1f, 0.001f, 0, 0, 0, 0, 0, 0, 0};

    /** Two layers with a norm between them: weights, biases, scales. */
    private static Value network(GraphBuilder g, Value x) {
        Value hidden = g.in("first", () -> g.conv2d(x, g.parameter("weight", new Shape(20, 3, 3, 4)), Optional.of(g.parameter("bias", Shape.vector(20))),
                Optional.empty(), Optional.empty(), Window.same(3)));
        Value normed = g.in("norm", () -> g.groupNorm(hidden, g.parameter("weight", Shape.vector(20)), g.parameter("bias", Shape.vector(20)), 5, 1e-5f, true));
        return g.in("last", () -> g.conv2d(normed, g.parameter("weight", new Shape(4, 1, 1, 20)), Optional.empty(), Optional.empty(), Optional.empty(),
                Window.same(1)));
    }

    private static float[] random(Value v, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] all = new float[(int) v.shape().elements()];
        for (int i = 0; i < all.length; i++) {
            all[i] = (float) random.nextGaussian();
        }
        return all;
    }

    private static void fillParameters(Graph graph, Executable e) {
        graph.parameters().forEach(p -> e.write(p, random(p, p.name().hashCode())));
    }

    private static List<float[]> read(Executable e, Iterable<Value> values) {
        List<float[]> all = new ArrayList<>();
        values.forEach(v -> all.add(OpCase.read(e, v)));
        return all;
    }

    private static void same(List<float[]> expected, List<float[]> actual, String what) {
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), actual.get(i), what + " " + i);
        }
    }

    // ---- gradient accumulation -------------------------------------------------------------------------------------------------

    /** Runs of the reverse pass add up, in the order they run; the update takes their sum and zeroes it. */
    void gradientsOfMicroBatchesAddUp() {
        GraphBuilder g = new GraphBuilder();
        g.phase("gradient");
        Value x = g.input("x", X, DType.F32);
        Value target = g.input("target", X, DType.F32);
        Value y = network(g, x);
        Value loss = g.output(g.in("loss", () -> g.mseLoss(y, target, Optional.empty())));
        Map<Value, Value> gradients = Gradients.ofParameters(g, loss);
        g.phase("update");
        Value hyper = g.input("hyper", Shape.vector(16), DType.F32);
        g.adamEma(gradients, hyper);
        Graph graph = g.build();
        try (Executable e = CaseChecks.load(device, graph)) {
            fillParameters(graph, e);
            e.write(hyper, HYPER);
            // Each micro-batch alone, summed on the host.
            List<double[]> sums = gradients.values().stream().map(v -> new double[(int) v.shape().elements()]).toList();
            for (int batch = 0; batch < MICRO_BATCHES; batch++) {
                zero(e, gradients.values());
                gradient(e, x, target, batch);
                add(sums, read(e, gradients.values()));
            }
            // All of them on the device.
            zero(e, gradients.values());
            for (int batch = 0; batch < MICRO_BATCHES; batch++) {
                gradient(e, x, target, batch);
            }
            List<float[]> accumulated = read(e, gradients.values());
            int i = 0;
            for (Value v : gradients.values()) {
                // Where an op adds to what is there, terms are the pixels of all micro-batches.
                Tolerance t = Tolerance.sum(MICRO_BATCHES * 30L, Tolerance.rms(sums.get(i)));
                Optional<String> problem = t.atLeast(1).violation(v, accumulated.get(i), sums.get(i));
                assertTrue(problem.isEmpty(), () -> problem.orElse(""));
                i++;
            }
            e.run("update");
            List<float[]> updated = read(e, graph.parameters());
            read(e, gradients.values()).forEach(d -> assertArrayEquals(new float[d.length], d, "the update zeroes gradients"));
            // The same update of the same sums.
            fillParameters(graph, e);
            zero(e, graph.withRole(Value.Role.STATE));
            int at = 0;
            for (Value v : gradients.values()) {
                e.write(v, accumulated.get(at++));
            }
            e.run("update");
            same(updated, read(e, graph.parameters()), "parameter");
            assertFalse(Arrays.equals(updated.getFirst(), random(graph.parameters().getFirst(), graph.parameters().getFirst().name().hashCode())),
                    "the update changes parameters");
            String message = assertThrows(NoSuchElementException.class, () -> e.run("evaluate")).getMessage();
            assertTrue(message.contains("evaluate") && message.contains("gradient") && message.contains("update"), message);
        }
    }

    private static void zero(Executable e, Iterable<Value> values) {
        values.forEach(v -> e.write(v, new float[(int) v.shape().elements()]));
    }

    private static void gradient(Executable e, Value x, Value target, int batch) {
        e.write(x, random(x, 100 + batch));
        e.write(target, random(target, 200 + batch));
        e.run("gradient");
    }

    private static void add(List<double[]> sums, List<float[]> parts) {
        for (int i = 0; i < parts.size(); i++) {
            for (int j = 0; j < parts.get(i).length; j++) {
                sums.get(i)[j] += parts.get(i)[j];
            }
        }
    }

    // ---- parameter sets --------------------------------------------------------------------------------------------------------

    /**
     * Two networks with a loss and an optimizer each, in one graph, each update in its phase: it changes its own set and no other, and to the same bits as
     * where the other is not in the graph.
     */
    void twoOptimizersUpdateTheirOwnSets() {
        ParameterSet a = new ParameterSet("a.");
        ParameterSet b = new ParameterSet("b.");
        Graph both = graphOf(List.of(a, b));
        Graph alone = graphOf(List.of(new ParameterSet("b.")));
        try (Executable e = CaseChecks.load(device, both); Executable only = CaseChecks.load(device, alone)) {
            for (Executable each : List.of(e, only)) {
                fillParameters(each.plan().graph(), each);
                each.write(each.plan().graph().find("hyper"), HYPER);
                each.write(each.plan().graph().find("x"), random(each.plan().graph().find("x"), 1));
            }
            List<float[]> ofA = read(e, a.values());
            List<float[]> ofB = read(e, b.values());
            e.run("a.");
            same(ofB, read(e, b.values()), "parameter of b");
            List<float[]> trainedA = read(e, a.values());
            for (int i = 0; i < ofA.size(); i++) {
                assertFalse(Arrays.equals(ofA.get(i), trainedA.get(i)), "parameter " + i + " of a is trained");
            }
            e.run("b.");
            same(trainedA, read(e, a.values()), "parameter of a");
            only.run("b.");
            same(read(only, alone.parameters()), read(e, b.values()), "parameter of b");
        }
    }

    private static Graph graphOf(List<ParameterSet> sets) {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", X, DType.F32);
        Value hyper = g.input("hyper", Shape.vector(16), DType.F32);
        for (ParameterSet set : sets) {
            g.phase(set.prefix());
            Value y = g.with(set, () -> network(g, x));
            Value loss = g.in(set.prefix() + "loss", () -> g.mseLoss(y, x, Optional.empty()));
            g.adamEma(Gradients.of(g, loss, set.values()), hyper);
        }
        return g.build();
    }

    /** A teacher is the student's average, or its copy, and learns nothing else. */
    void aTeacherFollowsItsStudent() {
        GraphBuilder g = new GraphBuilder();
        ParameterSet student = new ParameterSet("student.");
        ParameterSet teacher = new ParameterSet("teacher.");
        Value x = g.input("x", X, DType.F32);
        Value hyper = g.input("hyper", Shape.vector(16), DType.F32);
        Value decay = g.input("decay", Shape.SCALAR, DType.F32);
        g.phase("train");
        Value prediction = g.with(student, () -> network(g, x));
        Value target = g.with(teacher, () -> network(g, x));
        Value loss = g.in("loss", () -> g.mseLoss(prediction, target, Optional.empty()));
        g.adamEma(Gradients.of(g, loss, student.values()), hyper);
        g.phase("average");
        g.in("average", () -> {
            g.average(teacher, student, decay);
            return null;
        });
        g.phase("copy");
        g.in("copy", () -> {
            g.copy(student, teacher);
            return null;
        });
        Graph graph = g.build();
        try (Executable e = CaseChecks.load(device, graph)) {
            fillParameters(graph, e);
            e.write(x, random(x, 5));
            e.write(hyper, HYPER);
            e.write(decay, new float[] {0.75f});
            List<float[]> before = read(e, teacher.values());
            e.run("train");
            same(before, read(e, teacher.values()), "frozen parameter");
            List<float[]> trained = read(e, student.values());
            e.run("average");
            List<float[]> averaged = read(e, teacher.values());
            int i = 0;
            for (Value v : teacher.values()) {
                double[] expected = new double[before.get(i).length];
                for (int j = 0; j < expected.length; j++) {
                    expected[j] = 0.75 * before.get(i)[j] + 0.25 * trained.get(i)[j];
                }
                Optional<String> problem = Tolerance.elementwise(1).violation(v, averaged.get(i), expected);
                assertTrue(problem.isEmpty(), () -> problem.orElse(""));
                i++;
            }
            e.run("copy");
            same(trained, read(e, teacher.values()), "copied parameter");
            same(trained, read(e, student.values()), "parameter of the student");
        }
    }
}
