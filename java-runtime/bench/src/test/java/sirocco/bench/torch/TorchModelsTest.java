package sirocco.bench.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import sirocco.bench.Inputs;
import sirocco.bench.NetworkGraph;
import sirocco.bench.Work;
import sirocco.bench.torch.Torch.Format;
import sirocco.nn.Weights;
import sirocco.nn.unet.UNetConfig;
import sirocco.torch.TorchProgram;

class TorchModelsTest {
    private static final UNetConfig TINY = UNetConfig.builder().size(8).blockOutChannels(8, 16).layersPerBlock(1).attentionAt(1).normNumGroups(4).build();
    private static final float[] T = {3, 721};

    @BeforeAll
    static void needsLibTorch() {
        assumeTrue(Torch.unavailable().isEmpty(), () -> Torch.unavailable().orElseThrow());
        assumeTrue(TorchCheck.problem().isEmpty(), () -> TorchCheck.problem().orElseThrow());
    }

    @Test
    void bothFormatsAgree() {
        Weights weights = Inputs.weights(TINY, 1);
        float[] x = gaussian(2);
        float[][] a = results(TorchModels.forward(program(), Format.NCHW, weights, x, T));
        float[][] b = results(TorchModels.forward(program(), Format.CHANNELS_LAST, weights, x, T));
        assertEquals(x.length, a[0].length);
        for (int i = 0; i < x.length; i++) {
            assertEquals(a[0][i], b[0][i], 1e-5);
        }
    }

    @Test
    void gradientsAreThoseOfTheLoss() {
        Weights weights = Inputs.weights(TINY, 1);
        float[] x = gaussian(2);
        float[] epsilon = gaussian(3);
        float[][] at = results(TorchModels.gradients(program(), Format.NCHW, weights, x, epsilon, T));
        List<String> names = List.copyOf(weights.names());
        assertEquals(names.size() + 1, at.length);
        // Along the gradient g of one array, the loss changes by h‖g‖²: a first order that dwarfs float32's rounding of the loss.
        for (String name : List.of("conv_in.weight", "time_embedding.linear_1.bias", "down_blocks.1.attentions.0.to_q.weight",
                "up_blocks.1.resnets.1.conv_shortcut.weight", "conv_norm_out.weight")) {
            float[] g = at[1 + names.indexOf(name)];
            double norm = 0;
            for (float v : g) {
                norm += (double) v * v;
            }
            double h = 2e-3 / Math.sqrt(norm);
            double change = (loss(name, g, h, x, epsilon) - loss(name, g, -h, x, epsilon)) / (2 * h);
            assertEquals(1, change / norm, 0.02, name);
        }
    }

    @Test
    void trainingLowersTheLoss() {
        byte[] images = new byte[8 * 3 * 8 * 8];
        float[] alphaBar = new float[100];
        for (int t = 0; t < alphaBar.length; t++) {
            alphaBar[t] = 1 - (t + 1f) / 101;
        }
        Torch.seed(5);
        try (Work work = TorchModels.training(NetworkGraph.torch(TINY, 8), Format.CHANNELS_LAST, Inputs.weights(TINY, 1), images, alphaBar, 2e-3, 0.999)) {
            double first = 0;
            double last = 0;
            for (int step = 0; step < 40; step++) {
                float loss = work.results()[0][0];
                first += step < 5 ? loss / 5 : 0;
                last += step >= 35 ? loss / 5 : 0;
            }
            assertTrue(last < 0.7 * first, "loss went from " + first + " to " + last);
        }
    }

    private static double loss(String name, float[] direction, double h, float[] x, float[] epsilon) {
        Weights at = Inputs.weights(TINY, 1);
        float[] moved = at.get(name);
        for (int i = 0; i < moved.length; i++) {
            moved[i] += (float) (h * direction[i]);
        }
        float[] y = results(TorchModels.forward(program(), Format.NCHW, at, x, T))[0];
        double loss = 0;
        for (int i = 0; i < y.length; i++) {
            loss += Math.pow((double) y[i] - epsilon[i], 2) / y.length;
        }
        return loss;
    }

    private static TorchProgram program() {
        return NetworkGraph.torch(TINY, T.length);
    }

    private static float[][] results(Work work) {
        try (work) {
            return work.results();
        }
    }

    private static float[] gaussian(long seed) {
        Random random = new Random(seed);
        float[] values = new float[T.length * 3 * 8 * 8];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
