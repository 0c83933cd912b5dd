package sirocco.nn.unet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import sirocco.api.Backend;
import sirocco.api.Backends;
import sirocco.api.DType;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Gradients;
import sirocco.api.GraphBuilder;
import sirocco.api.RandomKey;
import sirocco.api.Settings;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.nn.Condition;
import sirocco.nn.WeightArrays;
import sirocco.nn.Weights;
import sirocco.testkit.ReferenceExecutable;

/**
 * Whole models of unusual shape, forward and backward: the double-precision reference against the definition of a derivative, and every
 * other backend against the reference.
 */
class OddModelsTest {
    private static final int IMAGES = 2;

    /** As against PyTorch: what float32 rounding leaves, as a part of an array's norm. */
    private static final double FORWARD = 2e-5;
    private static final double GRADIENT = 1e-4;

    /** An array whose terms cancel keeps the rounding of those terms, which are of the whole gradient's size at most. */
    private static final double CANCELLED = 1e-6;

    private static final Map<String, UNetConfig> MODELS = new LinkedHashMap<>();

    static {
        MODELS.put("one level, 7×5, one channel, no attention", UNetConfig.builder().size(7, 5).channels(1).blockOutChannels(6)
                .normNumGroups(3).addAttention(false).layersPerBlock(1).build());
        MODELS.put("four levels down to 1×2, widths that shrink, heads of 8", UNetConfig.builder().size(8, 16).blockOutChannels(16, 24, 8, 32)
                .normNumGroups(4).attentionHeadDim(8).attentionAt(1, 3).layersPerBlock(1).build());
        MODELS.put("10×6, classes, dropout, more channels out than in", UNetConfig.builder().size(10, 6).inChannels(2).outChannels(4)
                .blockOutChannels(20, 40).normNumGroups(4).attentionAt(1).layersPerBlock(1).numClassEmbeds(5).dropout(0.3).timeEmbeddingDim(24)
                .downsamplePadding(1).flipSinToCos(true).freqShift(0).build());
        MODELS.put("no middle, attention on the way up only", UNetConfig.builder().size(6).blockOutChannels(12, 24).normNumGroups(6)
                .attention(List.of(false, false), List.of(true, false)).midBlock(false).layersPerBlock(2).build());
        MODELS.put("12×6, two channels, low-resolution partner of a third, classes", UNetConfig.builder().size(12, 6).channels(2).blockOutChannels(8, 16).normNumGroups(4)
                .layersPerBlock(1).lowResFactor(3).numClassEmbeds(5).build());
        MODELS.put("three blocks a level, one group in the middle's norm", UNetConfig.builder().size(4).blockOutChannels(8, 16)
                .normNumGroups(2).attnNormNumGroups(1).attentionHeadDim(4).layersPerBlock(3).build());
    }

    /** What one run left: loss, output and gradients by name. */
    private record Result(double loss, float[] output, Map<String, float[]> gradients) { }

    /** A model in memory, its inputs and weights set, with the steps of a loss and its gradient. */
    private static final class Net implements AutoCloseable {
        final Device device;
        final Executable exe;
        final Value loss;
        final Value output;
        final Map<Value, Value> gradients;

        Net(Backend backend, UNetConfig c) {
            GraphBuilder g = new GraphBuilder();
            Value x = g.input("x", new Shape(IMAGES, c.height(), c.width(), c.inChannels()), DType.F32);
            Value t = g.input("t", Shape.features(IMAGES, 1), DType.F32);
            Value rng = g.input("rng", Shape.vector(4), DType.I32);
            Value index = g.input("index", Shape.features(IMAGES, 1), DType.I32);
            UNet net = new UNet(c);
            Map<Condition, Value> conditions = net.conditionInputs(g, IMAGES);
            output = g.output(net.apply(g, x, t, conditions, Optional.of(new RandomKey(rng, index))));
            Value target = g.input("target", output.shape(), DType.F32);
            loss = g.output(g.mseLoss(output, target, Optional.empty()));
            gradients = Gradients.ofParameters(g, loss);
            device = backend.open(Settings.DEFAULT);
            exe = device.load(device.plan(g.build()));
            Random random = new Random(11);
            exe.write(x, gaussian(random, (int) x.shape().elements()));
            exe.write(target, gaussian(random, (int) target.shape().elements()));
            exe.write(t, new float[] {3, 870});
            exe.write(rng, new int[] {5, 6, 7, 0});
            exe.write(index, new int[] {100, 101});
            conditions.values().forEach(v -> {
                if (v.dtype() == DType.I32) {
                    exe.write(v, new int[] {4, 1});
                } else {
                    exe.write(v, gaussian(random, (int) v.shape().elements()));
                }
            });
            weights(c).writeTo(exe);
        }

        Result run() {
            exe.run();
            Map<String, float[]> d = new LinkedHashMap<>();
            gradients.forEach((p, grad) -> d.put(p.name(), read(grad)));
            return new Result(read(loss)[0], read(output), d);
        }

