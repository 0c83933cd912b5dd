package sirocco.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import sirocco.api.DType;
import sirocco.api.Executable;
import sirocco.api.Gradients;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.MemoryPlanner;
import sirocco.api.Plan;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.api.Window;

/** A plan larger than an array lies in several. Nobody has 8 GiB for a test, so here the arrays are small. */
class PiecesTest {
    private static final int LAYERS = 8;
    private static final Shape IMAGES = new Shape(5, 16, 16, 64);

    /** Layers with weights that are prepared once and again in every run, a loss and its gradients, which accumulate. */
    private static Graph network() {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", IMAGES, DType.F32);
        Value scale = g.parameter("scale", Shape.vector(64));
        Value shift = g.parameter("shift", Shape.vector(64));
        for (int i = 0; i < 10 * LAYERS; i++) {
            g.state("kept" + i, IMAGES, DType.F32); // enough to fill several arrays
        }
        Value y = x;
        for (int i = 0; i < LAYERS; i++) {
            Value in = y;
            Value w = g.parameter("w" + i, new Shape(64, 3, 3, 64));
            y = g.in("layer" + i, () -> {
                Value z = g.in("conv", () -> g.conv2d(in, w, Optional.empty(), Optional.empty(), Optional.empty(), Window.same(3)));
                return g.in("norm", () -> g.groupNorm(z, scale, shift, 8, 1e-5f, true));
            });
        }
        Value last = y;
        Value attended = g.in("attention", () -> g.attention(last, last, last, 2));
        g.output(g.in("loss", () -> g.mseLoss(attended, x, Optional.empty())));
        Gradients.ofParameters(g, g.build().outputs().getFirst());
        return g.build();
    }

    private static List<float[]> run(CpuDevice device, Plan plan) {
        Random random = new Random(5);
        List<float[]> results = new ArrayList<>();
        try (Executable e = device.load(plan)) {
            List<Value> persistent = plan.graph().values().stream().filter(Value::persistent).toList();
            for (Value v : persistent) {
                float[] data = new float[(int) v.shape().elements()];
                for (int i = 0; i < data.length; i++) {
                    data[i] = 0.1f * (float) random.nextGaussian();
                }
                e.write(v, data);
            }
            e.run();
            e.run();
            List<Value> read = new ArrayList<>(persistent);
            read.addAll(plan.graph().outputs());
            for (Value v : read) {
                float[] data = new float[(int) v.shape().elements()];
                e.read(v, data);
                results.add(data);
            }
        }
        return results;
    }

    @Test
    void severalArraysComputeWhatOneDoes() {
        Graph graph = network();
        try (CpuDevice whole = new CpuDevice(2)) {
            Plan one = whole.plan(graph);
            List<float[]> expected = run(whole, one);
            long largest = 0;
            for (Value v : one.graph().values()) {
                largest = Math.max(largest, one.slot(v) == null ? 0 : one.slot(v).bytes());
            }
            for (long scratch : one.scratchBytes()) {
                largest = Math.max(largest, scratch);
            }
            largest = Math.max(largest, one.extraBytes() / LAYERS);
            for (long piece : new long[] {largest, largest + 64, 3 * largest / 128 * 64}) {
                try (CpuDevice pieces = new CpuDevice(2, piece)) {
                    Plan plan = pieces.plan(graph);
                    assertTrue(plan.arenaBytes() > piece && plan.persistentBytes() > piece && plan.extraBytes() > piece, plan.summary());
                    List<float[]> actual = run(pieces, plan);
                    for (int i = 0; i < expected.size(); i++) {
                        assertArrayEquals(expected.get(i), actual.get(i));
                    }
                }
            }
            long tooSmall = largest - MemoryPlanner.ALIGNMENT;
            try (CpuDevice pieces = new CpuDevice(2, tooSmall)) {
                String message = assertThrows(IllegalArgumentException.class, () -> pieces.plan(graph)).getMessage();
                assertTrue(message.contains("smaller batch") && message.contains(Long.toString(tooSmall)), message);
            }
        }
    }
}
