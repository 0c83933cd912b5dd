package sirocco.diffusion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import sirocco.api.Backends;
import sirocco.api.DType;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Gradients;
import sirocco.api.GraphBuilder;
import sirocco.api.Settings;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.io.Nchw;
import sirocco.io.Safetensors;
import sirocco.testkit.GoldenTests;

/** Losses with a variational bound, their gradients and the decoder on the CPU against the authors' code in double precision. */
class VariationalGoldenTest {
    /** Relative: float32 rounds inputs, coefficients and some ten operations. */
    private static final double CLOSE = 1e-4;
    /** Where a number is small beside the largest of its case. */
    private static final double FLOOR = 1e-6;

    @TestFactory
    Stream<DynamicTest> computesWhatTheAuthorsCodeComputes() throws IOException {
        List<DynamicTest> tests = GaussianCases.tests(kind -> Optional.ofNullable(switch (kind) {
            case "training_losses" -> VariationalGoldenTest::losses;
            case "vb_terms_bpd" -> VariationalGoldenTest::bound;
            case "discretized_gaussian_log_likelihood" -> VariationalGoldenTest::decoder;
            default -> null;
        }), false);
        assertFalse(tests.isEmpty() && !GoldenTests.othersData(), () -> "no data of guided-diffusion in " + GoldenTests.root());
        return tests.stream();
    }

    /** Images, outputs and draws of the losses of a process. */
    private static final class Images {
        final int n;
        final int c;
        final int h;
        final int w;
        final int outputs;
        final float[] x0;
        final float[] epsilon;
        final float[] out;
        final int[] t;

        Images(GaussianCases.Case c) {
            Safetensors golden = c.golden();
            String inputs = c.process() + ".loss-inputs.";
            String output = c.process() + ".model." + c.json().get("mean").asText() + "." + c.json().get("var").asText() + ".model_output";
            long[] shape = golden.shape(inputs + "x_start");
            n = (int) shape[0];
            this.c = (int) shape[1];
            h = (int) shape[2];
            w = (int) shape[3];
            outputs = (int) golden.shape(output)[1];
            x0 = nhwc(golden.doubles(inputs + "x_start"), this.c);
            epsilon = nhwc(golden.doubles(inputs + "noise"), this.c);
            out = nhwc(golden.doubles(output), outputs);
            t = golden.ints(inputs + "t");
        }

        float[] nhwc(double[] nchw, int channels) {
            return Nchw.toNhwc(floats(nchw), n, channels, h, w);
        }

        float[] of(float[] all, int image) {
            int each = all.length / n;
            return Arrays.copyOfRange(all, image * each, (image + 1) * each);
        }
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    private static Device cpu() {
        return Backends.choose("cpu").open(new Settings(1, 0, Settings.Precision.F32));
    }

    private interface Losses {
        TrainingLoss of(GraphBuilder g, HostInputs inputs, DiscreteProcess process, DiscreteProcess.Drawn drawn, Value out);
    }

    /** Computes a loss for one image after another. */
    private static void each(GaussianCases.Case c, Losses losses, Compare compare) {
        Images images = new Images(c);
        DiscreteProcess process = c.discrete();
        GraphBuilder g = new GraphBuilder();
        HostInputs inputs = new HostInputs();
        Value x0 = g.input("x0", new Shape(1, images.h, images.w, images.c), DType.F32);
        Value target = g.input("target", x0.shape(), DType.F32);
        Value t = g.input("t", Shape.SCALAR, DType.I32);
        Value time = g.input("time", Shape.SCALAR, DType.F32);
        Value weight = g.input("weight", Shape.SCALAR, DType.F32);
        Value out = g.input("out", x0.shape().withC(images.outputs), DType.F32);
        TrainingLoss loss = losses.of(g, inputs, process, new DiscreteProcess.Drawn(new Noised(x0, time, target, weight), t, x0), out);
        Value total = g.output(loss.total());
        Optional<Value> bound = Optional.ofNullable(loss.parts().get("vlb")).map(g::output);
        Value gradient = g.output(Gradients.of(g, total, List.of(out)).get(out));
        try (Device device = cpu(); Executable executable = device.load(device.plan(g.build()))) {
            inputs.writeTables(executable);
            executable.write(weight, new float[] {1});
            for (int i = 0; i < images.n; i++) {
                executable.write(x0, images.of(images.x0, i));
                executable.write(target, images.of(process.output() == Prediction.SAMPLE ? images.x0 : images.epsilon, i));
                executable.write(t, new int[] {images.t[i]});
                executable.write(out, images.of(images.out, i));
                executable.run();
                float[] slope = new float[images.out.length / images.n];
                executable.read(gradient, slope);
                compare.image(images, i, scalar(executable, total), bound.isEmpty() ? 0 : scalar(executable, bound.get()) / process.schedule().T(), slope);
            }
        }
    }

