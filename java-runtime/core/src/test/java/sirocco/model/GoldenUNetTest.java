package sirocco.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import sirocco.api.Backend;
import sirocco.api.Backends;
import sirocco.api.Backward;
import sirocco.api.DType;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.GraphBuilder;
import sirocco.api.Settings;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.io.Safetensors;

/**
 * Against PyTorch's float32, every case on every backend there is. Distances are ‖ours − theirs‖₂ / ‖theirs‖₂ of an array. Their float32 and
 * ours round differently in every sum: over the dozens of layers of a U-Net that adds up to some 1e-6 forward, and backward
 * to some 1e-5 in arrays whose terms nearly cancel. Five steps of Adam, which divides a gradient by its own size, carry
 * that into the parameters.
 */
class GoldenUNetTest {
    private static final double FORWARD = 2e-5;
    private static final double GRADIENT = 1e-4;
    private static final double AFTER_TRAINING = 5e-4;

    private static final float LR = 2e-4f;
    private static final float BETA1 = 0.9f;
    private static final float BETA2 = 0.999f;
    private static final float EPS = 1e-8f;
    private static final float CLIP = 1.0f;

    /** A gradient as small as this beside all others, computed in double precision, is zero in exact arithmetic. */
    private static final double VANISHING = 1e-10;

    /** And float32 leaves no more than this of it: some hundred roundings of 6e-8, of terms no larger than the whole gradient. */
    private static final double VANISHING_FLOAT = 1e-5;

    /** A graph in memory with what feeds it and what is read from it. */
    private record Net(Executable exe, Value x, Value t, Optional<Value> labels, Value output) implements AutoCloseable {
        void feed(GoldenCase c, String prefix, String image) {
            exe.write(x, c.images(prefix + image));
            exe.write(t, c.get(prefix + "timesteps"));
            labels.ifPresent(l -> exe.write(l, c.labels(prefix + "class_labels").orElseThrow()));
        }

        float[] read(Value v) {
            float[] data = new float[(int) v.shape().elements()];
            exe.read(v, data);
            return data;
        }

        @Override
        public void close() {
            exe.close();
        }
    }

    @TempDir Path temp;

    @TestFactory
    List<DynamicTest> everyCaseOnEveryBackend() throws IOException {
        Optional<Path> folder = GoldenCase.folder();
        assumeTrue(folder.isPresent(), "no golden data: neither -Dsirocco.golden nor ../shared/golden is a folder");
        List<DynamicTest> tests = new ArrayList<>();
        for (Path path : GoldenCase.cases(folder.get())) {
            GoldenCase c = GoldenCase.read(path);
            tests.add(dynamicTest(c.name() + ": round trip", () -> roundTrip(path, c)));
            Set<String> vanishing = vanishing(c);
            for (Backends.Found found : Backends.all()) {
                if (found.availability().available()) {
                    String name = c.name() + " on " + found.backend().name() + ": ";
                    tests.add(dynamicTest(name + "forward", () -> forward(c, found.backend())));
                    tests.add(dynamicTest(name + "gradients", () -> gradients(c, found.backend(), vanishing)));
                    tests.add(dynamicTest(name + "training", () -> training(c, found.backend(), vanishing)));
                }
            }
        }
        return tests;
    }

    /** A model that Python wrote, read and written again: every tensor has the same name, shape and bits. */
    private void roundTrip(Path original, GoldenCase c) throws IOException {
        Path copy = temp.resolve(c.name());
        c.model().save(copy);
        assertEquals(c.model().config(), DiffusersFolder.readConfig(copy));
        try (Safetensors theirs = Safetensors.open(original.resolve(DiffusersFolder.WEIGHTS));
                Safetensors ours = Safetensors.open(copy.resolve(DiffusersFolder.WEIGHTS))) {
            assertEquals(theirs.names(), ours.names());
            for (String name : theirs.names()) {
                assertArrayEquals(theirs.shape(name), ours.shape(name), name);
                assertEquals(-1, theirs.segment(name).mismatch(ours.segment(name)), name);
            }
        }
    }

    private static void forward(GoldenCase c, Backend backend) {
        try (Device device = backend.open(Settings.DEFAULT)) {
            GraphBuilder g = new GraphBuilder();
            try (Net net = load(device, g, c, record(g, c, "forward.sample", "forward.class_labels"))) {
                net.feed(c, "forward.", "sample");
                net.exe.run();
                close("output", c.images("forward.output"), net.read(net.output), FORWARD);
            }
        }
    }

    private static void gradients(GoldenCase c, Backend backend, Set<String> vanishing) {
        Map<String, float[]> ours = firstGradients(c, backend);
        double whole = c.get("train.grad_norms")[0];
        for (Parameter p : c.parameters()) {
            float[] theirs = c.parameter("grad.", p);
            if (vanishing.contains(p.name())) {
                assertTrue(norm(ours.get(p.name())) <= VANISHING_FLOAT * whole,
                        () -> p.name() + ": the gradient is zero in exact arithmetic, ours is "
                                + norm(ours.get(p.name())) + ", of " + whole + " in all");
            } else {
                close("gradient of " + p.name(), theirs, ours.get(p.name()), GRADIENT);
            }
        }
    }

