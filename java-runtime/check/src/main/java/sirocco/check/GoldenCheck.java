package sirocco.check;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import sirocco.api.DType;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Gradients;
import sirocco.api.GraphBuilder;
import sirocco.api.ParameterSet;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.nn.Condition;
import sirocco.nn.Network;
import sirocco.nn.Weights;
import sirocco.testkit.ReferenceDevice;

/**
 * Compares a golden case on a device with PyTorch's float32 results: forward pass, gradients and training, as far as the case has them. Distances are
 * ‖ours − theirs‖₂ / ‖theirs‖₂ of an array. Their float32 and ours round differently in every sum: over the dozens of layers of a U-Net that adds up to
 * about 1e-6 in the forward pass, and to about 1e-5 in gradients whose terms nearly cancel. Five steps of Adam, which divides a gradient by its own size,
 * carry that into the parameters.
 */
final class GoldenCheck {
    private static final double FORWARD = 2e-5;
    private static final double GRADIENT = 1e-4;
    private static final double AFTER_TRAINING = 5e-4;

    private static final String LOSS = "loss";
    private static final String INPUT_GRADIENT = "grad_input.";
    private static final String IMAGES = "sample";

    private static final float LR = 2e-4f;
    private static final float BETA1 = 0.9f;
    private static final float BETA2 = 0.999f;
    private static final float EPS = 1e-8f;
    private static final float CLIP = 1.0f;

    /** A gradient as small as this beside all others, computed in double precision, is zero in exact arithmetic. */
    private static final double VANISHING = 1e-10;

    /** And float32 leaves no more than this of it: some hundred roundings of 6e-8, of terms no larger than the whole gradient. */
    private static final double VANISHING_FLOAT = 1e-5;

    /** The recorded model: its inputs and its output. */
    private record Parts(Value x, Value t, Map<Condition, Value> conditions, Value output) {
        /** Returns the inputs of which a case may have the gradient, by the name of the tensor. */
        Map<String, Value> images() {
            Map<String, Value> images = new LinkedHashMap<>(Map.of(IMAGES, x));
            conditions.forEach((c, v) -> {
                if (v.dtype() == DType.F32) {
                    images.put(c.column().name(), v);
                }
            });
            return images;
        }
    }

