package sirocco.tornado;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sirocco.api.Availability;
import sirocco.api.Backends;
import sirocco.api.Device;
import sirocco.api.Settings;
import sirocco.data.Samples;
import sirocco.diffusion.BetaSchedule;
import sirocco.diffusion.ClassifierFree;
import sirocco.diffusion.DiscreteProcess;
import sirocco.diffusion.NoiseSchedule;
import sirocco.diffusion.Prediction;
import sirocco.diffusion.Solver;
import sirocco.nn.Weights;
import sirocco.nn.unet.UNet;
import sirocco.nn.unet.UNetConfig;
import sirocco.sample.ImageSampler;

/** Whole chains beside the CPU backend's: network, noise and steps from the first to the last. */
class SamplingTest {
    private static final int IMAGES = 16;
    private static final UNetConfig CONFIG = UNetConfig.builder().size(8).blockOutChannels(16, 16).layersPerBlock(1).normNumGroups(4).numClassEmbeds(3).build();

    /**
     * With noise in each step, and as a multistep solver of third order, which remembers two predictions. Roundings of float32 in each of 10 steps, some 1e-6 of
     * numbers near 1; 1e-3 is an eighth of a step of 8-bit pixels.
     */
    @ParameterizedTest
    @ValueSource(strings = {"ddpm", "dpm++3m"})
    void imagesAreTheCpuBackends(String sampler) {
        Availability answer = new TornadoBackend().probe();
        assumeTrue(answer.available(), answer::toString);
        assertArrayEquals(images("cpu", sampler), images("tornado", sampler), 1e-3f);
    }

    private static float[] images(String backend, String sampler) {
        var table = Solver.parse(sampler).method(new DiscreteProcess(NoiseSchedule.of(BetaSchedule.LINEAR, 1000), Prediction.EPSILON), OptionalInt.of(10));
        try (Device device = Backends.choose(backend).open(Settings.DEFAULT);
                ImageSampler s = new ImageSampler(device, new UNet(CONFIG), table, IMAGES, ClassifierFree.of(2, Optional.empty())).load(Weights.initial(CONFIG, 1))) {
            s.begin(7, 0, Samples.ofLabels(i -> i % 2));
            while (s.step()) { }
            return s.read().clone();
        }
    }
}