    private static void training(GoldenCase c, Backend backend, Set<String> vanishing) {
        try (Device device = backend.open(Settings.DEFAULT)) {
            GraphBuilder g = new GraphBuilder();
            Value[] parts = record(g, c, "train.0.xt", "train.0.class_labels");
            Value target = g.input("target", parts[3].shape(), DType.F32);
            Value hyper = g.input("hyper", Shape.vector(16), DType.F32);
            Value loss = g.output(g.mseLoss(parts[3], target, Optional.empty()));
            Value norm = g.output(g.adamEma(Backward.of(g, loss), hyper));
            try (Net net = load(device, g, c, parts)) {
                int steps = c.trainingSteps();
                for (int i = 0; i < steps; i++) {
                    net.feed(c, "train." + i + ".", "xt");
                    net.exe.write(target, c.images("train." + i + ".noise"));
                    net.exe.write(hyper, hyper(i + 1));
                    net.exe.run();
                    double expected = c.get("train.losses")[i];
                    assertEquals(expected, net.read(loss)[0], AFTER_TRAINING * expected, "loss of step " + i);
                    expected = c.get("train.grad_norms")[i];
                    assertEquals(expected, net.read(norm)[0], AFTER_TRAINING * expected, "gradient norm of step " + i);
                }
                Weights trained = new Weights(c.model().config());
                Weights average = new Weights(c.model().config());
                trained.readFrom(net.exe, "");
                average.readFrom(net.exe, "ema.");
                for (Parameter p : c.parameters()) {
                    float[] ours = trained.get(p.name());
                    float[] theirs = c.parameter("after5.", p);
                    if (vanishing.contains(p.name())) {
                        // Adam makes steps of up to lr out of rounding errors: ours and theirs may part by twice that a step.
                        assertArrayEquals(theirs, ours, 2 * LR * steps, p.name());
                    } else {
                        close(p.name() + " after training", theirs, ours, AFTER_TRAINING);
                    }
                    assertArrayEquals(ours, average.get(p.name()), "a moving average that forgets all at once is the parameter: " + p.name());
                }
            }
        }
    }

    /** Parameters that the loss does not depend on, such as the bias of an attention's keys, which softmax cancels. */
    private static Set<String> vanishing(GoldenCase c) {
        Map<String, float[]> exact = firstGradients(c, Backends.choose("reference"));
        double whole = c.get("train.grad_norms")[0];
        Set<String> names = new HashSet<>();
        exact.forEach((name, gradient) -> {
            if (norm(gradient) <= VANISHING * whole) {
                names.add(name);
            }
        });
        return names;
    }

    private static Map<String, float[]> firstGradients(GoldenCase c, Backend backend) {
        try (Device device = backend.open(Settings.DEFAULT)) {
            GraphBuilder g = new GraphBuilder();
            Value[] parts = record(g, c, "train.0.xt", "train.0.class_labels");
            Value target = g.input("target", parts[3].shape(), DType.F32);
            Map<Value, Value> gradients = Backward.of(g, g.mseLoss(parts[3], target, Optional.empty()));
            try (Net net = load(device, g, c, parts)) {
                net.feed(c, "train.0.", "xt");
                net.exe.write(target, c.images("train.0.noise"));
                net.exe.run();
                Map<String, float[]> read = new HashMap<>();
                gradients.forEach((p, d) -> read.put(p.name(), net.read(d)));
                return read;
            }
        }
    }

    /** Records the model; returns x, t, labels (or null) and the output. */
    private static Value[] record(GraphBuilder g, GoldenCase c, String image, String labels) {
        Shape s = c.imageShape(image);
        Value x = g.input("x", s, DType.F32);
        Value t = g.input("t", Shape.features(s.n(), 1), DType.F32);
        Value l = c.labels(labels).isPresent() ? g.input("labels", Shape.features(s.n(), 1), DType.I32) : null;
        return new Value[] {x, t, l, g.output(new UNet(c.model().config()).apply(g, x, t, Optional.ofNullable(l), Optional.empty()))};
    }

    private static Net load(Device device, GraphBuilder g, GoldenCase c, Value[] parts) {
        Executable exe = device.load(device.plan(g.build()));
        c.model().weights().writeTo(exe);
        return new Net(exe, parts[0], parts[1], Optional.ofNullable(parts[2]), parts[3]);
    }

    private static float[] hyper(int step) {
        float[] h = new float[16];
        float[] set = {LR, BETA1, BETA2, EPS, 0, 0, CLIP, (float) (1 - Math.pow(BETA1, step)), (float) (1 - Math.pow(BETA2, step))};
        System.arraycopy(set, 0, h, 0, set.length);
        return h;
    }

    private static void close(String what, float[] theirs, float[] ours, double tolerance) {
        assertEquals(theirs.length, ours.length, what);
        double difference = 0;
        for (int i = 0; i < ours.length; i++) {
            difference += Math.pow((double) ours[i] - theirs[i], 2);
        }
        double distance = Math.sqrt(difference) / norm(theirs);
        assertTrue(distance <= tolerance, () -> what + ": ‖ours − theirs‖ / ‖theirs‖ is " + distance + ", expected at most " + tolerance);
    }

    private static double norm(float[] x) {
        double sum = 0;
        for (float f : x) {
            sum += (double) f * f;
        }
        return Math.sqrt(sum);
    }
}