    /** A graph in memory with what feeds it and what is read from it. */
    private record Net(Executable exe, Parts parts) implements AutoCloseable {
        void feed(GoldenCase c, String prefix, String image) {
            exe.write(parts.x, c.images(prefix + image));
            exe.write(parts.t, c.get(prefix + "timesteps"));
            parts.conditions.forEach((condition, v) -> {
                if (condition.column().type() == DType.I32) {
                    exe.write(v, c.labels(prefix + "class_labels").orElseThrow());
                } else {
                    exe.write(v, c.images(prefix + condition.column().name()));
                }
            });
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

    private final GoldenCase c;
    private final Device device;
    private Set<String> vanishing;
    private final Deviations found = new Deviations();

    GoldenCheck(GoldenCase c, Device device) {
        this.c = c;
        this.device = device;
    }

    /** Everything that was compared by now. */
    Deviations found() {
        return found;
    }

    void all() {
        forward();
        gradients();
        training();
    }

    void forward() {
        if (c.has("forward.output")) {
            GraphBuilder g = new GraphBuilder();
            try (Net net = load(device, g, c, record(g, c, "forward.", "sample"))) {
                net.feed(c, "forward.", "sample");
                net.exe.run();
                close("output", c.images("forward.output"), net.read(net.parts.output), FORWARD);
            }
        }
    }

    void gradients() {
        GoldenCase.Loss loss = c.loss().orElse(null);
        if (loss == null) {
            return;
        }
        Map<String, float[]> ours = gradients(c, loss, device);
        double whole = c.gradientNorm();
        for (String p : c.parameters()) {
            if (vanishing().contains(p)) {
                found.add("gradient of " + p + ", zero in exact arithmetic: its share of all", Deviations.norm(ours.get(p)) / whole, VANISHING_FLOAT);
            } else {
                close("gradient of " + p, c.parameter("grad.", p), ours.get(p), GRADIENT);
            }
        }
        for (String input : ours.keySet()) {
            if (input.startsWith(INPUT_GRADIENT)) {
                close("gradient of " + input.substring(INPUT_GRADIENT.length()), c.images(input), ours.get(input), GRADIENT);
            }
        }
        if (c.has("loss")) {
            close("loss", c.get("loss"), ours.get(LOSS), FORWARD);
        }
    }

    void training() {
        if (c.trainingSteps() == 0) {
            return;
        }
        GraphBuilder g = new GraphBuilder();
        Parts parts = record(g, c, "train.0.", "xt");
        Value target = g.input("target", parts.output.shape(), DType.F32);
        Value hyper = g.input("hyper", Shape.vector(16), DType.F32);
        Value loss = g.output(g.mseLoss(parts.output, target, Optional.empty()));
        Value norm = g.output(g.adamEma(Gradients.ofParameters(g, loss), hyper));
        try (Net net = load(device, g, c, parts)) {
            int steps = c.trainingSteps();
            for (int i = 0; i < steps; i++) {
                net.feed(c, "train." + i + ".", "xt");
                net.exe.write(target, c.images("train." + i + ".noise"));
                net.exe.write(hyper, hyper(i + 1));
                net.exe.run();
                close("loss of step " + i, new float[] {c.get("train.losses")[i]}, net.read(loss), AFTER_TRAINING);
                close("gradient norm of step " + i, new float[] {c.get("train.grad_norms")[i]}, net.read(norm), AFTER_TRAINING);
            }
            Weights trained = Weights.in(net.exe, "", c.model().config());
            Weights average = Weights.in(net.exe, "ema.", c.model().config());
            for (String p : c.parameters()) {
                float[] ours = trained.get(p);
                float[] theirs = c.parameter("after" + steps + ".", p);
                if (vanishing().contains(p)) {
                    // Adam makes steps of up to lr out of rounding errors: ours and theirs may part by twice that a step.
                    found.add(p + " after training, whose gradient is zero in exact arithmetic: largest difference", largest(theirs, ours),
                            2 * LR * steps);
                } else {
                    close(p + " after training", theirs, ours, AFTER_TRAINING);
                }
                found.add(p + ", less its moving average, which forgets all at once", largest(ours, average.get(p)), 0);
            }
        }
    }

    /** Parameters that the loss does not depend on, such as the bias of an attention's keys, which softmax cancels. */
    private Set<String> vanishing() {
        if (vanishing == null) {
            Map<String, float[]> exact = gradients(c, c.loss().orElseThrow(), new ReferenceDevice());
            double whole = c.gradientNorm();
            vanishing = c.parameters().stream().filter(p -> Deviations.norm(exact.get(p)) <= VANISHING * whole).collect(Collectors.toSet());
        }
        return vanishing;
    }

    /** Returns the gradient of every parameter by name, those of the inputs that the case has, and the loss under {@link #LOSS}. */
    private static Map<String, float[]> gradients(GoldenCase c, GoldenCase.Loss of, Device device) {
        GraphBuilder g = new GraphBuilder();
        ParameterSet parameters = new ParameterSet("");
        Parts parts = g.with(parameters, () -> record(g, c, of.inputs(), of.image()));
        Value target = g.input("target", parts.output.shape(), DType.F32);
        Value loss = g.output(g.mseLoss(parts.output, target, Optional.empty()));
        List<Value> wanted = new ArrayList<>(parameters.values());
        Map<Value, String> inputs = new LinkedHashMap<>();
        parts.images().forEach((name, v) -> {
            if (c.has(INPUT_GRADIENT + name)) {
                inputs.put(v, INPUT_GRADIENT + name);
            }
        });
        wanted.addAll(inputs.keySet());
        Map<Value, Value> gradients = Gradients.of(g, loss, wanted);
        inputs.keySet().forEach(v -> g.output(gradients.get(v)));
        try (Net net = load(device, g, c, parts)) {
            net.feed(c, of.inputs(), of.image());
            net.exe.write(target, c.images(of.target()));
            net.exe.run();
            Map<String, float[]> read = new HashMap<>();
            gradients.forEach((p, d) -> read.put(inputs.getOrDefault(p, p.name()), net.read(d)));
            read.put(LOSS, net.read(loss));
            return read;
        }
    }

    private static Parts record(GraphBuilder g, GoldenCase c, String inputs, String image) {
        Shape s = c.imageShape(inputs + image);
        Value x = g.input("x", s, DType.F32);
        Value t = g.input("t", Shape.features(s.n(), 1), DType.F32);
        Network network = c.model().config().network();
        Map<Condition, Value> conditions = network.conditionInputs(g, s.n());
        return new Parts(x, t, conditions, g.output(network.apply(g, x, t, conditions, Optional.empty())));
    }

    private static Net load(Device device, GraphBuilder g, GoldenCase c, Parts parts) {
        Executable exe = device.load(device.plan(g.build()));
        c.model().weights().writeTo(exe);
        return new Net(exe, parts);
    }

    private static float[] hyper(int step) {
        float[] h = new float[16];
        float[] set = {LR, BETA1, BETA2, EPS, 0, 0, CLIP, (float) (1 - Math.pow(BETA1, step)), (float) (1 - Math.pow(BETA2, step))};
        System.arraycopy(set, 0, h, 0, set.length);
        return h;
    }

    private void close(String what, float[] theirs, float[] ours, double tolerance) {
        if (theirs.length != ours.length) {
            throw new IllegalArgumentException("golden case " + c.name() + ": " + what + " has " + theirs.length + " elements, expected " + ours.length);
        }
        double difference = 0;
        for (int i = 0; i < ours.length; i++) {
            difference += Math.pow((double) ours[i] - theirs[i], 2);
        }
        found.add(what + ": ‖ours − theirs‖ / ‖theirs‖", Math.sqrt(difference) / Deviations.norm(theirs), tolerance);
    }

    /** The largest difference; NaN if there is one. */
    private static double largest(float[] a, float[] b) {
        double largest = 0;
        for (int i = 0; i < a.length; i++) {
            largest = Math.max(largest, Math.abs((double) a[i] - b[i]));
        }
        return largest;
    }
}