        float[] read(Value v) {
            float[] data = new float[(int) v.shape().elements()];
            exe.read(v, data);
            return data;
        }

        @Override
        public void close() {
            exe.close();
            device.close();
        }
    }

    @TestFactory
    List<DynamicTest> referenceAgreesWithFiniteDifferences() {
        List<DynamicTest> tests = new ArrayList<>();
        MODELS.forEach((name, config) -> tests.add(dynamicTest(name, () -> finiteDifference(config))));
        return tests;
    }

    @TestFactory
    List<DynamicTest> everyBackendAgreesWithTheReference() {
        List<DynamicTest> tests = new ArrayList<>();
        for (Backends.Found found : Backends.all()) {
            if (found.availability().available() && !found.backend().name().equals("reference")) {
                MODELS.forEach((name, config) -> tests.add(dynamicTest(name + " on " + found.backend().name(),
                        () -> compare(found.backend(), config))));
            }
        }
        return tests;
    }

    /**
     * Along a random direction v of all weights at once: (L(w + hv) − L(w − hv)) / 2h = gradient · v + O(h²). With h = 1e-5 the h² term
     * is some 1e-10 times the third derivative, and the loss's own rounding, 1e-16 / h, some 1e-11; the gradient is read as floats, which
     * is 6e-8 of each term: 1e-5 is a generous bound on their sum.
     */
    private static void finiteDifference(UNetConfig config) {
        double h = 1e-5;
        try (Net net = new Net(Backends.choose("reference"), config)) {
            Result at = net.run();
            ReferenceExecutable exe = (ReferenceExecutable) net.exe;
            Weights w = weights(config);
            Random random = new Random(2);
            Map<Value, double[]> direction = new LinkedHashMap<>();
            double slope = 0;
            double terms = 0;
            for (Value p : net.gradients.keySet()) {
                double[] v = random.doubles(p.shape().elements(), -1, 1).toArray();
                direction.put(p, v);
                float[] d = at.gradients.get(p.name());
                for (int i = 0; i < v.length; i++) {
                    slope += d[i] * v[i];
                    terms += Math.pow(d[i] * v[i], 2);
                }
            }
            double[] losses = new double[2];
            for (int side = 0; side < 2; side++) {
                double step = side == 0 ? h : -h;
                direction.forEach((p, v) -> {
                    float[] base = w.get(p.name());
                    double[] moved = new double[v.length];
                    for (int i = 0; i < v.length; i++) {
                        moved[i] = base[i] + step * v[i];
                    }
                    exe.writeExact(p, moved);
                });
                exe.run();
                losses[side] = exe.readExact(net.loss)[0];
            }
            assertEquals((losses[0] - losses[1]) / (2 * h), slope, 1e-5 * Math.max(Math.abs(slope), Math.sqrt(terms)));
            assertTrue(Math.abs(slope) > 1e-3, "a direction along which the loss does not change shows nothing");
        }
    }

    private static void compare(Backend backend, UNetConfig config) {
        try (Net reference = new Net(Backends.choose("reference"), config); Net net = new Net(backend, config)) {
            Result expected = reference.run();
            Result actual = net.run();
            assertEquals(expected.loss, actual.loss, FORWARD * expected.loss, "loss");
            assertTrue(distance(expected.output, actual.output) <= FORWARD * norm(expected.output), () -> "output: off by "
                    + distance(expected.output, actual.output) / norm(expected.output) + " of its norm, expected at most " + FORWARD);
            double whole = Math.sqrt(expected.gradients.values().stream().mapToDouble(g -> norm(g) * norm(g)).sum());
            expected.gradients.forEach((name, gradient) -> {
                double off = distance(gradient, actual.gradients.get(name));
                assertTrue(off <= GRADIENT * norm(gradient) + CANCELLED * whole,
                        () -> "gradient of " + name + ": off by " + off + " of " + norm(gradient));
            });
        }
    }

    /** Weights of a model in the midst of training: nothing near zero, no norm the identity. */
    private static Weights weights(UNetConfig config) {
        Weights w = new WeightArrays(config);
        Random random = new Random(3);
        for (String name : w.names()) {
            Shape s = w.shape(name);
            boolean scale = name.contains("norm") && name.endsWith(".weight");
            double size = s.n() == 1 || scale ? 0.2 : 1 / Math.sqrt(s.imageElements());
            float[] array = w.get(name);
            for (int i = 0; i < array.length; i++) {
                array[i] = (float) ((scale ? 1 : 0) + size * random.nextGaussian());
            }
        }
        return w;
    }

    private static float[] gaussian(Random random, int n) {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return x;
    }

    private static double distance(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += Math.pow((double) a[i] - b[i], 2);
        }
        return Math.sqrt(sum);
    }

    private static double norm(float[] x) {
        return distance(x, new float[x.length]);
    }
}
