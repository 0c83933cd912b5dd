package sirocco.bench.torch;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.Set;
import sirocco.bench.UNetSpec;
import sirocco.bench.Work;
import sirocco.bench.torch.Torch.Format;

/**
 * Whether LibTorch computes on this processor what it should: a tiny U-Net in both memory formats, which differ in rounding only. LibTorch 2.10.0 with oneDNN 3.7.1
 * fails this on AMD Zen 5 (forward passes 1 % apart, gradients NaN), where its figures are no measure of anything.
 */
public final class TorchCheck {
    private static final UNetSpec TINY = new UNetSpec(8, 3, 8, List.of(1, 2), 1, Set.of(1), 4, 1e-6);
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
        Map<String, float[]> weights = TINY.weights(1);
        SplittableRandom random = new SplittableRandom(2);
        float[] x = new float[T.length * 3 * 8 * 8];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) random.nextGaussian();
        }
        float[] a = forward(Format.NCHW, weights, x);
        float[] b = forward(Format.CHANNELS_LAST, weights, x);
        double difference = 0;
        double size = 0;
        for (int i = 0; i < a.length; i++) {
            difference += Math.pow((double) a[i] - b[i], 2);
            size += (double) a[i] * a[i];
        }
        double error = Math.sqrt(difference / size);
        return error <= ALLOWED ? Optional.empty() : Optional.of("LibTorch " + Torch.version() + " computes wrong results on this processor: a small network's outputs in "
                + "NCHW and channels_last differ by " + error + " of their size (expected at most " + ALLOWED + ")");
    }

    private static float[] forward(Format format, Map<String, float[]> weights, float[] x) {
        try (Work work = TorchModels.forward(TINY, format, weights, x, T)) {
            return work.results()[0];
        }
    }
}
