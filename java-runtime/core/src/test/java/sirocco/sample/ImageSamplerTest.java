package sirocco.sample;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sirocco.api.Backends;
import sirocco.api.Device;
import sirocco.api.Settings;
import sirocco.data.Samples;
import sirocco.diffusion.BetaSchedule;
import sirocco.diffusion.ClassifierFree;
import sirocco.diffusion.DiscreteProcess;
import sirocco.diffusion.Guide;
import sirocco.diffusion.NoiseSchedule;
import sirocco.diffusion.Prediction;
import sirocco.diffusion.Programs;
import sirocco.diffusion.SolverProgram;
import sirocco.nn.WeightArrays;
import sirocco.nn.Weights;
import sirocco.nn.unet.UNet;
import sirocco.nn.unet.UNetConfig;

class ImageSamplerTest {
    private static final long SEED = 0x1234_5678_9abcL;
    private static final Samples LABELS = Samples.ofLabels(i -> i % 3);

    /** A batch of another size may be convolved by another algorithm, which rounds differently: by parts in 10⁷ a step. */
    private static final float CLOSE = 1e-5f;

    private static final UNetConfig CONFIG = UNetConfig.builder().size(8).blockOutChannels(16, 32).attentionAt(1).normNumGroups(8).numClassEmbeds(4).build();
    private static final Weights WEIGHTS = awake(CONFIG);

    /** Initial weights with the layers that start near zero shaken awake, so that the network's answer matters. */
    private static Weights awake(UNetConfig config) {
        Weights w = WeightArrays.copyOf(Weights.initial(config, 1));
        for (String name : w.names()) {
            float[] a = w.get(name);
            for (int i = 0; i < a.length; i++) {
                a[i] += 0.03f * (float) Math.sin(1 + i * 0.7 + name.length());
            }
        }
        return w;
    }

    private static SolverProgram table(String sampler, int steps) {
        return Programs.of(sampler, new DiscreteProcess(NoiseSchedule.of(BetaSchedule.LINEAR, 100), Prediction.EPSILON), steps);
    }

    private static Device device() {
        return Backends.choose("cpu").open(new Settings(2, 0, Settings.Precision.F32));
    }

    /** Images {@code start} … {@code start + num − 1}, drawn {@code batch} at a time. */
    private static float[] draw(Device device, String sampler, int start, int num, int batch, double guidance) {
        try (ImageSampler s = new ImageSampler(device, new UNet(CONFIG), table(sampler, 6), batch, ClassifierFree.of(guidance, Optional.empty())).load(WEIGHTS)) {
            int each = (int) s.shape().imageElements();
            float[] all = new float[num * each];
            for (int done = 0; done < num; done += batch) {
                s.begin(SEED, start + done, LABELS);
                int steps = 1;
                while (s.step()) {
                    steps++;
                }
                assertEquals(6, steps);
                assertFalse(s.step(), "a chain at its end stays there");
                System.arraycopy(s.read(), 0, all, done * each, Math.min(batch, num - done) * each);
            }
            return all;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ddpm", "ddpm-large", "ddim", "ddim:eta=0.7", "dpm++2m", "dpm++3m", "dpm++2m-sde", "euler", "euler-a",
        "euler:sigmas=karras,spacing=trailing"})
    void anImageDoesNotDependOnItsBatch(String sampler) {
        try (Device device = device()) {
            float[] together = draw(device, sampler, 0, 7, 7, 1.5);
            assertArrayEquals(together, draw(device, sampler, 0, 7, 3, 1.5), CLOSE, "batches of 3");
            int each = together.length / 7;
            assertArrayEquals(Arrays.copyOfRange(together, 4 * each, 6 * each), draw(device, sampler, 4, 2, 2, 1.5), CLOSE, "images 4 and 5 alone");
            for (float f : together) {
                assertTrue(Float.isFinite(f));
            }
        }
    }

    @Test
    void aChainMayBeWalkedByOneStepBySeveralOrToItsEnd() {
        try (Device device = device(); ImageSampler s = new ImageSampler(device, new UNet(CONFIG), table("ddpm", 6), 2, Guide.NONE).load(WEIGHTS)) {
            float[] expected = draw(device, "ddpm", 0, 2, 2, 1);
            s.begin(SEED, 0, LABELS);
            assertTrue(s.step(4));
            assertFalse(s.step(4), "only two were left");
            assertArrayEquals(expected, s.read());
            s.begin(SEED, 0, LABELS);
            int[] looks = {0};
            assertFalse(s.finish(() -> ++looks[0] > 1), "stopped at the second look");
            assertFalse(Arrays.equals(expected, s.read()));
            assertTrue(s.finish(() -> false), "and can go on");
            assertArrayEquals(expected, s.read());
        }
    }

    @Test
    void guidanceOfOneIsNoGuidanceAndMoreIsSomething() {
        try (Device device = device()) {
            float[] plain = draw(device, "ddim", 0, 2, 2, 1);
            float[] barely = draw(device, "ddim", 0, 2, 2, 1.0000001);
            float[] strong = draw(device, "ddim", 0, 2, 2, 3);
            assertArrayEquals(plain, barely, 1e-4f);
            assertFalse(Arrays.equals(plain, strong));
        }
    }

    @Test
    void whatCannotBeIsRefused() {
        UNetConfig unconditional = CONFIG.toBuilder().numClassEmbeds(0).build();
        try (Device device = device()) {
            SolverProgram t = table("ddim", 4);
            assertThrows(IllegalArgumentException.class, () -> new ImageSampler(device, new UNet(unconditional), t, 2, ClassifierFree.of(1.5, Optional.empty())));
            assertThrows(IllegalArgumentException.class, () -> new ImageSampler(device, new UNet(CONFIG), t, 0, Guide.NONE));
            assertThrows(IllegalArgumentException.class, () -> ClassifierFree.of(Double.NaN, Optional.empty()));
            try (ImageSampler s = new ImageSampler(device, new UNet(CONFIG), t, 1, Guide.NONE).load(WEIGHTS)) {
                var e = assertThrows(IllegalArgumentException.class, () -> s.begin(0, 9, Samples.ofLabels(i -> 4)));
                assertTrue(e.getMessage().contains("image 9"), e.getMessage());
            }
        }
    }
}
