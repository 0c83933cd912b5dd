package sirocco.bench.torch;

import java.util.Optional;
import java.util.SplittableRandom;
import org.bytedeco.pytorch.global.torch;
import sirocco.bench.Inputs;
import sirocco.bench.NetworkGraph;
import sirocco.bench.Work;
import sirocco.bench.torch.Torch.Format;
import sirocco.nn.Weights;
import sirocco.nn.unet.UNetConfig;
import sirocco.torch.TorchProgram;

/**
 * Whether LibTorch computes on this processor what it should: the loss and gradients of a tiny U-Net by oneDNN's kernels, in both memory formats, against those
 * by LibTorch's own kernels. They differ in rounding only. LibTorch 2.10.0 with oneDNN 3.7.1 fails this on AMD Zen 5, with its kernels for AVX-512 and for AVX2
 * (results 18 % and more off, gradients NaN), where rows that it gets wrong are measured without it. It passes there with {@code ONEDNN_MAX_CPU_ISA=SSE41}.
 */
public final class TorchCheck {
    /** Widths that are no multiples of a vector: where oneDNN pads. */
    private static final UNetConfig TINY = UNetConfig.builder().size(8).blockOutChannels(12, 20).layersPerBlock(1).attentionAt(1).normNumGroups(4).build();
    private static final float[] T = {3, 721};
    private static final double ALLOWED = 1e-4;

    private static Optional<String> problem;

    private TorchCheck() { }

    /** Returns what is wrong, or empty. Computed once; LibTorch must be available. */
    public static synchronized Optional<String> problem() {
        if (problem == null) {
            problem = compare();
        }
        return problem;
    }

    private static Optional<String> compare() {
        TorchProgram program = NetworkGraph.torch(TINY, T.length);
        Weights weights = Inputs.weights(TINY, 1);
        float[] x = normal(2);
        float[] epsilon = normal(3);
        boolean oneDnn = torch.globalContext().userEnabledMkldnn();
        torch.globalContext().setUserEnabledMkldnn(false);
        float[][] expected;
        try {
            expected = lossAndGradients(program, Format.NCHW, weights, x, epsilon);
        } finally {
            torch.globalContext().setUserEnabledMkldnn(oneDnn);
        }
        for (Format format : Format.values()) {
            double error = error(lossAndGradients(program, format, weights, x, epsilon), expected);
            if (!(error <= ALLOWED)) {
                return Optional.of("LibTorch " + Torch.version() + " computes wrong results on this processor: the gradients of a small network in " + format
                        + " by oneDNN's kernels differ from those by LibTorch's own by " + error + " of their size (expected at most " + ALLOWED + "). "
                        + "Rows whose results disagree are measured without it. Measure on another processor too.");
            }
        }
        return Optional.empty();
    }

    private static float[] normal(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[T.length * TINY.inChannels() * TINY.height() * TINY.width()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static double error(float[][] actual, float[][] expected) {
        double difference = 0;
        double size = 0;
        for (int r = 0; r < expected.length; r++) {
            for (int i = 0; i < expected[r].length; i++) {
                difference += Math.pow((double) actual[r][i] - expected[r][i], 2);
                size += (double) expected[r][i] * expected[r][i];
            }
        }
        return Math.sqrt(difference / size);
    }

    private static float[][] lossAndGradients(TorchProgram program, Format format, Weights weights, float[] x, float[] epsilon) {
        try (Work work = TorchModels.gradients(program, format, weights, x, epsilon, T)) {
            return work.results();
        }
    }
}
