package sirocco.sample;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sirocco.api.Backends;
import sirocco.api.Device;
import sirocco.api.Philox;
import sirocco.api.Settings;
import sirocco.data.Batch;
import sirocco.data.Samples;
import sirocco.diffusion.BetaSchedule;
import sirocco.diffusion.ClassifierFree;
import sirocco.diffusion.DiscreteProcess;
import sirocco.diffusion.ForwardProcess;
import sirocco.diffusion.Guide;
import sirocco.diffusion.KarrasProcess;
import sirocco.diffusion.NoiseSchedule;
import sirocco.diffusion.Prediction;
import sirocco.diffusion.Programs;
import sirocco.diffusion.SolverProgram;
import sirocco.nn.WeightArrays;
import sirocco.nn.Weights;
import sirocco.nn.classifier.NoisyClassifierConfig;
import sirocco.nn.unet.UNetConfig;

class ClassifierGuideTest {
    private static final int N = 3;
    private static final UNetConfig UNET = UNetConfig.builder().size(4).channels(2).blockOutChannels(8).layersPerBlock(1).normNumGroups(4).numClassEmbeds(5).build();
    private static final NoisyClassifierConfig CLASSIFIER = new NoisyClassifierConfig(UNET.toBuilder().numClassEmbeds(0).build(), 4);
    private static final Samples LABELS = Samples.ofLabels(i -> i % 4);
    private static final double SCALE = 20;

    /** Of a derivative along a direction by finite differences of float32, whose logits are some units large. */
    private static final double CLOSE = 2e-3;

    private static ForwardProcess process(String name) {
        return name.equals("edm") ? new KarrasProcess(0.5, 0.02, 5, -1.2, 1.2, false)
                : new DiscreteProcess(NoiseSchedule.of(BetaSchedule.LINEAR, 100), Prediction.parse(name));
    }

    /** x̂_0 of the first step, with which x̂_0 is all that the step leaves: the guided one less the other is (s²/a)·scale·∇ log p(y | x). */
    @ParameterizedTest
    @CsvSource({"epsilon, euler", "v_prediction, euler", "sample, euler", "epsilon, dpm++1", "v_prediction, ddim", "edm, euler"})
    void movesTheCleanImageAlongTheGradient(String processName, String solver) {
        ForwardProcess process = process(processName);
        SolverProgram whole = Programs.of(solver + ":clip=none", process, 5);
        SolverProgram.Row row = whole.rows().get(1);
        // One row, whose new x is x̂_0.
        SolverProgram program = new SolverProgram(1, 1, List.of(new SolverProgram.Row(row.level(), row.kx(), row.ko(), row.clip(), new double[][] {{0, 1, 0, 0}})));
        Weights unet = Weights.initial(UNET, 1);
        Weights classifier = WeightArrays.copyOf(Weights.initial(CLASSIFIER, 2));
        float[] last = classifier.get("out.weight");
        for (int i = 0; i < last.length; i++) {
            last[i] *= 20; // an untrained network is almost indifferent to its input
        }
        try (Device device = Backends.choose("cpu").open(new Settings(1, 0, Settings.Precision.F32))) {
            float[] plain = sample(device, program, unet, Guide.NONE);
            float[] guided = sample(device, program, unet, new ClassifierGuide(Guide.NONE, classifier, SCALE));
            float[] both = sample(device, program, unet, new ClassifierGuide(ClassifierFree.of(2, Optional.empty()), classifier, SCALE));
            float[] free = sample(device, program, unet, ClassifierFree.of(2, Optional.empty()));
            float[] x = new float[plain.length];
            int each = x.length / N;
            for (int i = 0; i < N; i++) {
                Philox.normals(9, i, 0, Philox.INITIAL, x, i * each, each);
            }
            Random random = new Random(4);
            float[] direction = new float[x.length];
            for (int i = 0; i < x.length; i++) {
                direction[i] = (float) random.nextGaussian();
            }
            double h = 1e-2;
            double[] up = logs(device, classifier, x, direction, h, row);
            double[] down = logs(device, classifier, x, direction, -h, row);
            double factor = row.level().s() * row.level().s() / row.level().a() * SCALE;
            double largest = 0;
            for (int i = 0; i < N; i++) {
                double expected = factor * (up[i] - down[i]) / (2 * h);
                assertEquals(expected, along(direction, guided, plain, i), CLOSE * factor, "image " + i);
                assertEquals(expected, along(direction, both, free, i), CLOSE * factor, "image " + i + " beside classifier-free guidance");
                largest = Math.max(largest, Math.abs(expected));
            }
            assertTrue(largest > 20 * CLOSE * factor, "the gradient is not almost zero: " + largest / factor);
        }
    }

    private static float[] sample(Device device, SolverProgram program, Weights weights, Guide guide) {
        try (ImageSampler s = new ImageSampler(device, UNET.network(), program, N, guide).load(weights)) {
            s.begin(9, 0, LABELS);
            s.step();
            return s.read().clone();
        }
    }

    private static double along(float[] direction, float[] a, float[] b, int image) {
        int each = direction.length / N;
        double sum = 0;
        for (int e = image * each; e < (image + 1) * each; e++) {
            sum += direction[e] * ((double) a[e] - b[e]);
        }
        return sum;
    }

    /** log p(y | x + h·direction) of each image. */
    private static double[] logs(Device device, Weights classifier, float[] x, float[] direction, double h, SolverProgram.Row row) {
        float[] moved = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            moved[i] = (float) (row.level().inputScale() * (x[i] + h * direction[i]));
        }
        float[] times = new float[N];
        Arrays.fill(times, (float) row.level().time());
        float[] logits = new float[N * 4];
        try (Denoiser denoiser = new Denoiser(device, CLASSIFIER.network(), N, 4, 4).load(classifier)) {
            denoiser.run(moved, times, new Batch(N, List.of()), logits);
        }
        double[] logs = new double[N];
        for (int i = 0; i < N; i++) {
            double sum = 0;
            for (int c = 0; c < 4; c++) {
                sum += Math.exp(logits[i * 4 + c]);
            }
            logs[i] = logits[i * 4 + i % 4] - Math.log(sum);
        }
        return logs;
    }

    @Test
    void whatCannotBeIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new ClassifierGuide(Guide.NONE, Weights.initial(UNET, 1), 1));
        Weights classifier = Weights.initial(CLASSIFIER, 2);
        assertThrows(IllegalArgumentException.class, () -> new ClassifierGuide(Guide.NONE, classifier, Double.NaN));
        try (Device device = Backends.choose("cpu").open(new Settings(1, 0, Settings.Precision.F32))) {
            var zero = new DiscreteProcess(NoiseSchedule.of(BetaSchedule.LINEAR, 100).withZeroTerminalSnr(), Prediction.V_PREDICTION);
            SolverProgram program = Programs.of("ddim:spacing=trailing", zero, 5);
            String message = assertThrows(IllegalArgumentException.class,
                    () -> new ImageSampler(device, UNET.network(), program, 1, new ClassifierGuide(Guide.NONE, classifier, 1))).getMessage();
            assertTrue(message.contains("no signal"), message);
            assertThrows(IllegalArgumentException.class, () -> new ImageSampler(device, CLASSIFIER.network(), program, 1, Guide.NONE));
        }
    }
}