    private static double scalar(Executable executable, Value v) {
        float[] one = new float[1];
        executable.read(v, one);
        return one[0];
    }

    private interface Compare {
        void image(Images images, int i, double loss, double bound, float[] gradient);
    }

    private static void losses(GaussianCases.Case c) {
        int T = c.discrete().schedule().T();
        String kind = c.json().get("loss").asText();
        boolean squares = kind.endsWith("MSE");
        double weight = squares ? kind.startsWith("RESCALED") ? 0.001 : 1.0 / T : kind.startsWith("RESCALED") ? 1 : 1.0 / T;
        Losses losses = !squares ? new VariationalLoss(c.variance(), weight)::of
                : c.head().isPresent() ? new HybridLoss(Weighting.UNIFORM, weight)::of
                : (g, _, _, drawn, out) -> TrainingLoss.of(DenoisingLoss.squaredError(g, drawn.noised(), out));
        each(c, losses, (images, i, loss, bound, gradient) -> {
            close(c.doubles("loss"), i, loss, "loss");
            if (squares && c.head().isPresent()) {
                close(c.doubles("vb"), i, bound * T * weight, "bound");
            }
            float[] slopes = images.nhwc(c.doubles("grad_of_sum"), images.outputs);
            for (int half = 0; half < images.outputs / images.c; half++) {
                double largest = 0;
                for (int k = 0; k < images.n; k++) {
                    largest = Math.max(largest, norm(images.of(slopes, k), null, half, images));
                }
                float[] theirs = images.of(slopes, i);
                double error = norm(theirs, gradient, half, images);
                double bearable = CLOSE * norm(theirs, null, half, images) + FLOOR * largest;
                assertTrue(error <= bearable, "gradient of image " + i + ", t = " + images.t[i] + ", half " + half + ": error " + error + " of " + bearable);
            }
        });
    }

    /** The Euclidean norm of the difference, or of {@code a} if there is no {@code b}, of a half of the channels. */
    private static double norm(float[] a, float[] b, int half, Images images) {
        double sum = 0;
        for (int e = 0; e < a.length; e++) {
            if (e % images.outputs / images.c == half) {
                sum += Math.pow(a[e] - (b == null ? 0.0 : b[e]), 2);
            }
        }
        return Math.sqrt(sum);
    }

    private static void bound(GaussianCases.Case c) {
        each(c, new VariationalLoss(c.variance(), 1)::of, (_, i, _, bound, _) -> close(c.doubles("output"), i, bound, "bound"));
    }

    private static void close(double[] theirs, int i, double ours, String what) {
        double largest = Arrays.stream(theirs).map(Math::abs).max().orElseThrow();
        assertEquals(theirs[i], ours, CLOSE * Math.abs(theirs[i]) + FLOOR * largest, () -> what + " of image " + i);
    }

    private static void decoder(GaussianCases.Case c) {
        double[] x = c.doubles("x");
        double[] means = c.doubles("means");
        double[] logScales = c.doubles("log_scales");
        double[] theirs = c.doubles("log_probs");
        GraphBuilder g = new GraphBuilder();
        Value x0 = g.input("x0", Shape.vector(x.length), DType.F32);
        Value delta = g.input("delta", x0.shape(), DType.F32);
        Value logVariance = g.input("log_variance", x0.shape(), DType.F32);
        Value negative = g.output(VariationalBound.negativeLogLikelihood(g, x0, delta, logVariance));
        try (Device device = cpu(); Executable executable = device.load(device.plan(g.build()))) {
            executable.write(x0, floats(x));
            double[] difference = new double[x.length];
            Arrays.setAll(difference, e -> x[e] - means[e]);
            executable.write(delta, floats(difference));
            executable.write(logVariance, floats(Arrays.stream(logScales).map(s -> 2 * s).toArray()));
            executable.run();
            float[] ours = new float[x.length];
            executable.read(negative, ours);
            for (int e = 0; e < ours.length; e++) {
                int at = e;
                assertEquals(theirs[e], -ours[e], CLOSE * Math.abs(theirs[e]) + FLOOR, () -> "x " + x[at] + ", mean " + means[at] + ", log scale " + logScales[at]);
            }
        }
    }
}
