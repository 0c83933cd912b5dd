package sirocco.sample;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import sirocco.api.Backends;
import sirocco.api.Device;
import sirocco.api.Settings;
import sirocco.data.Batch;
import sirocco.data.Column;
import sirocco.nn.WeightArrays;
import sirocco.nn.Weights;
import sirocco.nn.unet.UNet;
import sirocco.nn.unet.UNetConfig;

class DenoiserTest {
    private static final UNetConfig CONFIG = UNetConfig.builder().size(8).blockOutChannels(8, 16).normNumGroups(4).layersPerBlock(1).numClassEmbeds(3).build();

    /** Weights with no layer left near zero, so that all inputs reach the output. */
    private static Weights weights(long seed) {
        Weights w = WeightArrays.copyOf(Weights.initial(CONFIG, seed));
        Random random = new Random(seed);
        for (String name : w.names()) {
            if (name.endsWith("conv2.weight") || name.equals("conv_out.weight")) {
                float[] weight = w.get(name);
                for (int i = 0; i < weight.length; i++) {
                    weight[i] = (float) random.nextGaussian() * 0.2f;
                }
            }
        }
        return w;
    }

    private static float[] noise(int n) {
        float[] x = new float[n];
        Random random = new Random(1);
        for (int i = 0; i < n; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return x;
    }

    /** Each image's answer depends on its own pixels, timestep and class, and on nothing of its neighbours. */
    @Test
    void imagesAreIndependentAndAllInputsCount() {
        int each = 8 * 8 * 3;
        float[] one = noise(each);
        float[] two = Arrays.copyOf(one, 2 * each);
        System.arraycopy(one, 0, two, each, each);
        try (Device device = Backends.choose("cpu").open(new Settings(1, 0, Settings.Precision.F32));
                Denoiser denoiser = new Denoiser(device, new UNet(CONFIG), 2, 8, 8).load(weights(0))) {
            float[] out = new float[2 * each];
            denoiser.run(two, new float[] {5, 5}, labels(1, 1), out);
            assertArrayEquals(half(out, 0), half(out, 1), "the same input twice");
            float[] before = half(out, 0);
            denoiser.run(two, new float[] {5, 900}, labels(1, 1), out);
            assertArrayEquals(before, half(out, 0));
            assertTrue(distance(before, half(out, 1)) > 1e-3, "another timestep");
            denoiser.run(two, new float[] {5, 5}, labels(1, 2), out);
            assertArrayEquals(before, half(out, 0));
            assertTrue(distance(before, half(out, 1)) > 1e-3, "another class");
            denoiser.load(weights(1)).run(two, new float[] {5, 5}, labels(1, 1), out);
            assertTrue(distance(before, half(out, 0)) > 1e-3, "weights can be exchanged in a loaded plan");
        }
    }

    @Test
    void otherSizesThanTheConfigurationsAreFineIfTheyCanBeHalved() {
        try (Device device = Backends.choose("cpu").open(new Settings(1, 0, Settings.Precision.F32))) {
            try (Denoiser denoiser = new Denoiser(device, new UNet(CONFIG), 1, 4, 10).load(weights(0))) {
                float[] out = new float[4 * 10 * 3];
                denoiser.run(noise(out.length), new float[] {1}, labels(0), out);
                assertTrue(distance(out, new float[out.length]) > 1e-3);
            }
            assertThrows(IllegalArgumentException.class, () -> new Denoiser(device, new UNet(CONFIG), 1, 5, 8));
        }
    }

    private static Batch labels(int... labels) {
        Batch batch = new Batch(labels.length, List.of(Column.label()));
        System.arraycopy(labels, 0, batch.ints(Column.LABEL), 0, labels.length);
        return batch;
    }

    private static float[] half(float[] both, int which) {
        int n = both.length / 2;
        return Arrays.copyOfRange(both, which * n, (which + 1) * n);
    }

    /** The largest difference. */
    private static float distance(float[] a, float[] b) {
        float most = 0;
        for (int i = 0; i < a.length; i++) {
            most = Math.max(most, Math.abs(a[i] - b[i]));
        }
        return most;
    }
}
